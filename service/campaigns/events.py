"""What campaigns and waves tell others. The words are those of the state tables (`lifecycle`)."""

from datetime import datetime
from typing import ClassVar, Protocol, Self
from uuid import UUID

from service.kit.outbox import Event


class _ACampaign(Protocol):
    campaign_id: UUID


class _AWave(Protocol):
    wave_id: UUID
    campaign_id: UUID


class OfCampaign(Event):
    """About a campaign."""

    link: ClassVar[str] = "/v1/campaigns/{campaign_id}"
    campaign_id: UUID

    @classmethod
    def of(cls, campaign: _ACampaign) -> Self:
        return cls(campaign_id=campaign.campaign_id)


class OfWave(Event):
    """About a wave."""

    link: ClassVar[str] = "/v1/campaigns/{campaign_id}/waves"
    campaign_id: UUID
    wave_id: UUID

    @classmethod
    def of(cls, wave: _AWave) -> Self:
        return cls(campaign_id=wave.campaign_id, wave_id=wave.wave_id)


class CampaignLaunched(OfCampaign):
    """Its rules are promised, for good."""

    type: ClassVar[str] = "campaign.launched"


class CampaignProposed(OfCampaign):
    """Its launch waits for a second person's approval."""

    type: ClassVar[str] = "campaign.proposed"


class CampaignExtended(OfCampaign):
    """Its open wave closes later."""

    type: ClassVar[str] = "campaign.extended"


class CampaignRescheduled(OfCampaign):
    """Its waves to come open at other times."""

    type: ClassVar[str] = "campaign.rescheduled"


class CampaignClosed(OfCampaign):
    """Its last wave is over, and none is opened any more."""

    type: ClassVar[str] = "campaign.closed"


class CampaignCancelled(OfCampaign):
    """It was given up; answers to a wave that was open are opened no more."""

    type: ClassVar[str] = "campaign.cancelled"


class WaveOpened(OfWave):
    """Its people are invited, and answers are taken."""

    type: ClassVar[str] = "wave.opened"


class WaveClosed(OfWave):
    """No answer is taken any more; its release follows."""

    type: ClassVar[str] = "wave.closed"


class WaveCancelled(OfWave):
    """It was given up, or its campaign ended before it."""

    type: ClassVar[str] = "wave.cancelled"


class WaveDestroyed(OfWave):
    """Its key is destroyed, and with it answers and roster; results stay."""

    type: ClassVar[str] = "wave.destroyed"
    link: ClassVar[str] = "/v1/waves/{wave_id}/destruction"


class WaveSkipped(Event):
    """A wave did not open at its time; the campaign's calendar says why."""

    type: ClassVar[str] = "wave.skipped"
    link: ClassVar[str] = "/v1/campaigns/{campaign_id}/calendar"
    campaign_id: UUID
    opens_at: datetime
