"""A copy of the database without the keys shows nobody's answers; and this test would notice if it did."""

import hashlib
import json
import random
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from service.campaigns.codes import Codes, Right
from service.campaigns.inviting import roster
from service.campaigns.taking_part import lines
from service.kit.ids import new_id
from service.kit.postgres import Embedded
from service.responses import intake
from service.responses.intake import Intake, Outcome, Submission
from service.responses.seal import Batch, Seal
from service.responses.sheet import Sheet
from service.responses.waves import LaunchedWave
from tests.faults.dump import Known, checkpointed, findings, rows_before, steal
from tests.faults.sealed_world import (
    ALONE,
    a_wave,
    answer_alone,
    answer_together,
    hris_order,
    key_of,
    responses_of,
    serial_and_label,
    sizes,
)
from tests.fixtures.house import TenantUnderTest
from tests.make.world import post

Patch = pytest.MonkeyPatch
Capture = pytest.CaptureFixture[bytes]


def what_a_thief_finds(
    tenant: TenantUnderTest, logs: Capture, looked_for: int | None = None, *, with_files: bool = True
) -> set[str]:
    """The whole story: a wave, fifty answers one by one, sixty together, some refused; then everything is stolen."""
    postgres = tenant.house.postgres
    if not isinstance(postgres, Embedded):
        pytest.skip("the raw files of a foreign server are not ours to read")
    segment = checkpointed(postgres) if with_files else None
    wave = a_wave(tenant)
    tenant.house.write_readings()
    before = rows_before(postgres, tenant.tenant_id)
    responses = responses_of(wave)
    started = datetime.now(UTC)
    for response in responses[:ALONE]:
        answer_alone(tenant, response)
    answer_together(tenant, responses[ALONE:])
    ended = datetime.now(UTC)
    provoke_refusals(tenant, responses[0].code, responses[0].answers["word"])
    record_size, text_bytes = sizes()
    known = Known(
        tenant=tenant.tenant_id,
        wave=UUID(wave.wave),
        record_size=record_size,
        text_bytes=text_bytes,
        responses={serial_and_label(response.code)[0]: response for response in responses},
        roster=hris_order(wave),
        started=started,
        ended=ended,
        before=before,
        private_key=key_of(tenant, wave.wave),
        looked_for=looked_for,
    )
    return findings(steal(postgres, segment), known, b"".join(logs.readouterr()))


def provoke_refusals(tenant: TenantUnderTest, code: str, word: str) -> None:
    """What goes wrong is where a careless log would tell."""
    assert post(tenant, code, {"word": word}).status_code in {201, 409}  # 201: only with a fault
    assert post(tenant, code, {"word": word * 9}).status_code == 422
    assert post(tenant, code[:-1] + ("A" if code[-1] != "A" else "B"), {"word": word}).status_code == 403
    broken = json.dumps({"code": code, "answers": {"word": word}})[:-1]
    headers = {"Content-Type": "application/json"}
    assert tenant.call(None, "POST", "/v1/respond", content=broken, headers=headers).status_code == 400
    assert tenant.call(None, "GET", f"/v1/respond/{code}").status_code == 404
    assert tenant.call(None, "GET", f"/v1/respond/{code}?word={word}").status_code == 422


def test_a_stolen_copy_shows_no_answer(tenant: TenantUnderTest, capfdbinary: Capture) -> None:
    assert what_a_thief_finds(tenant, capfdbinary) == set()


# -- the same test against a service with a fault ------------------------------------------------------------


def _stored_beside_the_code(patch: Patch, computed: Callable[[Submission], bytes]) -> None:
    submit = Intake.submit

    async def careless(self: Intake, wave: LaunchedWave, submission: Submission) -> Outcome:
        submission.nonce_digest = computed(submission)
        return await submit(self, wave, submission)

    patch.setattr(Intake, "submit", careless)


def _sealing_off(patch: Patch) -> None:
    class Open:
        def __init__(self, _: object) -> None:
            pass

        def encrypt(self, plain: bytes) -> bytes:
            return bytes(48) + plain

    patch.setattr("service.responses.seal.SealedBox", Open)


def _texts_not_padded(patch: Patch) -> None:
    encode = Sheet.encode_texts
    patch.setattr(Sheet, "encode_texts", lambda *given: [text.rstrip(b"\0") for text in encode(*given)])


def _skips_left_out(patch: Patch) -> None:
    encode = Sheet.encode
    patch.setattr(Sheet, "encode", lambda *given: encode(*given).replace(b"\x00\x80", b""))


def _record_hash(patch: Patch) -> None:
    _stored_beside_the_code(patch, lambda one: hashlib.sha256(one.record).digest())


def _salted_hash(patch: Patch) -> None:
    _stored_beside_the_code(patch, lambda one: hashlib.sha256(one.nonce_digest + one.record).digest())


def _cut_hash(patch: Patch) -> None:
    _stored_beside_the_code(patch, lambda one: one.nonce_digest[:16] + hashlib.md5(one.record).digest())  # noqa: S324 - a fault on purpose


def _checksum(patch: Patch) -> None:
    _stored_beside_the_code(patch, lambda one: one.nonce_digest[:28] + zlib.crc32(one.record).to_bytes(4, "big"))


def _answers_hash(patch: Patch) -> None:
    """Of the answers as they came, in a place that nobody thinks of."""
    encode = Sheet.encode

    def careless(self: Sheet, label: int, answers: dict[str, Any]) -> bytes:
        seen.append(hashlib.blake2b(json.dumps(answers, separators=(",", ":")).encode(), digest_size=16).digest())
        return encode(self, label, answers)

    seen: list[bytes] = []
    patch.setattr(Sheet, "encode", careless)
    patch.setattr(intake, "uuid4", lambda: UUID(bytes=seen[-1]))


def _code_kept(patch: Patch) -> None:
    read = Codes.read
    seen: list[str] = []

    def careless(self: Codes, code: str) -> Right:
        seen.append(code)
        return read(self, code)

    patch.setattr(Codes, "read", careless)
    _stored_beside_the_code(patch, lambda _: seen[-1].encode())


def _shuffle_off(patch: Patch) -> None:
    _shuffle_with(patch, lambda _: None)


def _texts_follow_records(patch: Patch) -> None:
    """Records are shuffled, texts lie beside them."""
    _shuffle_with(patch, lambda items: random.shuffle(items) if isinstance(items[0], Submission) else None)


def _shuffle_with(patch: Patch, shuffle: Callable[[list[Any]], None]) -> None:
    close = Intake._close

    def careless(self: Intake, *given: Any) -> tuple[Any, ...]:
        patch.setattr(self, "_shuffle", shuffle)
        return close(self, *given)

    patch.setattr(Intake, "_close", careless)


def _serials_in_order(patch: Patch) -> None:
    _lines_with(patch, "ORDER BY gen_random_uuid()", "ORDER BY p.ctid")


def _serials_by_id(patch: Patch) -> None:
    _lines_with(patch, "ORDER BY gen_random_uuid()", "ORDER BY p.person_id")


def _lines_in_order(patch: Patch) -> None:
    place = "SELECT ctid FROM person p WHERE p.tenant_id = :tenant AND p.person_id = drawn.person_id"
    _lines_with(patch, "FROM drawn ORDER BY serial", f"FROM drawn ORDER BY ({place})")
    # Signing writes them again.
    patch.setattr(lines, "_LINES", text(lines._LINES.text.replace("ORDER BY r.serial", "ORDER BY r.ctid")))


def _lines_with(patch: Patch, old: str, new: str) -> None:
    assert old in roster._LINES
    patch.setattr(roster, "_LINES", roster._LINES.replace(old, new))


def _time_in_id(patch: Patch) -> None:
    patch.setattr(intake, "uuid4", new_id)


def _id_by_counter(patch: Patch) -> None:
    start = uuid4().int >> 40 << 40
    numbers = iter(range(1, 1000))
    patch.setattr(intake, "uuid4", lambda: UUID(int=start + next(numbers)))


def _time_in_batch(patch: Patch) -> None:
    close = Seal.close

    def careless(self: Seal, *given: Any) -> Batch:
        made = close(self, *given)
        # Eight of the ephemeral key's bytes: the length tells nothing.
        stamped = time.time_ns().__floordiv__(1000).to_bytes(8, "big") + made.texts[8:]
        return Batch(made.batch_id, made.received_on, made.response_count, made.records, stamped, made.mac)

    patch.setattr(Seal, "close", careless)


def _row_per_response(patch: Patch) -> None:
    noted = """
        WITH noted AS (
            INSERT INTO audit_entry (tenant_id, entry_id, at, actor, action, subject, detail)
            SELECT $1::uuid, gen_random_uuid(), now(), 'intake', 'answered', $2::uuid::text, '{}'),
    """
    patch.setattr(intake, "_SPEND", intake._SPEND.replace("WITH", noted, 1))


def _logged(patch: Patch) -> None:
    submit = Intake.submit

    async def careless(self: Intake, wave: LaunchedWave, submission: Submission) -> Outcome:
        intake.log.info("answer", texts=[text.rstrip(b"\0")[8:].decode() for text in submission.texts])
        return await submit(self, wave, submission)

    patch.setattr(Intake, "submit", careless)


Fault = tuple[Callable[[Patch], None], set[str]]
# Each fault has findings of its own, so several that do not touch each other are put into one service: the world and
# the dump take the time, not the faults.
SERVICES: dict[str, list[Fault]] = {
    "nothing sealed": [
        (
            _sealing_off,
            {
                "record (hex) in the dump",
                "record in the base files",
                "text in the base files",
                "text in the pg_wal files",
            },
        ),
        (_serials_in_order, {"serials follow the HRIS's order"}),
    ],
    "telling texts": [
        (_texts_not_padded, {"telling length of texts"}),
        (_record_hash, {"sha256 of record in the base files", "sha256 of record in the pg_wal files"}),
        (_time_in_id, {"a batch id is not random", "sealed_batch.batch_id tells the time"}),
        (_lines_in_order, {"roster lines lie in the HRIS's order"}),
    ],
    "telling records": [
        (_skips_left_out, {"telling length of records"}),
        (_salted_hash, {"sha256 of nonce digest before record (hex) in the dump"}),
        (_row_per_response, {"rows of audit_entry came with the answers"}),
        (_serials_by_id, {"serials follow the people's ids"}),
    ],
    "no shuffle": [
        (_shuffle_off, {"records lie in the order of serials", "texts lie in the order of records"}),
        (_cut_hash, {"md5 of record (hex) in the dump"}),
        (_logged, {"text in the service log"}),
        (_id_by_counter, {"batch ids follow their arrival"}),
    ],
    "half a shuffle": [
        (_texts_follow_records, {"texts lie in the order of records"}),
        (_checksum, {"crc32 of record in spent_code.nonce_digest"}),
    ],
    "telling ids": [
        (_time_in_batch, {"sealed_batch.texts tells the time"}),
        (_code_kept, {"code (hex) in the dump"}),
        (_answers_hash, {"blake2b_16 of answers as escaped JSON in the base files"}),
    ],
}


@pytest.mark.parametrize("service", SERVICES)
def test_each_fault_is_noticed(tenant: TenantUnderTest, monkeypatch: Patch, capfdbinary: Capture, service: str) -> None:
    for fault, _ in SERVICES[service]:
        fault(monkeypatch)
    expected = set().union(*(findings for _, findings in SERVICES[service]))
    in_files = any(finding.endswith("files") for finding in expected)
    found = what_a_thief_finds(tenant, capfdbinary, looked_for=10, with_files=in_files)
    assert expected - found == set()
