"""The keys: who reads them, what is left without them, and that their end is the end."""

import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from service.campaigns.wave_keys import WaveKeys
from service.cli import local
from service.kit.crypto import KEY_BYTES, KeyMissing, ensure_key, read_key, write_new
from service.kit.ids import new_id
from service.kit.postgres import Embedded
from service.settings import Settings
from tests.faults.writer import answer_all, outcome, write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import LaunchedWave, a_launched_wave, ok


def half_of(wave: LaunchedWave) -> Path:
    """The file with the folder's half of a wave's key."""
    ((key,),) = wave.tenant.sql("SELECT key_id FROM wave_key WHERE wave_id = :wave", wave=UUID(wave.wave))
    keys_dir: Path = wave.tenant.house.settings.keys_dir
    return keys_dir / "work" / "waves" / str(wave.tenant.tenant_id) / f"{key}.half"


# -- what a key folder looks like ----------------------------------------------------------------------------


def test_key_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask says; the folders too, since a name tells how many waves there are."""
    before = os.umask(0)
    try:
        folder = tmp_path / "somewhere" / "keys"
        local.prepare_keys(Settings.model_validate({"keys": {"dir": folder}}))
        WaveKeys(folder / "work").make(new_id())
    finally:
        os.umask(before)
    modes = {path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    modes[Path("somewhere/keys")] = stat.S_IMODE(folder.stat().st_mode)
    assert len(modes) == 10
    wrong = {str(path): oct(mode) for path, mode in modes.items() if mode != (0o600 if path.suffix else 0o700)}
    assert wrong == {}


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    write_new(tmp_path / "k" / "a.key", b"x" * KEY_BYTES)
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "k" / "a.key", b"y" * KEY_BYTES)
    ensure_key(tmp_path / "k" / "a.key")
    assert read_key(tmp_path / "k" / "a.key") == b"x" * KEY_BYTES
    assert [path.name for path in (tmp_path / "k").iterdir()] == ["a.key"]


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_key_of_another_length_is_no_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.key").write_bytes(content)
    with pytest.raises(KeyMissing):
        read_key(tmp_path / "a.key")


def test_one_half_is_noise_without_the_other(tmp_path: Path) -> None:
    """Each half is as random as a one-time pad: the same private key, split twice, has nothing in common."""
    ensure_key(tmp_path / "master.key")
    keys = WaveKeys(tmp_path)
    tenant = new_id()
    key, public, sealed_half = keys.make(tenant)
    assert bytes(keys.private_key(tenant, key, sealed_half).public_key) == public
    ensure_key(tmp_path / "other" / "master.key")
    (tmp_path / "other" / "waves").symlink_to(tmp_path / "waves")
    with pytest.raises(CryptoError):
        WaveKeys(tmp_path / "other").private_key(tenant, key, sealed_half)
    keys.destroy(tenant, key)
    with pytest.raises(KeyMissing):
        keys.private_key(tenant, key, sealed_half)


def test_a_half_whose_writing_was_cut_short_is_destroyed_too(tmp_path: Path) -> None:
    """A worker killed between the file's two names leaves both; the end of the key must be the end of each."""
    ensure_key(tmp_path / "master.key")
    tenant, key = new_id(), new_id()
    script = (
        "import os, sys; from pathlib import Path; import service.kit.crypto as crypto\n"
        "Path.unlink = lambda *_, **__: os._exit(9)\n"
        "crypto.write_new(Path(sys.argv[1]), b'h' * 72)\n"
    )
    path = tmp_path / "waves" / str(tenant) / f"{key}.half"
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == 9
    assert path.read_bytes() == b"h" * 72
    WaveKeys(tmp_path).destroy(tenant, key)
    assert [left.name for left in path.parent.iterdir()] == []


# -- a wave without its key ----------------------------------------------------------------------------------


DAMAGE = [
    "UPDATE wave_key SET sealed_half = set_bit(sealed_half, 9, 1 - get_bit(sealed_half, 9)) WHERE wave_id = $1",
    "UPDATE wave_key SET sealed_half = '' WHERE wave_id = $1",
    "UPDATE wave_key SET wave_id = NULL WHERE wave_id = $1",
]


def _releases(wave: LaunchedWave) -> list[tuple[str, str | None]]:
    found = ok(wave.tenant.call("aggregates:read", "GET", f"/v1/releases?wave={wave.wave}"))["data"]
    return [(release["status"], release["reason"]) for release in found]


def test_a_key_folder_that_is_away_is_waited_for(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    answer_all(wave)
    half = half_of(wave)
    kept = half.read_bytes()
    half.unlink()
    ok(wave.close())
    tenant.house.sweep()
    assert _releases(wave) == []
    half.write_bytes(kept)
    tenant.house.clock.shift = timedelta(minutes=10)
    tenant.house.sweep()
    assert _releases(wave) == [("published", None)]


@pytest.mark.parametrize("damage", [*DAMAGE, None], ids=["a bit", "emptied", "taken away", "folder"])
def test_a_wave_whose_key_stays_away_is_refused_when_its_retention_ends(
    tenant: TenantUnderTest, damage: str | None
) -> None:
    """Not tried again for ever: the answers could never be destroyed in time either."""
    wave = a_launched_wave(tenant, retention_days=2)
    answer_all(wave)
    if damage is None:
        half = half_of(wave)
        half.write_bytes(half.read_bytes()[:-1])
    else:
        write(tenant.house, damage, UUID(wave.wave))
    ok(wave.close())
    tenant.house.sweep()
    assert _releases(wave) == []
    tenant.house.clock.shift = timedelta(days=3, minutes=10)
    tenant.house.sweep()
    assert _releases(wave) == [("refused", "key-gone")]
    # Where the key's row no longer says whose it is, nothing is called destroyed.
    assert bool(_stored(wave)) == (damage is not None and "wave_id = NULL" in damage)


# -- the end of a wave ---------------------------------------------------------------------------------------


def _stored(wave: LaunchedWave) -> list[bytes]:
    return [row[0] for row in wave.tenant.sql("SELECT records FROM sealed_batch WHERE wave_id = :w", w=UUID(wave.wave))]


def test_after_retention_no_copy_of_the_database_opens(tenant: TenantUnderTest, house: House) -> None:
    wave = a_launched_wave(tenant, retention_days=30)
    answer_all(wave)
    work = house.settings.keys_dir / "work"
    ((key, half),) = tenant.sql("SELECT key_id, sealed_half FROM wave_key WHERE wave_id = :w", w=UUID(wave.wave))
    old_copy = _stored(wave)
    ok_key = WaveKeys(work).private_key(tenant.tenant_id, key, half)
    assert SealedBox(ok_key).decrypt(old_copy[0])
    folder_half = half_of(wave).read_bytes()
    dumped = house.postgres.pg_dump() if isinstance(house.postgres, Embedded) else b""

    release = wave.release()
    house.clock.shift = timedelta(days=29)
    house.sweep()
    assert half_of(wave).exists()
    house.clock.shift = timedelta(days=30, minutes=1)
    house.sweep()

    # The half is nowhere, under no name; nor is the private key.
    assert [path for path in work.rglob("*") if path.is_file() and path.read_bytes() == folder_half] == []
    with pytest.raises(KeyMissing):
        WaveKeys(work).private_key(tenant.tenant_id, key, half)
    for other in _keys_left(work, house):
        for batch in old_copy:
            with pytest.raises(CryptoError):
                SealedBox(other).decrypt(batch)
    assert bytes(ok_key).hex().encode() not in dumped
    # With it goes what hangs on a person; the release stays.
    for table in ("sealed_batch", "spent_code", "roster_line", "wave_class"):
        assert tenant.sql(f"SELECT count(*) FROM {table} WHERE wave_id = :w", w=UUID(wave.wave)) == [(0,)], table  # noqa: S608 - a name of ours
    assert tenant.sql("SELECT sealed_half FROM wave_key WHERE wave_id = :w", w=UUID(wave.wave)) == [(b"",)]
    kept = ok(tenant.call("aggregates:read", "GET", f"/v1/releases/{release['id']}"))
    assert kept["status"] == "published"
    log = ok(tenant.call("admin", "GET", "/v1/audit-log"))["data"]
    assert [entry["subject"] for entry in log if entry["action"] == "wave.destroyed"] == [wave.wave]


def _keys_left(work: Path, house: House) -> list[PrivateKey]:
    """Every private key that can still be put together, of any tenant."""
    keys = WaveKeys(work)
    out = []
    for row in write(house, "SELECT tenant_id, key_id, sealed_half FROM wave_key WHERE length(sealed_half) > 0"):
        try:
            out.append(keys.private_key(row["tenant_id"], row["key_id"], row["sealed_half"]))
        except (KeyMissing, CryptoError, ValueError):  # what other tests damaged
            continue
    assert out
    return out


def test_nothing_is_kept_where_retention_is_zero(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, retention_days=0)
    answer_all(wave)
    half = half_of(wave)
    assert wave.release()["status"] == "published"
    tenant.house.sweep()
    assert not half.exists()
    assert _stored(wave) == []


@pytest.mark.parametrize("end", ["refused", "cancelled"])
def test_a_wave_that_is_not_published_ends_too(tenant: TenantUnderTest, end: str) -> None:
    wave = a_launched_wave(tenant, retention_days=30)
    answer_all(wave)
    half = half_of(wave)
    if end == "refused":
        write(tenant.house, "DELETE FROM spent_code WHERE tenant_id = $1", tenant.tenant_id)
        assert outcome(wave)[0] == "refused"
    else:
        ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{wave.campaign}/cancel"))
    tenant.house.clock.shift = timedelta(days=31)
    tenant.house.sweep()
    assert not half.exists()
    assert _stored(wave) == []


def test_a_destroyed_wave_is_not_released_again(tenant: TenantUnderTest) -> None:
    """Closing waves and their end may come in any order after an outage."""
    wave = a_launched_wave(tenant, retention_days=0)
    answer_all(wave)
    ok(wave.close())
    tenant.house.clock.shift = timedelta(days=400)
    tenant.house.sweep()
    found = ok(tenant.call("aggregates:read", "GET", f"/v1/releases?wave={wave.wave}"))["data"]
    assert [release["status"] for release in found] == ["published"]
    assert _stored(wave) == []
