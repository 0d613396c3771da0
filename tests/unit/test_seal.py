"""Sealing a batch and opening it: what the MAC binds, what a ciphertext's length tells, who can do what."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from service.responses.seal import Batch, Seal
from service.responses.unseal import BatchRefused, Opener

KEY = bytes(range(32))
TENANT, WAVE, BATCH = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = date(2026, 3, 5)
PRIVATE = PrivateKey(b"p" * 32)
OVERHEAD = 48


def closed(records: list[bytes], texts: bytes = b"t" * 32, seal: Seal | None = None) -> Batch:
    return (seal or Seal(KEY)).close(TENANT, WAVE, bytes(PRIVATE.public_key), BATCH, DAY, records, texts)


def opened(batch: Batch, size: int = 8, key: bytes = KEY, private: PrivateKey = PRIVATE) -> bytes:
    return Opener(Seal(key), TENANT, WAVE, private).records(batch, size)


@given(st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=40))
def test_what_was_closed_is_opened_in_its_order(records: list[bytes]) -> None:
    batch = closed(records)
    assert batch.response_count == len(records)
    assert opened(batch) == b"".join(records)


@given(st.integers(1, 60), st.integers(4, 100), st.integers(0, 300))
def test_lengths_hang_on_the_counts_alone(count: int, width: int, text_width: int) -> None:
    batch = closed([bytes(width)] * count, bytes(text_width * count))
    assert len(batch.records) == OVERHEAD + count * width
    assert len(batch.texts) == (OVERHEAD + count * text_width if text_width else 0)
    assert len(batch.mac) == 16


def test_the_same_answers_never_look_the_same() -> None:
    """Otherwise equal answers would show, and a guess could be tried."""
    one, other = closed([b"answer-1"]), closed([b"answer-1"])
    assert one.records != other.records
    assert one.texts != other.texts
    assert one.mac != other.mac


def test_who_closes_can_not_open() -> None:
    """Neither the intake key nor the public key is of any use."""
    batch = closed([b"answer-1"])
    for guess in (KEY, bytes(PRIVATE.public_key), bytes(32)):
        with pytest.raises((CryptoError, ValueError)):
            SealedBox(PrivateKey(guess)).decrypt(batch.records)
    assert b"answer-1" not in batch.records + batch.texts + batch.mac


def _with(batch: Batch, **changes: Any) -> Batch:
    return replace(batch, **changes)


CHANGES: dict[str, dict[str, Any]] = {
    "id": {"batch_id": UUID(int=4)},
    "day": {"received_on": date(2026, 3, 6)},
    "count": {"response_count": 2},
    "no MAC": {"mac": b""},
    "a longer MAC": {"mac": bytes(17)},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_row_is_refused(change: str) -> None:
    with pytest.raises(BatchRefused):
        opened(_with(closed([b"answer-1"]), **CHANGES[change]))


def test_every_field_is_in_the_mac() -> None:
    """Also those that some other check would miss."""
    seal, batch = Seal(KEY), closed([b"answer-1"])
    fields = {name: change for name, change in CHANGES.items() if "mac" not in change}
    macs = {seal.mac_of(TENANT, WAVE, _with(batch, **change)) for change in fields.values()}
    macs |= {seal.mac_of(TENANT, WAVE, _with(batch, **{name: b"other"})) for name in ("records", "texts")}
    macs |= {seal.mac_of(WAVE, WAVE, batch), seal.mac_of(TENANT, TENANT, batch), seal.mac_of(TENANT, WAVE, batch)}
    assert len(macs) == len(fields) + 5


@pytest.mark.parametrize("field", ["records", "texts", "mac"])
@given(data=st.data())
def test_any_changed_bit_is_refused(field: str, data: st.DataObject) -> None:
    batch = closed([b"answer-1"])
    raw = bytearray(getattr(batch, field))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BatchRefused):
        opened(_with(batch, **{field: bytes(raw)}))


def test_bytes_can_not_move_from_one_ciphertext_to_the_other() -> None:
    batch = closed([b"answer-1"])
    for cut in (1, 8, len(batch.texts)):
        moved = replace(batch, records=batch.records + batch.texts[:cut], texts=batch.texts[cut:])
        with pytest.raises(BatchRefused):
            opened(moved)


@pytest.mark.parametrize(("tenant", "wave"), [(uuid4(), WAVE), (TENANT, uuid4()), (WAVE, TENANT)])
def test_a_batch_belongs_to_one_wave_of_one_tenant(tenant: UUID, wave: UUID) -> None:
    batch = closed([b"answer-1"])
    with pytest.raises(BatchRefused):
        Opener(Seal(KEY), tenant, wave, PRIVATE).records(batch, 8)


def test_a_batch_of_another_intake_key_is_refused() -> None:
    with pytest.raises(BatchRefused):
        opened(closed([b"answer-1"], seal=Seal(bytes(32))))


def test_a_batch_sealed_to_another_key_is_refused() -> None:
    """Signed by us, and still not to be opened: the wave's key is another."""
    with pytest.raises(BatchRefused):
        opened(closed([b"answer-1"]), private=PrivateKey(b"q" * 32))


@pytest.mark.parametrize("size", [1, 4, 7, 9, 16])
def test_a_count_that_does_not_fit_the_length_is_refused(size: int) -> None:
    with pytest.raises(BatchRefused):
        opened(closed([b"answer-1"]), size)


@pytest.mark.parametrize("records", [b"", b"x", bytes(47), bytes(48)])
def test_rubbish_is_refused_not_a_crash(records: bytes) -> None:
    """As somebody with the intake key could sign it."""
    seal = Seal(KEY)
    batch = Batch(BATCH, DAY, 1, records, b"")
    signed = replace(batch, mac=seal.mac_of(TENANT, WAVE, batch))
    with pytest.raises(BatchRefused):
        opened(signed)
