"""Drafts: documents that may change and may have faults, until they are published or deleted."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.etags import meant, tag
from service.kit.ids import new_id
from service.problems import Invalid
from service.questionnaires import actions, queries
from service.questionnaires.lint.checked import Sound, not_to_be_kept
from service.questionnaires.problems import DraftMoved, RevisionMissing, TooManyDrafts
from service.questionnaires.tables import QuestionnaireDraft, QuestionnaireVersion
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
from service.tenants.principals import Principal

MOST_DRAFTS = 100
"""Of a tenant: each may be a megabyte."""
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")


async def create(tx: AsyncSession, caller: Principal, document: dict[str, Any], now: datetime) -> QuestionnaireDraft:
    """A draft at revision 1. Raises Invalid, TooManyDrafts."""
    _check(document)
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")  # or two at once would both be the last one
    await tx.execute(lock, {"key": f"drafts {caller.tenant_id}"})
    mine = col(QuestionnaireDraft.tenant_id) == caller.tenant_id
    held = await tx.scalar(select(func.count()).select_from(QuestionnaireDraft).where(mine))
    if (held or 0) >= MOST_DRAFTS:
        raise TooManyDrafts(f"At most {MOST_DRAFTS} drafts can be held; publish or delete one.")
    draft = QuestionnaireDraft(
        tenant_id=caller.tenant_id,
        draft_id=new_id(),
        key=_key_of(document),
        document=document,
        revision=1,
        created_at=now,
        updated_at=now,
    )
    tx.add(draft)
    audit(
        tx, caller.tenant_id, now, caller.actor, "questionnaire_draft.created", str(draft.draft_id),
        after=state_of(draft),
    )  # fmt: skip
    await tx.flush()
    return draft


async def replace(
    tx: AsyncSession,
    caller: Principal,
    draft: QuestionnaireDraft,
    if_match: str | None,
    document: dict[str, Any],
    now: datetime,
) -> QuestionnaireDraft:
    """The draft with another document, one revision on. Raises RevisionMissing, DraftMoved, Invalid."""
    must_mean(draft, if_match)
    _check(document)
    before = state_of(draft)
    draft.key = _key_of(document)
    draft.document = document
    draft.revision += 1
    draft.updated_at = now
    audit(
        tx, caller.tenant_id, now, caller.actor, "questionnaire_draft.replaced", str(draft.draft_id),
        before=before, after=state_of(draft), revision=draft.revision,
    )  # fmt: skip
    await tx.flush()
    return draft


async def delete(
    tx: AsyncSession, caller: Principal, draft: QuestionnaireDraft, if_match: str | None, now: datetime
) -> None:
    """The draft is no more; only a revision that is named must be the present one. Raises DraftMoved."""
    if if_match is not None:
        must_mean(draft, if_match)
    await tx.delete(draft)
    audit(
        tx, caller.tenant_id, now, caller.actor, "questionnaire_draft.deleted", str(draft.draft_id),
        before=state_of(draft),
    )  # fmt: skip


async def publish(
    tx: AsyncSession, caller: Principal, draft_id: UUID, revision: int, sound: Sound, now: datetime
) -> QuestionnaireVersion:
    """What the draft held at a revision becomes a version, and the draft goes.

    Raises:
        NotFound, DraftMoved: it is gone, or at another revision by now.
        TooManyVersions, Unchanged: as publishing does.
    """
    draft = await queries.draft(tx, caller.tenant_id, draft_id, lock=True)
    if draft.revision != revision:
        raise DraftMoved
    version = await actions.publish_either(tx, caller, sound, now, draft=str(draft_id))
    await tx.delete(draft)
    return version


def must_mean(draft: QuestionnaireDraft, if_match: str | None) -> None:
    """Raises RevisionMissing or DraftMoved unless `If-Match` names the draft's revision."""
    if if_match is None:
        raise RevisionMissing
    if not meant(tag(draft.revision), if_match):
        raise DraftMoved


def _check(document: dict[str, Any]) -> None:
    if faults := not_to_be_kept(document):
        raise Invalid(faults=faults)


def _key_of(document: dict[str, Any]) -> str | None:
    key = document.get("key")
    return key if isinstance(key, str) and _KEY.fullmatch(key) else None
