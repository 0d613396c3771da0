"""After the destruction: a backup of the database from before, with every key that still exists, opens no batch.

Which key lives where: in the database, of each wave the public key and one half of the private one (`wave_key`); in the
key folder `work/master.key`, which wraps the private key before it is halved, `work/waves/TENANT/KEY.half`, the other
half, and `work/signing.key`; in `api/intake.key` the key that codes, contracts and batches are authenticated with. The
half in the key folder alone is destroyed; whatever else there is may be kept for ever.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from service.campaigns.wave_keys import WaveKeys
from service.kit.crypto import KeyMissing, bytes_of
from service.releases.certificate import verified
from tests.faults.writer import answer_all, write
from tests.fixtures.house import TenantUnderTest
from tests.make.world import LaunchedWave, a_launched_wave, ok


@dataclass(frozen=True)
class Backup:
    """The rows that hold or could open answers, as a dump of the database has them."""

    key_id: UUID
    public_key: bytes
    sealed_half: bytes
    batches: list[tuple[bytes, bytes]]


def backup_of(wave: LaunchedWave) -> Backup:
    house, ident = wave.tenant.house, UUID(wave.wave)
    ((key_id, public_key, half),) = write(
        house, "SELECT key_id, public_key, sealed_half FROM wave_key WHERE wave_id = $1", ident
    )
    batches = write(house, "SELECT records, texts FROM sealed_batch WHERE wave_id = $1", ident)
    return Backup(UUID(str(key_id)), bytes(public_key), bytes(half), [tuple(map(bytes, row)) for row in batches])  # type: ignore[misc]  # two columns


def opened(backup: Backup, private_key: PrivateKey) -> int:
    """How many ciphertexts this key opens."""
    box = SealedBox(private_key)
    found = 0
    for ciphertext in (one for batch in backup.batches for one in batch):
        try:
            box.decrypt(ciphertext)
        except CryptoError:
            continue
        found += 1
    return found


def every_key(backup: Backup, tenant: UUID, keys_dir: Path) -> list[PrivateKey]:
    """Whatever can be put together: the right way, and each file and half taken for a key, or for one half of one."""
    found: list[PrivateKey] = []
    with suppress(KeyMissing, CryptoError):
        found.append(WaveKeys(keys_dir / "work").private_key(tenant, backup.key_id, backup.sealed_half))
    files = [path.read_bytes() for path in keys_dir.rglob("*") if path.is_file()]
    pieces = [*files, backup.sealed_half, backup.public_key]
    pieces += [bytes(a ^ b for a, b in zip(one, backup.sealed_half, strict=False)) for one in pieces]
    whole: list[Callable[[bytes], bytes]] = [lambda piece: piece[:32], lambda piece: piece[-32:]]
    found += [PrivateKey(cut(piece)) for cut, piece in product(whole, pieces) if len(piece) >= 32]
    return found


@pytest.fixture
def answered(tenant: TenantUnderTest) -> LaunchedWave:
    wave = a_launched_wave(tenant)
    answer_all(wave)
    assert wave.release()["status"] == "published"
    return wave


def test_before_the_destruction_the_same_search_opens_every_batch(answered: LaunchedWave) -> None:
    """So that the test below can fail."""
    backup, tenant = backup_of(answered), answered.tenant
    keys = every_key(backup, tenant.tenant_id, tenant.house.settings.keys_dir)
    assert len(backup.batches) == 20
    assert max(opened(backup, key) for key in keys) == 40


@pytest.mark.parametrize("how", ["on schedule", "on demand"])
def test_an_old_backup_with_every_key_that_is_left_opens_nothing(answered: LaunchedWave, how: str) -> None:
    backup, tenant = backup_of(answered), answered.tenant
    if how == "on demand":
        ok(tenant.call("campaigns:write", "POST", f"/v1/waves/{answered.wave}/destroy"), 202)
    else:
        tenant.house.clock.shift = timedelta(days=31)
    tenant.house.sweep()
    keys = every_key(backup, tenant.tenant_id, tenant.house.settings.keys_dir)
    assert keys
    assert [opened(backup, key) for key in keys] == [0] * len(keys)
    proof: dict[str, Any] = ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{answered.wave}/destruction"))
    said = proof["certificate"]
    assert said["opens"] is False
    assert PublicKey(bytes.fromhex(said["public_key"])) == PublicKey(backup.public_key)
    assert said["sealed"]["batches"] == len(backup.batches)
    assert bytes_of(proof["signature"])


def test_the_proof_s_signature_holds_and_an_altered_one_s_does_not(answered: LaunchedWave) -> None:
    tenant = answered.tenant
    ok(tenant.call("campaigns:write", "POST", f"/v1/waves/{answered.wave}/destroy"), 202)
    tenant.house.sweep()
    proof = ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{answered.wave}/destruction"))
    assert verified(proof, "pouls-destruction/1")["wave"] == answered.wave
    altered = proof | {"certificate": proof["certificate"] | {"opens": True}}
    with pytest.raises(ValueError, match="signature"):
        verified(altered, "pouls-destruction/1")
