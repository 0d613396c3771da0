"""The states of campaigns and waves, as one table: what is not listed can not happen. Pure.

Each step names the event that tells of it: the word in the audit log. `openapi/guides/campaigns.md` shows the table.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar


class CampaignState(StrEnum):
    draft = "draft"
    proposed = "proposed"
    launched = "launched"
    closed = "closed"
    cancelled = "cancelled"


class WaveState(StrEnum):
    planned = "planned"
    scheduled = "scheduled"
    open = "open"
    closed = "closed"
    released = "released"
    refused = "refused"
    cancelled = "cancelled"


S = TypeVar("S", CampaignState, WaveState)


class Step(NamedTuple, Generic[S]):
    """What may be done in a state, what follows, the event that tells of it, and what it means."""

    before: S
    act: str
    after: S
    event: str
    meaning: str


_C, _W = CampaignState, WaveState

CAMPAIGN_STEPS = (
    Step(_C.draft, "launch", _C.launched, "campaign.launched", "policy, plan and rules are promised, for good"),
    Step(_C.draft, "propose", _C.proposed, "campaign.proposed", "a launch that waits for a second person"),
    Step(_C.proposed, "approve", _C.launched, "campaign.launched", "somebody else launches what was proposed"),
    Step(_C.draft, "cancel", _C.cancelled, "campaign.cancelled", "given up"),
    Step(_C.proposed, "cancel", _C.cancelled, "campaign.cancelled", "given up"),
    Step(
        _C.launched, "cancel", _C.cancelled, "campaign.cancelled", "given up; an open wave's answers are opened no more"
    ),
    Step(_C.launched, "extend", _C.launched, "campaign.extended", "the open wave closes later"),
    Step(_C.launched, "reschedule", _C.launched, "campaign.rescheduled", "future waves open at other times"),
    Step(_C.launched, "close", _C.closed, "campaign.closed", "the last wave is over; none is opened any more"),
)

WAVE_STEPS = (
    Step(_W.planned, "open", _W.open, "wave.opened", "its people are invited: roster and contract are frozen"),
    Step(_W.planned, "skip", _W.planned, "wave.skipped", "this time it can not open; it is planned for the next"),
    Step(_W.planned, "cancel", _W.cancelled, "wave.cancelled", "the campaign ends before it"),
    Step(_W.scheduled, "open", _W.open, "wave.opened", "frozen at launch already; answers are taken from now on"),
    Step(_W.scheduled, "extend", _W.scheduled, "campaign.extended", "it closes later"),
    Step(_W.scheduled, "cancel", _W.cancelled, "wave.cancelled", "given up"),
    Step(_W.open, "extend", _W.open, "campaign.extended", "it closes later"),
    Step(_W.open, "close", _W.closed, "wave.closed", "no answer is taken any more"),
    Step(_W.open, "cancel", _W.cancelled, "wave.cancelled", "given up; its answers are opened no more"),
    Step(_W.closed, "release", _W.released, "release.published", "the results stand"),
    Step(_W.closed, "refuse", _W.refused, "release.withheld", "there is no result, and the reason is told"),
)

NEXT_CAMPAIGN = {(step.before, step.act): step.after for step in CAMPAIGN_STEPS}
NEXT_WAVE = {(step.before, step.act): step.after for step in WAVE_STEPS}

# Links are prepared ahead, so a scheduled wave has them; one that takes no more answers has none left to give.
INVITING = frozenset({WaveState.scheduled, WaveState.open})
# Nothing is made of a wave's answers any more that was not made yet, but for other groups of what was released.
ENDED = frozenset({WaveState.released, WaveState.refused, WaveState.cancelled})


def as_markdown() -> str:
    """Both tables, for people who read rather than ask."""
    return "\n\n".join("\n".join(_rows(name, steps)) for name, steps in _TABLES)


_TABLES: tuple[tuple[str, "tuple[Step[CampaignState], ...] | tuple[Step[WaveState], ...]"], ...] = (
    ("Campaign", CAMPAIGN_STEPS),
    ("Wave", WAVE_STEPS),
)


def _rows(name: str, steps: "tuple[Step[CampaignState], ...] | tuple[Step[WaveState], ...]") -> Iterator[str]:
    yield f"| {name} is | and this is done | then it is | event | which means |"
    yield "|---|---|---|---|---|"
    for step in steps:
        yield f"| {step.before} | {step.act} | {step.after} | `{step.event}` | {step.meaning} |"
