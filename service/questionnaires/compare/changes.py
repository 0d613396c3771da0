"""What differs between two versions of a questionnaire, and what can still be trended over both. Pure.

An answer is trended where the same people were asked the same question with the same answers to choose from: the same
type, the same words in every language that both versions have, the same answers, and the same condition about items
that can be trended themselves. A score is, where it is the same arithmetic over parts that are. A language that only
one version has is no obstacle: what was asked in the others is compared.

The comparison has no direction but for the two words "added" and "removed": the other way round they change places, and
everything else stays as it is.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from service.questionnaires.branching import conditions, gates
from service.questionnaires.compare.differences import Reason, Weight, differing, many, texts
from service.questionnaires.document import Document, Index, Item, Scale, Section
from service.questionnaires.elements import Texts

E = TypeVar("E", Scale, Index)


Kind = Literal["same", "moved", "cosmetic", "changed", "added", "removed"]
_KINDS: Mapping[Weight | None, Kind] = {None: "same", Weight.moved: "moved", Weight.cosmetic: "cosmetic"}


class Change(NamedTuple):
    """What became of an item, a scale or an index."""

    id: str
    change: Kind
    trended: bool
    reasons: tuple[Reason, ...] = ()


class Changes(NamedTuple):
    """Elements in the new version's order, then those that it lost; `document`: what belongs to none of them."""

    languages: tuple[str, ...]
    added_languages: tuple[str, ...]
    removed_languages: tuple[str, ...]
    document: tuple[Reason, ...]
    items: tuple[Change, ...]
    scales: tuple[Change, ...]
    indices: tuple[Change, ...]


_FIELDS = {
    "required": "required",
    "sensitive": "sensitive",
    "points": "points",
    "reverse": "reverse",
    "minimum": "bounds",
    "maximum": "bounds",
    "max_length": "max_length",
}
"""Of items, and what a difference in each is called."""


def changes(old: Document, new: Document) -> Changes:
    """Everything that differs between two versions of a questionnaire."""
    shared = tuple(tag for tag in new.languages if tag in old.languages)
    items = _items(old, new, shared)
    scales = _scales(old, new, shared, items)
    indices = _indices(old, new, shared, scales)
    return Changes(
        languages=shared,
        added_languages=tuple(tag for tag in new.languages if tag not in shared),
        removed_languages=tuple(tag for tag in old.languages if tag not in shared),
        document=tuple(_whole(old, new, shared)),
        items=items,
        scales=scales,
        indices=indices,
    )


def _items(old: Document, new: Document, shared: Sequence[str]) -> tuple[Change, ...]:
    before, after = {item.id: item for item in old.items}, {item.id: item for item in new.items}
    was_in, is_in = _sections(old), _sections(new)
    asked_if = conditions(old.items, old.sections), conditions(new.items, new.sections)
    elsewhere = _moved(list(before), list(after))
    found: list[Change] = []
    trended: set[str] = set()
    for name, item in after.items():
        if name not in before:
            found.append(Change(name, "added", trended=False))
            continue
        was, now = was_in.get(name), is_in.get(name)
        reasons = [] if shared else [Reason("languages")]
        reasons += _item(before[name], item, shared)
        reasons += _section(was, now, shared)
        if asked_if[0].get(name) != asked_if[1].get(name):
            reasons.append(Reason("condition"))
        # Conditions are about earlier items, which are in `trended` by now if they can be.
        asks = {gate for one in (*asked_if[0].get(name, ()), *asked_if[1].get(name, ())) for gate in gates(one)}
        if lost := asks - trended:
            reasons.append(Reason("gate", ids=tuple(sorted(lost))))
        if name in elsewhere or (was and was.id) != (now and now.id):
            reasons.append(Reason("moved"))
        found.append(_judged(name, reasons))
        trended |= {name} if found[-1].trended else set()
    return (*found, *_removed(before, after))


def _item(was: Item, now: Item, shared: Sequence[str]) -> Iterator[Reason]:
    yield from texts("text", was.text, now.text, shared)
    if was.type != now.type:
        yield Reason("type")
        return
    other = (what for field, what in _FIELDS.items() if getattr(was, field, None) != getattr(now, field, None))
    yield from (Reason(what) for what in dict.fromkeys(other))
    yield from many("labels", _labels(was), _labels(now), shared)
    yield from many("options", _options(was), _options(now), shared)
    if _most(was) != _most(now):
        yield Reason("choices")


def _labels(item: Item) -> dict[str, Texts]:
    return dict(sorted((getattr(item, "labels", None) or {}).items()))  # in a document they have no order


def _options(item: Item) -> dict[str, Texts]:
    return {option.id: option.text for option in getattr(item, "options", ())}


def _most(item: Item) -> int | None:
    """How many options may be chosen or ranked; None for any number of them, however many there are."""
    given: int | None = getattr(item, "max_choices", None) or getattr(item, "max_ranks", None)
    return None if given == len(_options(item)) else given


def _sections(document: Document) -> dict[str, Section]:
    return {name: section for section in document.sections or () for name in section.items}


def _section(was: Section | None, now: Section | None, shared: Sequence[str]) -> Iterator[Reason]:
    """What its section makes of an item: in a grid, the section's text is a part of the question."""
    yield from texts("stem", _stem(was), _stem(now), shared)
    if was is None or now is None:
        return
    other = differing(was.title, now.title, shared)
    if not (_stem(was) and _stem(now)):
        other += differing(was.text, now.text, shared)
    if other or (was.order, was.layout) != (now.order, now.layout):
        yield Reason("section", tuple(tag for tag in shared if tag in other))


def _stem(section: Section | None) -> Texts | None:
    return section.text if section is not None and section.layout == "matrix" else None


def _scales(old: Document, new: Document, shared: Sequence[str], items: Sequence[Change]) -> tuple[Change, ...]:
    trended = {item.id for item in items if item.trended}

    def compare(was: Scale, now: Scale) -> Iterator[Reason]:
        yield from _parts(was.items, now.items, trended)
        if set(was.items) == set(now.items):
            if _weights(was) != _weights(now):
                yield Reason("weights")
            if (was.answered or len(was.items)) != (now.answered or len(now.items)):
                yield Reason("answered")
        if (was.score or "mean") != (now.score or "mean"):
            yield Reason("score")
        if (was.favourable or "high") != (now.favourable or "high"):
            yield Reason("favourable")
        yield from _shown(was, now, shared)

    return _compared(old.scales, new.scales, compare)


def _indices(old: Document, new: Document, shared: Sequence[str], scales: Sequence[Change]) -> tuple[Change, ...]:
    trended = {scale.id for scale in scales if scale.trended}

    def compare(was: Index, now: Index) -> Iterator[Reason]:
        yield from _parts(was.scales, now.scales, trended)
        # A ratio is of the first over the second; a mean knows no order.
        if was.combine == now.combine == "ratio":
            turned = was.scales == now.scales[::-1]
        else:
            turned = (was.combine or "mean") != (now.combine or "mean")
        if turned:
            yield Reason("combine")
        yield from _shown(was, now, shared)

    return _compared(old.indices, new.indices, compare)


def _compared(old: Sequence[E], new: Sequence[E], compare: Callable[[E, E], Iterator[Reason]]) -> tuple[Change, ...]:
    before: dict[str, E] = {one.id: one for one in old}
    after: dict[str, E] = {one.id: one for one in new}
    found: list[Change] = [
        _judged(name, list(compare(before[name], one))) if name in before else Change(name, "added", trended=False)
        for name, one in after.items()
    ]
    return (*found, *_removed(before, after))


def _parts(was: Sequence[str], now: Sequence[str], trended: set[str]) -> Iterator[Reason]:
    if other := set(was) ^ set(now):
        yield Reason("parts", ids=tuple(sorted(other)))
    if lost := set(was) & set(now) - trended:
        yield Reason("part", ids=tuple(sorted(lost)))


def _weights(scale: Scale) -> dict[str, int]:
    return dict(zip(scale.items, scale.weights or (1,) * len(scale.items), strict=True))


def _shown(was: Scale | Index, now: Scale | Index, shared: Sequence[str]) -> Iterator[Reason]:
    """How scores are averaged and what is said of them."""
    if (was.rule or "person") != (now.rule or "person"):
        yield Reason("rule")
    yield from texts("title", was.title, now.title, shared)
    yield from many("bands", _bands(was), _bands(now), shared)


def _bands(of: Scale | Index) -> dict[Any, Texts]:
    """Texts of bands, by all that a band is beside them."""
    found = {}
    for band in of.bands or ():
        when = sorted((name, limits.at_least, limits.below) for name, limits in (band.when or {}).items())
        found[band.id, band.at_least, tuple(when), "title"] = band.title
        if band.text is not None:
            found[band.id, band.at_least, tuple(when), "text"] = band.text
    return found


def _contacts(document: Document) -> dict[Any, Texts]:
    return {
        (at, contact.phone, contact.url, part): texts
        for at, contact in enumerate(document.support)
        for part, texts in (("name", contact.name), ("detail", contact.detail))
    }


def _whole(old: Document, new: Document, shared: Sequence[str]) -> Iterator[Reason]:
    yield from texts("title", old.title, new.title, shared)
    yield from texts("introduction", old.introduction, new.introduction, shared)
    yield from many("support", _contacts(old), _contacts(new), shared)
    if old.outcome != new.outcome:
        yield Reason("outcome")


def _judged(name: str, reasons: list[Reason]) -> Change:
    heaviest = max((reason.weight for reason in reasons), default=None)
    change = _KINDS.get(heaviest, "changed")
    return Change(name, change, heaviest is not Weight.breaking, tuple(reasons))


def _removed(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    return (Change(name, "removed", trended=False) for name in before if name not in after)


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Those of both lists that change places: all that are not in every longest common order of the two.

    Of two neighbours that swap, neither is the one that moved: both are.
    """
    at = {name: place for place, name in enumerate(after)}
    both = [name for name in before if name in at]
    places = [at[name] for name in both]
    ending = _longest(places)
    starting = _longest([-place for place in reversed(places)])[::-1]
    most = max(ending, default=0)
    in_some = [end for end, start in zip(ending, starting, strict=True) if end + start - 1 == most]
    alone = {end for end, times in Counter(in_some).items() if times == 1}
    kept = {
        name
        for name, end, start in zip(both, ending, starting, strict=True)
        if end + start - 1 == most and end in alone
    }
    return set(both) - kept


def _longest(places: Sequence[int]) -> list[int]:
    """For each place, how long the longest rising choice of places is that ends there."""
    lowest_end: list[int] = []
    found = []
    for place in places:
        at = bisect_left(lowest_end, place)
        lowest_end[at : at + 1] = [place]
        found.append(at + 1)
    return found
