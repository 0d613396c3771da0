"""What a contract means for one person's team, in sentences: how many it has, and what will be shown of it. Pure."""

from collections.abc import Iterator

from service.campaigns.promises.smallest import Smallest
from service.campaigns.promises.wording import Sentence, words_of
from service.campaigns.taking_part.teams import Team


def sentences(team: Team, smallest: Smallest, language: str) -> Iterator[Sentence]:
    """In French, or else in English.

    Args:
        team: the person's.
        smallest: of the contract.
        language: a language tag.
    """
    words, own = words_of(language), team.own
    given: dict[str, str | int] = {
        "unit": words.quoted(own.name), "n": own.invited, "k": smallest.mean, "more": smallest.distribution
    }  # fmt: skip
    if own.invited >= smallest.distribution:
        yield Sentence("team", words.say("team_shares", **given))
    elif own.invited >= smallest.mean:
        yield Sentence("team", words.say("team_means", **given))
    elif team.larger is not None:
        above: dict[str, str | int] = {"above": words.quoted(team.larger.name), "m": team.larger.invited}
        yield Sentence("team", words.say("team_small", **given | above))
    else:
        yield Sentence("team", words.say("team_alone", **given))
    yield Sentence("team", words.say("team_compared", k=smallest.mean))
