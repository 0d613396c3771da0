"""The states of campaigns and waves, as tables: what is not listed can not happen. Pure."""

from enum import StrEnum


class CampaignState(StrEnum):
    draft = "draft"
    launched = "launched"
    closed = "closed"
    cancelled = "cancelled"


class WaveState(StrEnum):
    scheduled = "scheduled"
    open = "open"
    closed = "closed"
    released = "released"
    refused = "refused"
    cancelled = "cancelled"


# Links are prepared ahead, so a scheduled wave has them; one that takes no more answers has none left to give.
INVITING = frozenset({WaveState.scheduled, WaveState.open})

NEXT_CAMPAIGN = {
    (CampaignState.draft, "launch"): CampaignState.launched,
    (CampaignState.draft, "cancel"): CampaignState.cancelled,
    (CampaignState.launched, "cancel"): CampaignState.cancelled,
    (CampaignState.launched, "close"): CampaignState.closed,
}

NEXT_WAVE = {
    (WaveState.scheduled, "open"): WaveState.open,
    (WaveState.scheduled, "cancel"): WaveState.cancelled,
    (WaveState.open, "close"): WaveState.closed,
    (WaveState.open, "cancel"): WaveState.cancelled,
    (WaveState.closed, "release"): WaveState.released,
    (WaveState.closed, "refuse"): WaveState.refused,
}
