"""A wave whose answers were tampered with, whose key is away, or whose release never succeeds."""

from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.world import LaunchedWave, a_launched_wave, cells_of, ok

READ = "aggregates:read"


def releases(tenant: TenantUnderTest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(tenant.call(READ, "GET", "/v1/releases"))["data"]
    return found


TAMPERED = {
    "count": ("UPDATE sealed_batch SET response_count = response_count + 1", "batch-refused"),
    "bit": ("UPDATE sealed_batch SET records = set_byte(records, 40, get_byte(records, 40) # 1)", "batch-refused"),
    "day": ("UPDATE sealed_batch SET received_on = received_on - 1", "batch-refused"),
    "copy": (
        """INSERT INTO sealed_batch
        SELECT tenant_id, wave_id, gen_random_uuid(), received_on, response_count, records, texts, mac
        FROM sealed_batch LIMIT 1""",
        "batch-refused",
    ),
    "fewer codes": ("DELETE FROM spent_code WHERE serial = 0", "counts-disagree"),
    "no batch": ("DELETE FROM sealed_batch", "counts-disagree"),
    "class": ("WITH line AS (DELETE FROM roster_line RETURNING 1) DELETE FROM wave_class", "contract-broken"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_release_of_answers_that_were_tampered_with_says_so(tenant: TenantUnderTest, how: str) -> None:
    statement, reason = TAMPERED[how]
    wave = a_launched_wave(tenant, {"A": 12})
    for person in wave.codes:
        ok(wave.submit(person, {"load": 3}), 201)
    tenant.sql(statement)
    refused(wave, reason)


def test_a_release_whose_key_is_away_waits_for_it(tenant: TenantUnderTest) -> None:
    """A key folder may be mounted late: that is no reason to give the answers up."""
    wave = a_launched_wave(tenant, {"A": 12})
    for person in wave.codes:
        ok(wave.submit(person, {"load": 3}), 201)
    folder = tenant.house.settings.keys_dir / "work" / "waves" / str(tenant.tenant_id)
    away = folder.rename(folder.with_name(f"{folder.name}.away"))
    ok(wave.close())
    tenant.house.sweep()
    assert releases(tenant) == []
    away.rename(folder)
    tenant.house.clock.shift = timedelta(minutes=10)
    tenant.house.sweep()
    (found,) = releases(tenant)
    assert found["status"] == "published"
    assert ended(wave) == "released"


def test_answers_go_at_their_time_even_if_the_release_never_succeeds(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contract says how long they are kept; a fault of ours is no reason to keep them longer."""
    wave = a_launched_wave(tenant, {"A": 12}, retention_days=3)
    ok(wave.submit("A-0", {"load": 3}), 201)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("service.releases.publish.publish", broken)
    ok(wave.close())
    for days in (0, 2, 4, 30):
        tenant.house.clock.shift = timedelta(days=days)
        tenant.house.sweep()
        kept = tenant.sql("SELECT count(*) FROM sealed_batch")[0][0]
        assert kept == (1 if days < 3 else 0), days


def ended(wave: LaunchedWave) -> str:
    """The state of a wave whose retention runs."""
    tenant = wave.tenant
    assert tenant.sql("SELECT count(*) FROM job WHERE kind = 'destroy_wave'")[0][0] == 1
    waves = ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns/{wave.campaign}/waves"))
    return str(waves[0]["state"])


def refused(wave: LaunchedWave, reason: str) -> None:
    """No cell, and a reason."""
    found = wave.release()
    assert (found["status"], found["reason"]) == ("refused", reason)
    assert ended(wave) == "refused"
    assert cells_of(wave.tenant, found["id"]) == []
    csv = wave.tenant.call(READ, "GET", f"/v1/releases/{found['id']}/cells.csv").text
    assert len(csv.splitlines()) == 1  # names of columns alone
