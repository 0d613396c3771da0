"""Comments that somebody altered, forged or chose wrongly: found, refused, or not shown at all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from service.releases import again as audited_again
from service.releases import comment_rows, comments
from service.responses.sheet import Sheet
from service.worker import release_keys
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.commented import TEAMS, answered, answers_of, launched, rows_of
from tests.make.world import ok

# -- altered ------------------------------------------------------------------------------------------------------

_ONE = "comment_id = (SELECT comment_id FROM release_comment WHERE tenant_id = $1 AND comment IS NOT NULL LIMIT 1)"
_MORE = """
    INSERT INTO release_comment (tenant_id, release_id, comment_id, item, node, comment)
    SELECT tenant_id, release_id, gen_random_uuid(), item, node, comment FROM release_comment
"""
_RESTORE = """
    INSERT INTO release_comment
    SELECT (jsonb_populate_record(NULL::release_comment, one)).* FROM jsonb_array_elements($1::text::jsonb) AS one
"""
ALTERED = {
    "a word": "UPDATE release_comment SET comment = comment || '!'",
    "its unit": "UPDATE release_comment SET node = node + 1",
    "its item": "UPDATE release_comment SET item = 'wish'",
    "taken away": "DELETE FROM release_comment",
    "withheld after all": "UPDATE release_comment SET comment = NULL",
    "one more": _MORE,
}


def wrong_with(tenant: TenantUnderTest, release: str) -> tuple[str, ...]:
    """What `pouls audit` says against the release."""

    async def go() -> audited_again.Again | None:
        async with tenant.house.worker_database.transaction(tenant.tenant_id) as tx:
            keys = release_keys(tenant.house.settings)
            return await audited_again.again(tx, tenant.tenant_id, UUID(release), keys, lambda *_: None)

    found: audited_again.Again | None = tenant.house.run(go)
    assert found is not None
    return found.wrong


def test_an_altered_comment_is_found_by_the_audit(tenant: TenantUnderTest) -> None:
    release = str(answered(launched(tenant))["id"])
    assert wrong_with(tenant, release) == ()
    whole = "SELECT jsonb_agg(to_jsonb(c))::text, count(*) FROM release_comment c WHERE tenant_id = $1"
    ((kept, count),) = write(tenant.house, whole, tenant.tenant_id)
    changes = {name: f"{change} WHERE {_ONE}" for name, change in ALTERED.items()}
    changes["all taken away"] = "DELETE FROM release_comment WHERE tenant_id = $1"
    for name, statement in changes.items():
        write(tenant.house, statement, tenant.tenant_id)
        assert wrong_with(tenant, release) == ("the rows are not those that were released: their hash is another",), (
            name
        )
        write(tenant.house, "DELETE FROM release_comment WHERE tenant_id = $1", tenant.tenant_id)
        write(tenant.house, _RESTORE, kept)
        assert wrong_with(tenant, release) == (), name
    tenant.house.clock.shift = timedelta(days=31)
    tenant.house.sweep()
    assert write(tenant.house, "SELECT 1 FROM sealed_batch WHERE tenant_id = $1", tenant.tenant_id) == []
    assert wrong_with(tenant, release) == ()
    assert len(rows_of(tenant, release)) == count


def _twice(records: list[bytes]) -> list[bytes]:
    """Two texts of one person to one item, and none to another."""
    return [records[0], records[0], *records[2:]]


def _another_class(records: list[bytes]) -> list[bytes]:
    """A class that somebody else's answers are of, or nobody's."""
    return [bytes(4) + record[4:] for record in records]


def _too_long(records: list[bytes]) -> list[bytes]:
    return [*records, records[0]]


def _not_text(records: list[bytes]) -> list[bytes]:
    return [records[0][:6] + b"\x01\x00\xff".ljust(len(records[0]) - 6, b"\0"), *records[1:]]


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (_twice, "batch-refused"),
        (_another_class, "class-unknown"),
        (_too_long, "batch-refused"),
        (_not_text, "batch-refused"),
    ],
)
def test_texts_that_are_not_those_of_the_people_who_answered_are_refused(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch, forge: Callable[[list[bytes]], list[bytes]], reason: str
) -> None:
    """Under a true seal, as a process that was broken into could make it."""
    wave = launched(tenant, {"A": 12})
    encode = Sheet.encode_texts
    *others, last = sorted(wave.codes)
    for person in others:
        ok(wave.submit(person, answers_of(person, 0)), 201)
    monkeypatch.setattr(Sheet, "encode_texts", lambda *given: forge(encode(*given)))
    ok(wave.submit(last, answers_of(last, 0)), 201)
    release = wave.release()
    assert (release["status"], release["reason"]) == ("refused", reason)
    assert rows_of(tenant, release["id"]) == []


def test_texts_tampered_with_are_refused(tenant: TenantUnderTest) -> None:
    wave = launched(tenant, {"A": 12})
    for person in wave.codes:
        ok(wave.submit(person, answers_of(person, 0)), 201)
    change = "UPDATE sealed_batch SET texts = set_bit(texts, 400, 1 - get_bit(texts, 400)) WHERE tenant_id = $1"
    write(tenant.house, change, tenant.tenant_id)
    release = wave.release()
    assert (release["status"], release["reason"]) == ("refused", "batch-refused")


# -- the second opinion -------------------------------------------------------------------------------------------


def _each_its_own(parents: Any, *_: Any) -> Any:
    return np.arange(len(parents))


def _all_but_the_small(_: Any, authors: Any, k: int) -> Any:
    """A threshold alone: what is left of the whole is left out of account."""
    return np.where(authors >= k, np.arange(len(authors)), 0)


def _at_another(parents: Any, *_: Any) -> Any:
    """Enough authors, at a unit that is not theirs."""
    return np.full(len(parents), 3)


@pytest.mark.parametrize(
    ("wrong", "teams"),
    [
        (_each_its_own, TEAMS),
        (_all_but_the_small, {"A": 12, "B": 4, "C": 15}),
        (_at_another, TEAMS),
    ],
)
def test_a_partition_with_too_small_a_part_publishes_nothing(
    tenant: TenantUnderTest,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    wrong: Callable[..., Any],
    teams: dict[str, int],
) -> None:
    monkeypatch.setattr(comments, "partition", wrong)
    release = answered(launched(tenant, teams))
    assert release["status"] == "published"
    rows = rows_of(tenant, release["id"])
    assert {(row["status"], row["comment"]) for row in rows} == {("withheld", None)}
    assert len(rows) == 4 * (1 + len(teams))
    said = "".join(capfd.readouterr())
    assert "comments not proved" in said
    assert "Said by" not in said


def test_a_comment_that_can_not_be_written_is_not_quoted(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The job comes again later; what failed is named by its class."""
    monkeypatch.setattr(comment_rows, "_INSERT", text(str(comment_rows._INSERT).replace("text[]", "uuid[]")))
    wave = launched(tenant, {"A": 12})
    for person in wave.codes:
        ok(wave.submit(person, answers_of(person, 0)), 201)
    ok(wave.close())
    capfd.readouterr()
    tenant.house.sweep()
    said = "".join(capfd.readouterr())
    assert "job failed" in said
    assert "Said by" not in said
    kept = [
        str(row) for row in write(tenant.house, "SELECT to_jsonb(job) FROM job WHERE tenant_id = $1", tenant.tenant_id)
    ]
    assert kept
    assert not [row for row in kept if "Said by" in row]
