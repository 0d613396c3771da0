"""Publishing questionnaires: a version is immutable from its first moment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.ids import new_id
from service.kit.reasons import Fault
from service.questionnaires import queries
from service.questionnaires.lint.checked import Sound
from service.questionnaires.problems import KeyDiffers, KeyTaken, TooManyVersions, Unchanged
from service.questionnaires.tables import Questionnaire, QuestionnaireVersion
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
from service.tenants.principals import Principal

MOST_VERSIONS = 1000
"""Of a questionnaire."""


async def publish(
    tx: AsyncSession, caller: Principal, sound: Sound, now: datetime, **origin: str
) -> QuestionnaireVersion:
    """Version 1 of a new questionnaire; `origin` goes into the audit log. Raises KeyTaken."""
    await _one_at_a_time(tx, caller.tenant_id, sound.document.key)
    questionnaire, key = new_id(), sound.document.key
    row = {"tenant_id": caller.tenant_id, "questionnaire_id": questionnaire, "key": key, "created_at": now}
    done = await tx.execute(
        insert(Questionnaire).values(**row).on_conflict_do_nothing().returning(col(Questionnaire.key))
    )
    if done.one_or_none() is None:
        raise KeyTaken("Give another `key`, or post a version to the questionnaire that has this one.")
    return _written(tx, caller, questionnaire, 1, sound, now, origin)


async def publish_next(
    tx: AsyncSession, caller: Principal, questionnaire: Questionnaire, sound: Sound, now: datetime, **origin: str
) -> QuestionnaireVersion:
    """The questionnaire's next version. Raises KeyDiffers, TooManyVersions, Unchanged."""
    if sound.document.key != questionnaire.key:
        raise KeyDiffers(faults=[Fault("/key", "must be the key of the questionnaire")])
    # Whoever comes second waits here, and sees the first one's version.
    await _one_at_a_time(tx, caller.tenant_id, questionnaire.key)
    latest = await queries.latest(tx, caller.tenant_id, questionnaire.key)
    if latest.number >= MOST_VERSIONS:
        raise TooManyVersions
    if latest.digest == sound.document.digest():
        raise Unchanged
    return _written(tx, caller, questionnaire.questionnaire_id, latest.number + 1, sound, now, origin)


async def publish_either(
    tx: AsyncSession, caller: Principal, sound: Sound, now: datetime, **origin: str
) -> QuestionnaireVersion:
    """Version 1 where the key is new, else its questionnaire's next version. Raises TooManyVersions, Unchanged."""
    await _one_at_a_time(tx, caller.tenant_id, sound.document.key)
    mine = (col(Questionnaire.tenant_id) == caller.tenant_id) & (col(Questionnaire.key) == sound.document.key)
    known: Questionnaire | None = await tx.scalar(select(Questionnaire).where(mine))
    if known is None:
        return await publish(tx, caller, sound, now, **origin)
    return await publish_next(tx, caller, known, sound, now, **origin)


async def _one_at_a_time(tx: AsyncSession, tenant: UUID, key: str) -> None:
    """One publisher of a key at a time: two must not both make version 2."""
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
    await tx.execute(lock, {"key": f"questionnaire {tenant} {key}"})


def _written(
    tx: AsyncSession,
    caller: Principal,
    questionnaire: UUID,
    number: int,
    sound: Sound,
    now: datetime,
    origin: dict[str, str],
) -> QuestionnaireVersion:
    version = QuestionnaireVersion(
        tenant_id=caller.tenant_id,
        questionnaire_id=questionnaire,
        number=number,
        document=sound.raw,
        digest=sound.document.digest(),
        created_at=now,
    )
    tx.add(version)
    audit(
        tx, caller.tenant_id, now, caller.actor, "questionnaire.published", str(questionnaire),
        after=state_of(version), key=sound.document.key, version=number, **origin,
    )  # fmt: skip
    return version
