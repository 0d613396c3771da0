"""The end of a wave's key, where somebody or something stands in its way."""

import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.wave_keys import WaveKeys
from service.kit.crypto import ensure_key
from service.kit.ids import new_id
from service.kit.jobs import Due, Sweeper
from service.releases import build
from tests.faults.writer import answer_all, write
from tests.fixtures.house import TenantUnderTest
from tests.make.world import LaunchedWave, a_launched_wave, ok

Patch = pytest.MonkeyPatch


def _half_of(wave: LaunchedWave) -> Path:
    ((key,),) = wave.tenant.sql("SELECT key_id FROM wave_key WHERE wave_id = :wave", wave=UUID(wave.wave))
    keys_dir: Path = wave.tenant.house.settings.keys_dir
    return keys_dir / "work" / "waves" / str(wave.tenant.tenant_id) / f"{key}.half"


def _destroyed(wave: LaunchedWave) -> bool:
    """Whether the audit log says so."""
    log = ok(wave.tenant.call("admin", "GET", "/v1/audit-log?limit=500"))["data"]
    return any(entry["action"] == "wave.destroyed" and entry["subject"] == wave.wave for entry in log)


def _later(tenant: TenantUnderTest, days: int) -> None:
    tenant.house.clock.shift = timedelta(days=days)
    tenant.house.sweep()


def test_the_key_is_destroyed_durably(tmp_path: Path, monkeypatch: Patch) -> None:
    """A name that was removed comes back after a power cut, unless its folder is written out."""
    ensure_key(tmp_path / "master.key")
    keys, tenant = WaveKeys(tmp_path), new_id()
    key, _, _ = keys.make(tenant)
    folder = tmp_path / "waves" / str(tenant)
    written: list[tuple[int, int]] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            written.append((found.st_ino, len(list(folder.iterdir()))))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    keys.destroy(tenant, key)
    assert (folder.stat().st_ino, 0) in written


def test_a_wave_whose_key_can_not_be_found_is_not_called_destroyed(tenant: TenantUnderTest) -> None:
    """A writer takes the key's row away from its wave: the half in the folder must go all the same, or be missed."""
    wave = a_launched_wave(tenant)
    answer_all(wave)
    half = _half_of(wave)
    assert wave.release()["status"] == "published"
    write(tenant.house, "UPDATE wave_key SET wave_id = NULL WHERE wave_id = $1", UUID(wave.wave))
    _later(tenant, 31)
    assert not (_destroyed(wave) and half.exists())


def test_a_release_that_never_succeeds_does_not_keep_the_key_for_ever(
    tenant: TenantUnderTest, monkeypatch: Patch
) -> None:
    """A fault of ours in the release: respondents were promised an end after the retention whatever happens."""

    def broken(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(build, "safe_table", broken)
    wave = a_launched_wave(tenant, retention_days=30)
    answer_all(wave)
    half = _half_of(wave)
    ok(wave.close())
    for days in (0, 1, 29):
        _later(tenant, days)
        assert half.exists()
    for days in (32, 33, 40):
        _later(tenant, days)
    assert not half.exists()


def test_a_longer_retention_in_the_row_is_not_obeyed(tenant: TenantUnderTest) -> None:
    """Its length is in the contract that respondents were shown."""
    wave = a_launched_wave(tenant, retention_days=1)
    answer_all(wave)
    half = _half_of(wave)
    write(tenant.house, "UPDATE campaign SET retention_days = 3650 WHERE tenant_id = $1", tenant.tenant_id)
    ok(wave.close())
    _later(tenant, 0)
    for days in (2, 5):
        _later(tenant, days)
    assert not half.exists()


def test_a_release_whose_commit_is_lost_is_made_again(tenant: TenantUnderTest) -> None:
    """The key folder remembers the release before the database does; the second try must be known as the same."""
    wave = a_launched_wave(tenant)
    answer_all(wave)
    house = tenant.house
    handler = house.sweeper._handlers["release_wave"]

    async def lost(tx: AsyncSession, due: Due) -> None:
        await handler(tx, due)
        raise ConnectionError

    ok(wave.close())
    assert house.run(Sweeper(house.worker_database, {"release_wave": lost}, house.clock).step)
    assert ok(tenant.call("aggregates:read", "GET", f"/v1/releases?wave={wave.wave}"))["data"] == []
    house.clock.shift = timedelta(minutes=5)
    house.sweep()
    found = ok(tenant.call("aggregates:read", "GET", f"/v1/releases?wave={wave.wave}"))["data"]
    assert [(release["status"], release["reason"]) for release in found] == [("published", None)]
