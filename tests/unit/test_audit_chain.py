"""The audit log's chain, without a database: whatever is altered, taken out, put in or moved breaks it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.ids import new_id
from service.tenants.chain import START, Chain, Walk
from service.tenants.fingerprints import fingerprint, state_of
from service.tenants.tables import ApiKey

TENANT = UUID(int=7)
CHAIN = Chain(bytes(32))
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Act:
    entry_id: UUID = field(default_factory=new_id)
    at: datetime = NOON
    actor: str = "key:1"
    action: str = "key.created"
    subject: str = "2"
    detail: dict[str, Any] = field(default_factory=dict)
    before: str | None = None
    after: str | None = "00"


@dataclass(frozen=True)
class Link:
    number: int
    entry_id: UUID
    mac: bytes


Log = list[tuple[Link, Act | None]]


def chained(acts: int, chain: Chain = CHAIN, tenant: UUID = TENANT) -> Log:
    log: Log = []
    previous = START
    for number in range(1, acts + 1):
        act = Act(subject=str(number))
        previous = chain.mac(tenant, number, previous, act)
        log.append((Link(number, act.entry_id, previous), act))
    return log


def broken(log: Log, cuts: Any = (), chain: Chain = CHAIN, tenant: UUID = TENANT) -> list[int]:
    walk = Walk(chain, tenant, cuts)
    return [link.number for link, act in log if not walk.step(link, act)]


def test_a_log_that_nobody_touched_holds() -> None:
    assert broken(chained(5)) == []
    assert broken([]) == []


CHANGES: dict[str, Any] = {
    "entry_id": uuid4(), "at": NOON + timedelta(microseconds=1), "actor": "key:2", "action": "key.revoked",
    "subject": "9", "detail": {"a": 1}, "before": "01", "after": None,
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_every_field_of_an_entry_is_covered(name: str) -> None:
    log = chained(5)
    link, act = log[2]
    assert act is not None
    log[2] = (link, replace(act, **{name: CHANGES[name]}))
    assert broken(log) == [3]


def test_the_same_moment_in_another_zone_is_the_same() -> None:
    log = chained(3)
    link, act = log[1]
    assert act is not None
    log[1] = (link, replace(act, at=act.at.astimezone(timezone(timedelta(hours=9)))))
    assert broken(log) == []


@given(st.integers(2, 12), st.data())
def test_whatever_is_taken_out_put_in_or_moved_is_found(acts: int, data: st.DataObject) -> None:
    log = chained(acts)
    at = data.draw(st.integers(0, acts - 2))
    harms: dict[str, Callable[[], Log]] = {
        "entry and link gone": lambda: log[:at] + log[at + 1 :],
        "entry gone": lambda: [*log[:at], (log[at][0], None), *log[at + 1 :]],
        "two swapped": lambda: [*log[:at], log[at + 1], log[at], *log[at + 2 :]],
        "one twice": lambda: [*log[: at + 1], log[at], *log[at + 1 :]],
        "entries swapped under their links": lambda: [
            *log[:at], (log[at][0], log[at + 1][1]), (log[at + 1][0], log[at][1]), *log[at + 2 :],
        ],
        "renumbered": lambda: [
            (replace(link, number=link.number - 1), act) for link, act in log[1:]
        ],
    }  # fmt: skip
    assert broken(harms[data.draw(st.sampled_from(sorted(harms)))]())


def test_another_tenant_s_or_another_key_s_chain_is_none_of_ours() -> None:
    assert broken(chained(2), tenant=UUID(int=8)) == [1, 2]
    assert broken(chained(2), chain=Chain(bytes(31) + b"1")) == [1, 2]


def test_an_end_that_was_cut_off_is_found_by_what_was_noted() -> None:
    log = chained(5)
    walk = Walk(CHAIN, TENANT)
    for link, act in log[:3]:
        assert walk.step(link, act)
    noted = (log[4][0].number, log[4][0].mac)
    assert walk.last != noted


def test_old_entries_may_go_where_a_cut_vouches_for_the_last_of_them() -> None:
    log = chained(5)
    last = log[1][0]
    left: Log = [(last, None), *log[2:]]
    cut = (2, CHAIN.cut(TENANT, 2, last.mac))
    assert broken(left, {cut}) == []
    assert broken(left) == [2]
    assert broken(left, {(2, CHAIN.cut(UUID(int=8), 2, last.mac))}) == [2]
    assert broken([(log[2][0], None), *log[3:]], {cut}) == [3]  # cut further than it was
    assert broken(log, {cut}) == []


def test_fingerprints_are_of_what_was_decided() -> None:
    """The same state, the same fingerprint, whatever the order; of a secret nothing."""
    assert fingerprint({"a": 1, "b": [UUID(int=1), NOON, b"\1"]}) == fingerprint(
        {"b": [UUID(int=1), NOON, b"\1"], "a": 1}
    )
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert fingerprint(None) is None
    assert len(fingerprint({}) or "") == 64
    fingerprint({"half": "\ud800"})  # a draft may hold anything
    with pytest.raises(TypeError):
        fingerprint({"a": object()})
    with pytest.raises(ValueError, match="JSON"):
        fingerprint({"a": float("nan")})
    key = ApiKey(tenant_id=TENANT, key_id=UUID(int=2), name="n", secret_hash=b"s", scopes=[], created_at=NOON, mac=b"m")
    assert not {"secret_hash", "mac"} & state_of(key).keys()
    assert fingerprint(state_of(key)) == fingerprint(state_of(key.model_copy(update={"mac": b"other"})))
