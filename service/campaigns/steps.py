"""Taking a step that the state table allows, or saying that there is none."""

from service.campaigns.lifecycle import NEXT_CAMPAIGN, NEXT_WAVE, CampaignState, WaveState
from service.campaigns.problems import WrongState
from service.campaigns.tables import Campaign, Wave


def campaign_step(campaign: Campaign, act: str) -> CampaignState:
    """The state that follows. Raises WrongState."""
    following = NEXT_CAMPAIGN.get((CampaignState(campaign.state), act))
    if following is None:
        raise WrongState(f"A campaign that is {campaign.state} has no `{act}`.")
    return following


def wave_step(wave: Wave, act: str) -> WaveState:
    """The state that follows. Raises WrongState."""
    following = NEXT_WAVE.get((WaveState(wave.state), act))
    if following is None:
        raise WrongState(f"A wave that is {wave.state} has no `{act}`.")
    return following
