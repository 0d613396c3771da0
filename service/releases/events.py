"""What releases tell others: that there is one, never what it says."""

from typing import ClassVar, Protocol, Self
from uuid import UUID

from service.kit.outbox import Event


class _AWave(Protocol):
    wave_id: UUID
    campaign_id: UUID


class OfRelease(Event):
    """About a release: a wave's own, interim results, or a recut."""

    link: ClassVar[str] = "/v1/releases/{release_id}"
    campaign_id: UUID
    wave_id: UUID
    release_id: UUID

    @classmethod
    def of(cls, wave: _AWave, release_id: UUID) -> Self:
        return cls(campaign_id=wave.campaign_id, wave_id=wave.wave_id, release_id=release_id)


class ReleasePublished(OfRelease):
    """The results stand."""

    type: ClassVar[str] = "release.published"


class ReleaseWithheld(OfRelease):
    """There is no result, and the release tells the reason."""

    type: ClassVar[str] = "release.withheld"


class ReleaseWithdrawn(OfRelease):
    """Its figures are not to be used any more; the release tells why, and what replaces it."""

    type: ClassVar[str] = "release.withdrawn"
