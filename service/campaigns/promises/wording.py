"""A contract in sentences: what respondents are promised, in French and English, in the order in which they ask. Pure.

The sentences follow from the contract alone, and a field or an option that has none is refused: a contract never
promises, or keeps open, what whoever reads the sentences is not told. Identifiers and digests have one together.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import reduce
from typing import Any, NamedTuple

from service.campaigns.promises.fields import Fields, Unsaid
from service.campaigns.promises.smallest import Smallest
from service.campaigns.promises.words import Words
from service.campaigns.promises.words_en import ENGLISH
from service.campaigns.promises.words_fr import FRENCH

NOW, BEFORE = "pouls-contract/2", "pouls-contract/1"
_IN = {words.code: words for words in (ENGLISH, FRENCH)}
_TREE = "org"
_WAYS = ("links", "kiosk", "intranet", "sign_in")
_ASK_WHO = {"kiosk", "intranet", "sign_in"}
# What contracts of the first format say in English, each with the sentence that says as much.
_SAID_BEFORE = {
    "who has answered is known to whoever reads the database, what they answered is not": "who_answered_known",
    "whoever holds every key before the wave's key is destroyed can read answers, without names": "keys_without_names",
    "a result that a whole group shares tells it of each of its members": "shared_by_group",
}
_READ_BEFORE = {"holders of a key of this organisation with the right to read aggregates": "aggregate_readers"}
_RECUT_BEFORE = (
    "results of other groups of the same people may be added after the release, as long as no combination of "
    "everything that was shown describes a group that is too small"
)


class Sentence(NamedTuple):
    """`topic` is a stable word, by which a page may put sentences under headings; `text` is what people read."""

    topic: str
    text: str


def words_of(language: str) -> Words:
    """French for whoever reads French, else English."""
    return _IN.get(language.split("-", maxsplit=1)[0].lower(), ENGLISH)


def sentences(contract: Mapping[str, Any], language: str) -> list[Sentence]:
    """What a contract says, in the order of who asks, who sees what, how one takes part, what is kept and what remains.

    Args:
        contract: a wave's, or a campaign's, of either format, as it was signed.
        language: a language tag; every language but French reads English.

    Raises:
        Unsaid: the contract holds what there is no sentence for, or lacks what one needs.
    """
    words = words_of(language)
    said = Fields(contract)
    if said.text("format") not in (NOW, BEFORE):
        said.refuse("format")
    said.pass_over("tenant", "seed")
    smallest = Smallest.of(said.inner("policy"))
    parts = (
        _who_asks(said, words),
        _when(said, words),
        _who_sees(said, words, smallest),
        _groups(said, words),
        _taking_part(said, words, smallest),
        _questions(said, words),
        _how_often(said, words),
        _shown(said, words, smallest),
        _kept(said, words),
        _limits(said, words, smallest),
        _held_together(said, words),
    )
    found = [sentence for part in parts for sentence in part]
    said.finish()
    return found


def _who_asks(said: Fields, words: Words) -> Iterator[Sentence]:
    campaign = said.inner("campaign")
    campaign.pass_over("id")
    name = words.quoted(campaign.text("name"))
    if "wave" in said:
        yield Sentence("campaign", words.say("wave", name=name, number=said.inner("wave").whole("number", 1)))
    else:
        yield Sentence("campaign", words.say("campaign", name=name))
    if "audience" in said:
        yield from _audience(said, words)
    elif said.text("format") == NOW:
        said.refuse("audience")
    if "roster" in said:
        yield Sentence("audience", words.say("roster", invited=said.inner("roster").whole("invited", 1)))


def _audience(said: Fields, words: Words) -> Iterator[Sentence]:
    audience = said.inner("audience")
    counted = len(audience.texts("unit_ids"))
    if "units" in audience:
        units, source = audience.texts("units"), words.quoted(audience.text("source"))
        named = words.listed([words.quoted(unit) for unit in units])
        yield Sentence("audience", words.say("units", units=named, n=len(units), source=source))
    else:  # drafts of before contracts named them
        yield Sentence("audience", words.say("units_counted", n=counted))
    labels = _labels(said, words)
    if "dimensions" in audience:
        held = audience.inner("dimensions")
        for name in audience.names("dimensions"):
            known = labels.get(name, {})
            values = words.listed([known.get(value, words.quoted(value)) for value in held.texts(name)], "or")
            yield Sentence("audience", words.say("held", dimension=words.quoted(name), values=values))
    if "hired" in audience:
        hired = audience.inner("hired")
        names = {"least": "days_at_least", "most": "days_at_most"}
        given = {name: hired.whole(days) for name, days in names.items() if days in hired}
        which = "between" if len(given) > 1 else "".join(f"at_{name}" for name in given)
        if which:  # a rule without any number asks everybody
            yield Sentence("audience", words.say(f"hired_{which}", **given))


def _when(said: Fields, words: Words) -> Iterator[Sentence]:
    if "wave" not in said:
        return
    wave = said.inner("wave")
    given = {name: _moment(wave, f"{name}_at", words) for name in ("opens", "closes") if f"{name}_at" in wave}
    which = "both" if len(given) > 1 else next(iter(given), "none")
    yield Sentence("times", words.say(f"times_{which}", **given))
    if "openings" in said:
        places = []
        for opening in said.rows("openings"):
            opening.pass_over("unit_id")
            moment = _moment(opening, "opens_at", words)
            places.append(words.say("opening", zone=opening.text("zone"), moment=moment))
        listed = reduce(lambda before, last: words.say("then", before=before, last=last), dict.fromkeys(places))
        yield Sentence("times", words.say("openings", openings=listed))
    yield Sentence("times", words.say("times_move" if "closes" in given else "times_closed"))


def _moment(fields: Fields, name: str, words: Words) -> str:
    try:
        found = datetime.fromisoformat(fields.text(name))
    except ValueError:
        fields.refuse(name)
    if found.utcoffset() is None:
        fields.refuse(name)
    return words.moment(found)


def _who_sees(said: Fields, words: Words, smallest: Smallest) -> Iterator[Sentence]:
    readers = said.text("recipients")
    if said.text("format") == BEFORE:
        readers = _READ_BEFORE.get(readers, "")
    if readers == "named_recipients":
        yield Sentence("recipients", words.say(readers, names=words.listed(_recipients(said, words))))
    elif readers == "aggregate_readers":
        yield Sentence("recipients", words.say(readers))
    else:
        said.refuse("recipients")
    yield Sentence("smallest", words.say("mean", k=smallest.mean))
    yield Sentence("smallest", words.say("distribution", k=smallest.distribution))
    mean, distribution = smallest.sensitive_mean, smallest.sensitive_distribution
    if mean == distribution:
        yield Sentence("smallest", words.say("sensitive", k=mean))
    else:
        yield Sentence("smallest", words.say("sensitive_both", mean=mean, distribution=distribution))
    yield Sentence("smallest", words.say("promise"))
    if smallest.pooling:
        yield Sentence("smallest", words.say("collusion", t=smallest.pooling))
    else:
        yield Sentence("smallest", words.say("pooled"))


def _recipients(said: Fields, words: Words) -> list[str]:
    found = []
    for one in said.rows("named_recipients"):
        one.pass_over("id")
        texts = {language: one.inner("name").text(language) for language in one.names("name")}
        if not texts:
            one.refuse("name")
        found.append(words.quoted(_in_language(texts, words)))
    return found


def _groups(said: Fields, words: Words) -> Iterator[Sentence]:
    by = []
    for at, (tree, *names) in enumerate(said.lists("plan")):
        quoted = [words.quoted(name) for name in names]
        if tree != _TREE or len(names) > 2:  # noqa: PLR2004 - as many as a plan may cross
            said.refuse("plan", at)
        if len(quoted) > 1:
            by.append(words.say("by_two", first=quoted[0], second=quoted[1]))
        elif quoted:
            by.append(words.say("by", name=quoted[0]))
    yield Sentence("groups", words.say("org"))
    if by:
        yield Sentence("groups", words.say("breakdowns", breakdowns=words.listed(by)))
    for name, labels in _labels(said, words).items():
        values = words.listed(list(labels.values()))
        yield Sentence("groups", words.say("values", dimension=words.quoted(name), values=values, n=len(labels)))


def _labels(said: Fields, words: Words) -> dict[str, dict[str, str]]:
    """By dimension and value, what the value is called, in this language if it is."""
    found: dict[str, dict[str, str]] = {}
    for dimension in said.rows("dimensions") if "dimensions" in said else ():
        named = found[dimension.text("name")] = {}
        for value in dimension.rows("values"):
            labels = {language: value.inner("label").text(language) for language in value.names("label")}
            named[value.text("id")] = words.quoted(_in_language(labels, words) if labels else value.text("id"))
    return found


def _in_language(texts: Mapping[str, str], words: Words) -> str:
    """The text in this language if it has one, else in English, else in the first by the alphabet."""
    tongues = [language for language in sorted(texts) if language.split("-")[0].lower() == words.code]
    return texts[[*tongues, *(["en"] if "en" in texts else []), *sorted(texts)][0]]


def _taking_part(said: Fields, words: Words, smallest: Smallest) -> Iterator[Sentence]:
    if "participation" not in said:
        if said.text("format") == NOW:
            said.refuse("participation")
        return
    part = said.inner("participation")
    ways = part.texts("ways")
    if not ways or not set(ways) <= set(_WAYS):
        part.refuse("ways")
    recorded, reminders = part.flag("spending_record"), part.flag("reminders")
    if "spending_record" not in part:
        part.refuse("spending_record")
    if not recorded and (reminders or _ASK_WHO & set(ways)):  # nobody could keep all of that
        part.refuse("spending_record")
    yield Sentence("participation", words.say("ways", ways=words.listed([words.say(way) for way in ways], "or")))
    yield Sentence("participation", words.say("once"))
    if not recorded:
        yield Sentence("who_answered", words.say("unrecorded"))
        yield Sentence("who_answered", words.say("unrecorded_links"))
        yield Sentence("who_answered", words.say("tried"))
        return
    yield Sentence("who_answered", words.say("recorded"))
    yield Sentence("who_answered", words.say("rates", k=smallest.mean))
    if reminders:
        yield Sentence("who_answered", words.say("reminders", k=smallest.mean))
    else:
        yield Sentence("who_answered", words.say("no_reminders"))
    yield Sentence("who_answered", words.say("tried"))


def _questions(said: Fields, words: Words) -> Iterator[Sentence]:
    questionnaire = said.inner("questionnaire")
    key, version = words.quoted(questionnaire.text("key")), questionnaire.whole("version", 1)
    yield Sentence("questions", words.say("questionnaire", key=key, version=version))
    if "rotation" not in said:
        yield Sentence("questions", words.say("whole"))
    else:
        yield from _rotation(said.inner("rotation"), words)
    if "items" in said:
        items = [words.quoted(item) for item in said.texts("items")]
        yield Sentence("questions", words.say("items", items=words.listed(items), n=len(items)))


def _rotation(rotation: Fields, words: Words) -> Iterator[Sentence]:
    yield Sentence("questions", words.say("drawn", length=rotation.whole("length", 1)))
    anchors = [words.quoted(item) for item in rotation.texts("anchors", 0)]
    if anchors:
        yield Sentence("questions", words.say("anchors", items=words.listed(anchors), n=len(anchors)))
    if "cadence" not in rotation:
        yield Sentence("questions", words.say("turns_others" if anchors else "turns"))
        return
    cadence = rotation.inner("cadence")
    drivers = [
        words.say("driver", name=words.quoted(name), every=cadence.whole(name, 1)) for name in rotation.names("cadence")
    ]
    if not drivers:
        rotation.refuse("cadence")
    yield Sentence("questions", words.say("cadence", drivers=words.listed(drivers)))
    yield Sentence("questions", words.say("cadence_turns"))


def _how_often(said: Fields, words: Words) -> Iterator[Sentence]:
    if "sampling" in said:
        yield Sentence("how_often", words.say("sampling", every=said.inner("sampling").whole("every", 2)))
        yield Sentence("how_often", words.say("sampling_how"))
    if "burden" in said:
        burden = said.inner("burden")
        most, days = burden.whole("most", 1), burden.whole("days", 1)
        yield Sentence("how_often", words.say("burden", most=most, days=days))


def _shown(said: Fields, words: Words, smallest: Smallest) -> Iterator[Sentence]:
    if "interim" in said:
        hours = said.inner("interim").wholes("hours_after_opening")
        listed = words.listed([words.number(hour) for hour in hours])
        yield Sentence("interim", words.say("interim", n=len(hours), hours=listed, last=hours[-1]))
    else:
        yield Sentence("interim", words.say("no_interim"))
    yield Sentence("recuts", words.say("recuts" if _recuts(said) else "no_recuts"))
    if said.flag("comments"):
        yield Sentence("comments", words.say("comments", k=smallest.authors))
        yield Sentence("comments", words.say("cleaned"))
    else:
        yield Sentence("comments", words.say("no_comments", k=smallest.authors))
    if said.flag("coarse_classes"):
        yield Sentence("coarse_classes", words.say("coarse", k=smallest.mean))


def _recuts(said: Fields) -> bool:
    if said.text("format") == NOW or "recuts" not in said:
        return said.flag("recuts")
    if said.text("recuts") != _RECUT_BEFORE:
        said.refuse("recuts")
    return True


def _kept(said: Fields, words: Words) -> Iterator[Sentence]:
    days = said.whole("retention_days")
    yield Sentence("retention", words.say("kept_days", days=days) if days else words.say("kept_not"))
    yield Sentence("retention", words.say("destroyed"))
    yield Sentence("retention", words.say("proved"))


def _limits(said: Fields, words: Words, smallest: Smallest) -> Iterator[Sentence]:
    keys = ("all_keys_coarse",) if said.flag("coarse_classes") else ("all_keys",)
    told: dict[str, tuple[str, ...]] = {
        "batch_of_a_code": ("batch_of_a_code",),
        "all_keys_before_destruction": keys,
        "order_or_links": ("order_or_links",),
        "shared_answers": ("shared_answers",),
        "joint_audiences": ("joint_audiences", "waves_compared"),
        "altered_database": ("altered_database",),
    }
    if said.text("format") == BEFORE:
        told = {before: (name,) for before, name in _SAID_BEFORE.items()}
    for at, limit in enumerate(said.texts("known_limits", 0)):
        if limit not in told:
            said.refuse("known_limits", at)
        for name in told[limit]:
            topic = "waves" if name == "waves_compared" else "limits"
            yield Sentence(topic, words.say(name, k=smallest.mean))


def _held_together(said: Fields, words: Words) -> Iterator[Sentence]:
    questionnaire = said.inner("questionnaire")
    questionnaire.pass_over("digest")
    held = ["of_questionnaire"]
    if "roster" in said:
        roster = said.inner("roster")
        roster.pass_over("digest", "groups_digest")
        held += ["of_roster", *(["of_groups"] if "groups_digest" in roster else [])]
    if "campaign_contract" in said:
        said.pass_over("campaign_contract")
        held.append("of_rules")
    things = words.listed([words.say(name) for name in held])
    yield Sentence("fingerprints", words.say("fingerprints", things=things, n=len(held)))
    if "wave" in said:
        said.inner("wave").pass_over("id", "public_key")
        yield Sentence("fingerprints", words.say("sealed"))


__all__ = ["Sentence", "Unsaid", "sentences"]
