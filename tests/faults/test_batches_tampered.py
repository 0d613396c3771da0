"""A writer with database rights stuffs, copies, moves, alters or deletes: the release refuses, nothing is published."""

import secrets
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from nacl.public import PublicKey, SealedBox

from tests.faults.writer import answer_all, outcome, write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, a_launched_wave, codes_of, ok

Tamper = Callable[[House, UUID, UUID], None]
_ONE = """
    (tenant_id, wave_id, batch_id) = (
        SELECT tenant_id, wave_id, batch_id FROM sealed_batch
        WHERE tenant_id = $1 AND wave_id = $2 ORDER BY batch_id LIMIT 1)
"""


def _on_one_batch(change: str) -> Tamper:
    def tamper(house: House, tenant: UUID, wave: UUID) -> None:
        changed = write(house, f"UPDATE sealed_batch SET {change} WHERE {_ONE} RETURNING 1", tenant, wave)  # noqa: S608 - from this file
        assert len(changed) == 1

    return tamper


def _run(statement: str) -> Tamper:
    def tamper(house: House, tenant: UUID, wave: UUID) -> None:
        assert write(house, statement, tenant, wave)

    return tamper


def _stuffed(house: House, tenant: UUID, wave: UUID) -> None:
    """A ciphertext that opens, of the right width, made with the public key that anybody can read."""
    ((public_key, size, text_size),) = write(
        house,
        """
        SELECT w.public_key, min(length(b.records)) - 48, min(length(b.texts)) - 48
        FROM wave w JOIN sealed_batch b USING (tenant_id, wave_id)
        WHERE tenant_id = $1 AND wave_id = $2 GROUP BY 1
        """,
        tenant,
        wave,
    )
    ((label,),) = write(
        house, "SELECT label FROM wave_class WHERE tenant_id = $1 AND wave_id = $2 LIMIT 1", tenant, wave
    )
    box = SealedBox(PublicKey(public_key))
    record = label.to_bytes(4, "little") + (1).to_bytes(2, "little") * ((size - 4) // 2)
    write(
        house,
        """
        INSERT INTO sealed_batch (tenant_id, wave_id, batch_id, received_on, response_count, records, texts, mac)
        VALUES ($1, $2, $3, current_date, 1, $4, $5, $6)
        """,
        tenant, wave, uuid4(), box.encrypt(record), box.encrypt(bytes(text_size)), secrets.token_bytes(16),
    )  # fmt: skip
    # And its spent code, so that the counts agree.
    write(house, "INSERT INTO spent_code VALUES ($1, $2, 4000000000, $3)", tenant, wave, secrets.token_bytes(32))


_COPY = f"""
    INSERT INTO sealed_batch (tenant_id, wave_id, batch_id, received_on, response_count, records, texts, mac)
    SELECT tenant_id, wave_id, gen_random_uuid(), received_on, response_count, records, texts, mac
    FROM sealed_batch WHERE {_ONE} RETURNING 1
"""  # noqa: S608 - from this file


def _copied(house: House, tenant: UUID, wave: UUID) -> None:
    assert write(house, _COPY, tenant, wave)


def _copied_with_a_spent_code(house: House, tenant: UUID, wave: UUID) -> None:
    _copied(house, tenant, wave)
    write(house, "INSERT INTO spent_code VALUES ($1, $2, 4000000000, $3)", tenant, wave, secrets.token_bytes(32))


def _copied_over_another(house: House, tenant: UUID, wave: UUID) -> None:
    """One batch's content in another's row: the counts agree."""
    statement = f"""
        UPDATE sealed_batch SET (records, texts, mac) = (SELECT records, texts, mac FROM sealed_batch WHERE {_ONE})
        WHERE tenant_id = $1 AND wave_id = $2 AND NOT {_ONE} AND batch_id =
            (SELECT batch_id FROM sealed_batch WHERE tenant_id = $1 AND wave_id = $2 ORDER BY batch_id DESC LIMIT 1)
        RETURNING 1
    """  # noqa: S608 - from this file
    assert write(house, statement, tenant, wave)


REFUSALS: dict[str, tuple[Tamper, str]] = {
    "stuffed": (_stuffed, "batch-refused"),
    "copied": (_copied, "batch-refused"),
    "copied, with a spent code": (_copied_with_a_spent_code, "batch-refused"),
    "copied over another": (_copied_over_another, "batch-refused"),
    "renamed": (_on_one_batch("batch_id = gen_random_uuid()"), "batch-refused"),
    "counted higher": (_on_one_batch("response_count = response_count + 1"), "batch-refused"),
    "another day": (_on_one_batch("received_on = received_on - 1"), "batch-refused"),
    "one bit of the records": (
        _on_one_batch("records = set_bit(records, 7, 1 - get_bit(records, 7))"),
        "batch-refused",
    ),
    "one bit of the texts": (_on_one_batch("texts = set_bit(texts, 400, 1 - get_bit(texts, 400))"), "batch-refused"),
    "one bit of the MAC": (_on_one_batch("mac = set_bit(mac, 0, 1 - get_bit(mac, 0))"), "batch-refused"),
    "no MAC": (_on_one_batch("mac = ''"), "batch-refused"),
    "records and texts swapped": (_on_one_batch("records = texts, texts = records"), "batch-refused"),
    "border moved": (
        _on_one_batch("records = records || substr(texts, 1, 8), texts = substr(texts, 9)"),
        "batch-refused",
    ),
    "deleted": (_run(f"DELETE FROM sealed_batch WHERE {_ONE} RETURNING 1"), "counts-disagree"),  # noqa: S608 - from this file
    "all deleted": (
        _run("DELETE FROM sealed_batch WHERE tenant_id = $1 AND wave_id = $2 RETURNING 1"),
        "counts-disagree",
    ),
    "spent code added": (
        _run("INSERT INTO spent_code VALUES ($1, $2, 4000000000, sha256('x')) RETURNING 1"),
        "counts-disagree",
    ),
    "spent code removed": (
        _run(
            """
            DELETE FROM spent_code WHERE (tenant_id, wave_id, serial) = (
                SELECT tenant_id, wave_id, serial FROM spent_code WHERE tenant_id = $1 AND wave_id = $2 LIMIT 1)
            RETURNING 1
            """
        ),
        "counts-disagree",
    ),
    "class unknown": (
        _run(
            "UPDATE wave_class SET label = (label + 1) % 4294967296 WHERE tenant_id = $1 AND wave_id = $2 RETURNING 1"
        ),
        "contract-broken",
    ),
}


def test_untouched_batches_are_published(tenant: TenantUnderTest) -> None:
    """The other tests refuse for their own reason, not for something in the world that they share."""
    wave = a_launched_wave(tenant)
    answer_all(wave)
    status, reason, cells = outcome(wave)
    assert (status, reason) == ("published", None)
    assert cells


@pytest.mark.parametrize("name", REFUSALS)
def test_a_tampered_wave_is_refused(tenant: TenantUnderTest, name: str) -> None:
    tamper, reason = REFUSALS[name]
    wave = a_launched_wave(tenant)
    answer_all(wave)
    if name == "class unknown":
        # The key to the roster holds the labels; nothing else of the attack hangs on it.
        write(tenant.house, "DELETE FROM roster_line WHERE tenant_id = $1", tenant.tenant_id)
    tamper(tenant.house, tenant.tenant_id, UUID(wave.wave))
    assert outcome(wave) == ("refused", reason, 0)


def test_a_batch_moved_to_another_wave_is_refused_in_both(tenant: TenantUnderTest) -> None:
    here = a_launched_wave(tenant)
    other = a_campaign(tenant, name="Other")
    launched = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{other['id']}/launch"))
    there = LaunchedWave(tenant, other["id"], launched["id"], launched["address"], codes_of(tenant, launched["id"]))
    answer_all(here)
    answer_all(there)
    statement = f"UPDATE sealed_batch SET wave_id = $3 WHERE {_ONE} RETURNING 1"  # noqa: S608 - from this file
    assert write(tenant.house, statement, tenant.tenant_id, UUID(here.wave), UUID(there.wave))
    assert outcome(here) == ("refused", "counts-disagree", 0)
    assert outcome(there) == ("refused", "batch-refused", 0)


def test_a_batch_moved_to_another_tenant_is_refused_in_both(tenant: TenantUnderTest, house: House) -> None:
    here = a_launched_wave(tenant)
    there = a_launched_wave(house.tenant("other"))
    answer_all(here)
    answer_all(there)
    statement = f"UPDATE sealed_batch SET tenant_id = $3, wave_id = $4 WHERE {_ONE} RETURNING 1"  # noqa: S608 - from this file
    moved = write(house, statement, tenant.tenant_id, UUID(here.wave), there.tenant.tenant_id, UUID(there.wave))
    assert moved
    assert outcome(here) == ("refused", "counts-disagree", 0)
    assert outcome(there) == ("refused", "batch-refused", 0)


@pytest.mark.parametrize("to", ["nobody's"])
def test_a_code_freed_by_a_renamed_row_is_not_counted_twice(tenant: TenantUnderTest, to: str) -> None:
    """One right to answer, two answers, and counts that agree: the spent row is given another serial."""
    wave = a_launched_wave(tenant)
    answer_all(wave)
    first, *_, last = wave.codes
    whose = """
        SELECT p.external_id, r.serial FROM roster_line r JOIN person p USING (tenant_id, person_id)
        WHERE r.tenant_id = $1
    """
    serials = {row["external_id"]: row["serial"] for row in write(tenant.house, whose, tenant.tenant_id)}
    other = serials[last] if to == "an abstainer's" else 4_000_000_000
    rename = "UPDATE spent_code SET serial = $3 WHERE tenant_id = $1 AND serial = $2 RETURNING 1"
    assert write(tenant.house, rename, tenant.tenant_id, serials[first], other)
    again = wave.submit(first, {"load": 1})
    status, _, cells = outcome(wave)
    assert again.status_code != 201 or (status, cells) == ("refused", 0)
