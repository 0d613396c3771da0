"""The end of a wave: its key is destroyed, and with it everything that hangs on a person.

Releases stay, since they hold nobody's answer. The half of the key in the key folder goes first: from then on no
copy of the database, however old, opens anything, whether or not the rest succeeds at once.
"""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.lifecycle import NEXT_WAVE, WaveState
from service.campaigns.tables import Campaign, Wave
from service.campaigns.wave_keys import WaveKeys
from service.kit.clock import Clock
from service.kit.crypto import KeyMissing
from service.kit.jobs import Due, Handler
from service.tenants.actions import audit

JOB = "destroy_wave"
ENDED = frozenset({WaveState.released, WaveState.refused, WaveState.cancelled})
# How long past its retention a wave that was never released is waited for: a retention of 0 days still has a release.
PATIENCE = timedelta(days=1)
_KEY = text("SELECT key_id FROM wave_key WHERE tenant_id = :tenant AND wave_id = :wave FOR UPDATE")
_EMPTY_KEY = text("UPDATE wave_key SET sealed_half = '' WHERE tenant_id = :tenant AND wave_id = :wave")
# In the order of their foreign keys.
_GO = [
    text(f"DELETE FROM {table} WHERE tenant_id = :tenant AND wave_id = :wave")  # noqa: S608 - names from this list
    for table in ("sealed_batch", "spent_code", "roster_line", "wave_class")
]


class NotReleasedYet(Exception):
    """The wave's retention is over and its release has not been made; the job looks again."""


def destroyer(keys: WaveKeys, clock: Clock) -> Handler:
    """The job that ends a wave whose retention is over; does nothing to one that has not ended."""

    async def destroy(tx: AsyncSession, due: Due) -> None:
        wave = await tx.get(Wave, (due.tenant_id, due.subject_id), with_for_update=True)
        if wave is None:
            return
        if wave.state == WaveState.closed:
            campaign = await tx.get_one(Campaign, (wave.tenant_id, wave.campaign_id))
            if clock() < (wave.closes_at or clock()) + campaign.retention + PATIENCE:
                raise NotReleasedYet
            wave.state = NEXT_WAVE[WaveState.closed, "refuse"]
        if wave.state not in ENDED:
            return
        scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
        key_id = await tx.scalar(_KEY, scope)
        if key_id is None:
            raise KeyMissing(str(wave.wave_id))
        keys.destroy(wave.tenant_id, key_id)
        await tx.execute(_EMPTY_KEY, scope)
        for statement in _GO:
            await tx.execute(statement, scope)
        audit(tx, wave.tenant_id, clock(), "worker", "wave.destroyed", str(wave.wave_id))
        await tx.flush()

    return destroy
