"""The end of a wave: its key is destroyed, and with it everything that hangs on a person.

Releases stay, since they hold nobody's answer. The half of the key in the key folder goes first: from then on no
copy of the database, however old, opens anything, whether or not the rest succeeds at once. That it is so is tried,
written down and signed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from nacl.exceptions import CryptoError
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.due import DESTROY_KEY
from service.campaigns.events import WaveDestroyed
from service.campaigns.inviting import invitees
from service.campaigns.lifecycle import ENDED, NEXT_WAVE, WaveState
from service.campaigns.problems import WrongState
from service.campaigns.promises.contract import holder_of
from service.campaigns.tables import Campaign, Wave, WaveDestruction
from service.campaigns.wave_keys import WaveKeys
from service.kit import jobs, outbox
from service.kit.clock import Clock
from service.kit.crypto import KeyMissing
from service.kit.jobs import Due, Handler
from service.tenants.actions import audit
from service.tenants.principals import Principal

# How long past its retention a wave that was never released is waited for: a retention of 0 days still has a release.
PATIENCE = timedelta(days=1)
FORMAT = "pouls-destruction/1"
Sign = Callable[[Mapping[str, Any]], dict[str, Any]]
_SEALED = text("""
    SELECT count(*) AS batches, coalesce(sum(response_count), 0) AS responses,
           encode(sha256(coalesce(string_agg(sha256(records || texts), ''::bytea ORDER BY batch_id), ''::bytea)), 'hex')
               AS digest
    FROM sealed_batch WHERE tenant_id = :tenant AND wave_id = :wave
""")
_KEY = text("SELECT key_id, sealed_half FROM wave_key WHERE tenant_id = :tenant AND wave_id = :wave FOR UPDATE")
_EMPTY_KEY = text("UPDATE wave_key SET sealed_half = '' WHERE tenant_id = :tenant AND wave_id = :wave")
# In the order of their foreign keys.
_GO = [
    text(f"DELETE FROM {table} WHERE tenant_id = :tenant AND wave_id = :wave")  # noqa: S608 - names from this list
    for table in (
        "sealed_batch",
        "spent_code",
        "short_code",
        "participation_snapshot",
        "roster_line",
        "wave_class",
    )
]


class StillOpens(Exception):
    """The key was deleted and can be put together all the same; the job looks again."""


class NotReleasedYet(Exception):
    """The wave's retention is over and its release has not been made; the job looks again."""


def destroyer(keys: WaveKeys, sign: Sign, clock: Clock) -> Handler:
    """The job that ends a wave whose retention is over, or that was asked to; it does nothing to one that goes on."""

    async def destroy(tx: AsyncSession, due: Due) -> None:
        wave = await tx.get(Wave, (due.tenant_id, due.subject_id), with_for_update=True)
        if wave is None:
            return
        campaign = await tx.get_one(Campaign, (wave.tenant_id, wave.campaign_id))
        if wave.state == WaveState.closed:
            if clock() < (wave.closes_at or clock()) + campaign.retention + PATIENCE:
                raise NotReleasedYet
            wave.state = NEXT_WAVE[WaveState.closed, "refuse"]
        if wave.state not in ENDED:
            return
        if await tx.get(WaveDestruction, (wave.tenant_id, wave.wave_id)) is not None:
            return  # asked for before its time came
        scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
        row = (await tx.execute(_KEY, scope)).one_or_none()
        if row is None:
            raise KeyMissing(str(wave.wave_id))
        keys.destroy(wave.tenant_id, row.key_id)
        proof = {
            "format": FORMAT,
            "tenant": str(wave.tenant_id),
            "wave": str(wave.wave_id),
            "contract_digest": holder_of(wave, campaign).contract_digest,
            "key": str(row.key_id),
            "public_key": wave.public_key.hex(),
            "destroyed_at": clock().isoformat(),
            "sealed": await _sealed(tx, scope),
            "opens": _opens(keys, wave.tenant_id, row),
        }
        await tx.execute(_EMPTY_KEY, scope)
        for statement in _GO:
            await tx.execute(statement, scope)
        await invitees.forget(tx, wave.tenant_id, clock().date())
        tx.add(WaveDestruction(tenant_id=wave.tenant_id, wave_id=wave.wave_id, signed=sign(proof)))
        audit(tx, wave.tenant_id, clock(), "worker", "wave.destroyed", str(wave.wave_id), opens=proof["opens"])
        await outbox.add(tx, wave.tenant_id, WaveDestroyed.of(wave), clock())
        await tx.flush()

    return destroy


async def _sealed(tx: AsyncSession, scope: Mapping[str, Any]) -> dict[str, Any]:
    """What there was to open: batches, answers, and one digest over all of the ciphertexts."""
    found = (await tx.execute(_SEALED, scope)).one()
    return {"batches": found.batches, "responses": found.responses, "digest": found.digest}


def _opens(keys: WaveKeys, tenant: UUID, row: Row[Any]) -> bool:
    """Whether the private key can still be put together, tried with the half that the database held until now.

    Raises:
        StillOpens: it can. Then nothing is called destroyed.
    """
    try:
        keys.private_key(tenant, row.key_id, row.sealed_half)
    except (KeyMissing, CryptoError, ValueError):
        return False
    raise StillOpens


async def ask(tx: AsyncSession, caller: Principal, wave: Wave, now: datetime) -> None:
    """Let the worker end a wave now, before its retention is over.

    Raises:
        WrongState: its results are not made yet.
    """
    if wave.state not in ENDED:
        raise WrongState(f"A wave that is {wave.state} has no `destroy`: its results come first.")
    await jobs.enqueue(tx, wave.tenant_id, DESTROY_KEY, wave.wave_id, now)
    audit(tx, wave.tenant_id, now, caller.actor, "wave.destruction_asked", str(wave.wave_id))
    await tx.flush()
