"""A wave by its address, as links and pages have it."""

from uuid import UUID

from service.campaigns.codes import wave_behind
from service.problems import NotFound


def wave_at(address: str) -> tuple[UUID, UUID]:
    """Tenant and wave. Raises NotFound for what is no address; whether there is such a wave is not looked at."""
    try:
        return wave_behind(address)
    except ValueError:
        raise NotFound from None
