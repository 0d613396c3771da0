"""Replies to writes, kept for a day by Idempotency-Key: whether a request was carried out, and what was said then.

The lock, the look and the reply all belong to the transaction that carries the request out: a reply is there when
its effect is, and neither is without the other. Of two requests under one key at the same time the second is told so
at once. The database holds MACs of the key and of the request, under a key that it does not have; and the reply,
sealed with a key that is made of the intake key and of the Idempotency-Key itself, which only its caller has. So what
a reply tells of people is readable again for nobody else, and whoever writes to the database can not forge one.
"""

import json
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import LargeBinary, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.clock import Clock
from service.kit.counted import changed
from service.kit.crypto import derive, mac, same
from service.kit.ids import new_id
from service.kit.jobs import Due, Handler
from service.problems import Problem

PRUNE = "prune_replies"
KEPT = timedelta(hours=24)
REPLY_LIMIT = 1 << 16  # of a reply, compressed and sealed

_LOCK = text("SELECT pg_try_advisory_xact_lock(:number)")
_FIND = text("""
    SELECT request_mac, reply FROM idempotent_reply
    WHERE tenant_id = :tenant AND key_id = :holder AND key_mac = :key AND created_at > :since
""")
_KEEP = text("""
    INSERT INTO idempotent_reply AS r (tenant_id, key_id, key_mac, request_mac, reply, created_at)
    VALUES (:tenant, :holder, :key, :request, :reply, :now)
    ON CONFLICT (tenant_id, key_id, key_mac) DO UPDATE
    SET request_mac = excluded.request_mac, reply = excluded.reply, created_at = excluded.created_at
    WHERE r.created_at <= :since
""").bindparams(bindparam("reply", type_=LargeBinary))
# Not `jobs.enqueue`: that would lock the one row, and have a tenant's writes wait for one another.
_ASK = text("""
    INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts)
    VALUES (:tenant, :job, :kind, :tenant, :due, 0) ON CONFLICT (tenant_id, kind, subject_id) DO NOTHING
""")
_PRUNE = text("DELETE FROM idempotent_reply WHERE tenant_id = :tenant AND created_at <= :since")
_OLDEST = text("SELECT min(created_at) FROM idempotent_reply WHERE tenant_id = :tenant")


class IdempotencyInFlight(Problem):
    """A request under this Idempotency-Key is being carried out; ask again in a moment for its reply."""

    slug, title, status = "idempotency-in-flight", "This request is being carried out", 409

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class IdempotencyMismatch(Problem):
    """This Idempotency-Key was used within a day for another request: each request needs a key of its own."""

    slug, title, status = "idempotency-mismatch", "This Idempotency-Key belongs to another request", 422


class IdempotencyReplyTooLong(Problem):
    """The request was carried out, once; its reply was too long to be kept: read what it made or changed."""

    slug, title, status = "idempotency-reply-too-long", "This was done; its reply was not kept", 409


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it was sent."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def packed(self) -> bytes:
        head = json.dumps([self.status, self.headers]).encode()
        return zlib.compress(len(head).to_bytes(4, "big") + head + self.body)

    @classmethod
    def unpacked(cls, packed: bytes) -> "Reply":
        raw = zlib.decompress(packed)
        end = 4 + int.from_bytes(raw[:4], "big")
        status, headers = json.loads(raw[4:end])
        return cls(status, [(name, value) for name, value in headers], raw[end:])


@dataclass(frozen=True, slots=True)
class Ask:
    """One request under a key: who asks, the MACs of what they sent, and what its reply is sealed with."""

    tenant: UUID
    holder: UUID
    key: bytes
    request: bytes
    seal: bytes = field(repr=False)

    def as_values(self) -> dict[str, object]:
        return {"tenant": self.tenant, "holder": self.holder, "key": self.key}


class Repeats:
    """Names requests by MACs of what they are."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls repeats")

    def ask(self, tenant: UUID, holder: UUID, key: bytes, *request: bytes) -> Ask:
        """The request whose parts these are, asked by the holder of an API key."""
        whose = tenant.bytes, holder.bytes, key
        seal = mac(self._key, b"repeat seal a", *whose) + mac(self._key, b"repeat seal b", *whose)
        named = mac(self._key, b"repeat key", *whose)
        return Ask(tenant, holder, named, mac(self._key, b"repeat", *whose, *request), seal)


async def look(tx: AsyncSession, ask: Ask, now: datetime) -> Reply | None:
    """The reply that was kept. Raises IdempotencyMismatch, IdempotencyReplyTooLong."""
    row = (await tx.execute(_FIND, ask.as_values() | {"since": now - KEPT})).one_or_none()
    if row is None:
        return None
    if not same(row.request_mac, ask.request):
        raise IdempotencyMismatch
    if row.reply is None:
        raise IdempotencyReplyTooLong
    try:
        return Reply.unpacked(SecretBox(ask.seal).decrypt(row.reply))
    except CryptoError:
        raise RuntimeError("a kept reply was altered") from None  # by somebody who writes to the database


async def claim(tx: AsyncSession, ask: Ask, now: datetime) -> Reply | None:
    """The reply that was kept; None: this transaction is the one that carries the request out.

    Raises IdempotencyInFlight, IdempotencyMismatch, IdempotencyReplyTooLong.
    """
    number = int.from_bytes(ask.key[:8], "big", signed=True)
    if not await tx.scalar(_LOCK, {"number": number}):
        raise IdempotencyInFlight
    return await look(tx, ask, now)  # a statement of its own: it sees what was committed before the lock was given


async def keep(tx: AsyncSession, ask: Ask, reply: Reply, now: datetime) -> None:
    """Keep the reply, in the transaction of its effect."""
    sealed = bytes(SecretBox(ask.seal).encrypt(reply.packed()))
    values = ask.as_values() | {
        "request": ask.request,
        "reply": sealed if len(sealed) <= REPLY_LIMIT else None,
        "now": now,
        "since": now - KEPT,
    }
    if await changed(tx, _KEEP, values) != 1:
        raise IdempotencyInFlight  # the lock should have told; the primary key is the last word
    await tx.execute(_ASK, {"tenant": ask.tenant, "job": new_id(), "kind": PRUNE, "due": now + KEPT})


def pruner(clock: Clock) -> Handler:
    """The worker's part: replies whose day is over are removed. Due again when the next one's is."""

    async def prune(tx: AsyncSession, due: Due) -> datetime:
        now = clock()
        await tx.execute(_PRUNE, {"tenant": due.tenant_id, "since": now - KEPT})
        oldest = await tx.scalar(_OLDEST, {"tenant": due.tenant_id})
        return (oldest or now) + KEPT

    return prune
