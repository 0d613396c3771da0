"""A whole tenant taken away and ended: all of it, in every table there is, and nothing of anybody else's."""

import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.campaigns.wave_keys import WaveKeys
from service.kit.crypto import KeyMissing
from service.kit.ids import new_id
from service.kit.migrate import every_table
from service.privacy import tenant_files
from service.privacy.tenant_end import FORMAT
from service.releases.certificate import CertificateRefused, verified
from tests.faults.test_row_security import inhabit
from tests.faults.writer import write
from tests.fixtures.house import House
from tests.flows.children import here

Capture = pytest.CaptureFixture[str]


def command(house: House, monkeypatch: pytest.MonkeyPatch, capsys: Capture, *arguments: object) -> Any:
    """`pouls tenants ...` on the house's database and with its keys."""
    environment = {
        "POULS_DATABASE_URL": house.postgres.url("pouls_owner"),
        "POULS_KEYS_DIR": str(house.settings.keys_dir),
    }
    return here(monkeypatch, capsys, "tenants", *map(str, arguments), environment=environment)


def tables() -> list[str]:
    return sorted(table.name for table in every_table().tables.values() if "tenant_id" in table.columns)


def rows_of(house: House, tenant: UUID) -> dict[str, int]:
    """How many rows of a tenant each table has, where there are any."""
    counted = {
        name: write(house, f"SELECT count(*) FROM {name} WHERE tenant_id = $1", tenant)[0][0]  # noqa: S608 - names of ours
        for name in tables()
    }
    return {name: count for name, count in counted.items() if count}


def others(house: House, tenant: UUID) -> dict[str, str]:
    """A digest, by table, of every row that is not the tenant's."""
    return {
        name: write(
            house,
            f"SELECT coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') FROM {name} t WHERE tenant_id <> $1",  # noqa: S608 - same reason
            tenant,
        )[0][0]
        for name in tables()
    }


@pytest.fixture(scope="module")
def full(house: House) -> UUID:
    """A tenant with rows everywhere, beside another one."""
    inhabit(house)
    tenant = inhabit(house)
    house.write_readings()
    return tenant


def test_an_export_holds_every_row_and_no_secret(
    house: House, full: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    out = tmp_path / "acme.zip"
    done = command(house, monkeypatch, capsys, "export", full, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    held = rows_of(house, full)
    with zipfile.ZipFile(out) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        lines = {
            name: [json.loads(line) for line in archive.read(f"{name}.ndjson").splitlines()]
            for name in manifest["tables"]
        }
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert manifest["tables"].keys() | manifest["left_out"].keys() == set(tables())
    assert {name: len(found) for name, found in lines.items() if found} == {
        name: count for name, count in held.items() if name not in manifest["left_out"]
    }
    assert {row["tenant_id"] for found in lines.values() for row in found} == {str(full)}
    (secret,) = write(house, "SELECT encode(secret_hash, 'hex') FROM api_key WHERE tenant_id = $1 LIMIT 1", full)
    halves = "SELECT encode(sealed_half, 'hex') FROM wave_key WHERE tenant_id = $1 AND sealed_half <> '' LIMIT 1"
    (half,) = write(house, halves, full)
    for text in (secret[0], half[0], '"sealed_half":', '"secret_hash":', '"salt":', '"records":'):
        assert text.encode() not in everything
    again = command(house, monkeypatch, capsys, "export", full, "--out", out)
    assert (again.returncode, again.stderr) == (1, "pouls: acme.zip is there already\n")
    nobody = command(house, monkeypatch, capsys, "export", new_id(), "--out", tmp_path / "none.zip")
    assert nobody.returncode == 1
    assert not (tmp_path / "none.zip").exists()


def test_only_whoever_types_the_name_deletes(
    house: House, full: UUID, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    before = rows_of(house, full)
    done = command(house, monkeypatch, capsys, "delete", full, "--yes-delete", "Inhabited")
    assert (done.returncode, done.stderr) == (1, "pouls: that is not the tenant's name; nothing was deleted\n")
    assert rows_of(house, full) == before


def test_a_tenant_is_deleted_whole_and_no_other(
    house: House, full: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    before, beside = rows_of(house, full), others(house, full)
    assert len(before) > 30
    halves = write(house, "SELECT key_id, sealed_half FROM wave_key WHERE tenant_id = $1", full)
    receipt = tmp_path / "receipt.json"
    done = command(house, monkeypatch, capsys, "delete", full, "--yes-delete", "inhabited", "--receipt", receipt)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows_of(house, full) == {}
    assert others(house, full) == beside
    signed = json.loads(receipt.read_text())
    assert signed == json.loads(done.stdout)
    said = verified(signed, FORMAT)
    assert said["rows"] == before
    assert {one["key"] for one in said["keys"]} == {str(row["key_id"]) for row in halves}
    assert {one["opens"] for one in said["keys"]} == {False}
    with pytest.raises(CertificateRefused):
        verified(signed | {"certificate": said | {"rows": {}}}, FORMAT)
    keys = WaveKeys(house.settings.keys_dir / "work")
    for row in halves:
        with pytest.raises((KeyMissing, ValueError)):
            keys.private_key(full, row["key_id"], row["sealed_half"])
    gone = command(house, monkeypatch, capsys, "delete", full, "--yes-delete", "inhabited")
    assert gone.returncode == 1
    assert gone.stderr.startswith("pouls: there is no tenant ")


def test_what_is_left_out_of_an_export_is_a_table_of_ours() -> None:
    assert set(tables()) >= set(tenant_files.LEFT_OUT)
