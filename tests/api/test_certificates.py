"""What an auditor proved of a release: signed, shown, verified again; and what becomes of what it does not prove."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from nacl.signing import VerifyKey
from typer.testing import CliRunner

from service.campaigns.promises.contract import canonical
from service.cli import app
from service.disclosure import audit as auditor
from service.disclosure import linked_patterns
from service.disclosure.audit import Verdict
from service.kit.crypto import bytes_of
from service.kit.mendable import Mendable
from service.releases import again as audited_again
from service.releases.certificate import CertificateRefused, Signer, verified
from service.releases.problems import KeyGone
from service.worker import release_keys
from tests.api.test_breakdowns import BY_SITE, TREE, answered, launched, organised
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_campaign, cells_of, codes_of, ok

READ = "aggregates:read"
TEAMS = {"A": 60, "B": 45, "C": 20, "D": 4}


def a_wave(house: House, plan: list[list[str]]) -> LaunchedWave:
    tenant = house.tenant()
    organised(tenant, TEAMS)
    return launched(tenant, plan)


@pytest.fixture(scope="module")
def released(house: House) -> tuple[TenantUnderTest, str]:
    wave = a_wave(house, BY_SITE)
    return wave.tenant, str(answered(wave)["id"])


def get(tenant: TenantUnderTest, release: str, **request: Any) -> Any:
    return tenant.call(READ, "GET", f"/v1/releases/{release}/certificate", **request)


def test_anybody_with_the_public_key_can_verify_it(house: House, released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    signed = ok(get(tenant, release))
    key = Signer(house.settings.keys_dir / "work").public_key
    assert signed["public_key"] == key
    said = signed["certificate"]
    # As the API's description tells a reader to do it.
    message = b"pouls certificate\0" + canonical(said)
    VerifyKey(bytes_of(key)).verify(message, bytes_of(signed["signature"]))
    detail = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))
    assert said["release"] == {"id": release, "digest": detail["digest"]}
    for name in ("contract_digest", "plan_digest", "policy_digest", "roster_digest", "cells", "wave", "campaign"):
        assert said[name] == detail["manifest"][name]
    families = said["auditor"]["families"]
    assert said["auditor"]["verdict"] == "safe"
    assert families["mean"]["k"] == [5]
    assert families["distribution"]["k"] == [10]
    assert sum(families["mean"]["proved"].values()) > 0


def test_it_is_cached_by_its_etag_and_pointed_at_by_the_file(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    first = get(tenant, release)
    assert get(tenant, release, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    file = tenant.call(READ, "GET", f"/v1/releases/{release}/cells.csv")
    assert file.headers["link"] == '<certificate>; rel="describedby"'


def test_of_another_tenant_there_is_none(released: tuple[TenantUnderTest, str], tenant: TenantUnderTest) -> None:
    problem(get(tenant, released[1]), 404, "not-found")


@pytest.mark.parametrize("part", ["certificate", "signature", "public_key"])
def test_nothing_of_it_can_be_changed(
    house: House, released: tuple[TenantUnderTest, str], tmp_path: Any, part: str
) -> None:
    signed = ok(get(*released))
    assert verified(signed) == signed["certificate"]
    (tmp_path / "signing.key").write_bytes(b"x" * 32)
    other = Signer(tmp_path).signed(signed["certificate"] | {"fell_back": True})
    with pytest.raises(CertificateRefused):
        verified(signed | {part: other[part]})
    with pytest.raises(CertificateRefused):
        verified({name: value for name, value in signed.items() if name != part})
    with pytest.raises(CertificateRefused):
        verified(Signer(house.settings.keys_dir / "work").signed(signed["certificate"] | {"format": "other/1"}))


# -- the auditor's no ---------------------------------------------------------------------------------------------


def _says(verdicts: list[Verdict], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The auditor finds so many times what it is told to, and then the truth; the sizes of what it was asked."""
    asked: list[int] = []

    def judge(wave: auditor.Wave, *arguments: Any, **named: Any) -> auditor.Report:
        asked.append(sum(len(column.places) for column in wave.published))
        report = auditor.audit_wave(wave, *arguments, **named)
        if not verdicts:
            return report
        told = verdicts.pop(0)
        return replace(report, findings=(replace(report.findings[0], verdict=told), *report.findings[1:]))

    monkeypatch.setattr("service.releases.audited.audit_wave", judge)
    return asked


@pytest.mark.parametrize("verdict", [Verdict.unsafe, Verdict.not_proved])
def test_what_is_not_proved_falls_back_on_the_org_tree(
    house: House, monkeypatch: pytest.MonkeyPatch, verdict: Verdict
) -> None:
    wave = a_wave(house, BY_SITE)
    asked = _says([verdict], monkeypatch)
    release = answered(wave)
    assert release["status"] == "published"
    assert asked[0] > asked[1] > 0
    cells = cells_of(wave.tenant, release["id"])
    assert {cell["breakdown"] for cell in cells if cell["status"] == "published"} == {"org"}
    assert {cell["breakdown"] for cell in cells} == {"org", "org*site", "org*tenure"}
    said = ok(get(wave.tenant, release["id"]))["certificate"]
    assert said["fell_back"] is True
    assert said["cells"]["mean"]["published"] == sum(
        cell["status"] == "published" for cell in cells if cell["family"] == "mean"
    )


@pytest.mark.parametrize("plan", [TREE, BY_SITE])
def test_where_the_tree_is_not_proved_either_nothing_is_published(
    house: House, monkeypatch: pytest.MonkeyPatch, plan: list[list[str]]
) -> None:
    wave = a_wave(house, plan)
    asked = _says([Verdict.not_proved] * 2, monkeypatch)
    release = answered(wave)
    assert (release["status"], release["reason"]) == ("refused", "not-proved")
    assert len(asked) == (1 if plan == TREE else 2)
    assert cells_of(wave.tenant, release["id"]) == []
    problem(get(wave.tenant, release["id"]), 404, "not-found")
    for table in ("release_cell", "release_unit", "release_measure", "release_certificate"):
        assert wave.tenant.sql(f"SELECT 1 FROM {table}") == []  # noqa: S608 - names from this line


def test_a_leak_in_the_rows_is_seen_by_the_auditor(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is made to show everything that is large enough: the four people of D could be computed."""
    wave = a_wave(house, BY_SITE)
    monkeypatch.setattr(linked_patterns.Joint, "safe", lambda _, __, allowed, *___: allowed)
    monkeypatch.setattr(linked_patterns.Joint, "together", lambda _, __, allowed, *___: list(allowed))
    release = answered(wave)
    assert ok(get(wave.tenant, release["id"]))["certificate"]["fell_back"] is True


# -- again --------------------------------------------------------------------------------------------------------


def judged(house: House, tenant: TenantUnderTest, release: str, *former: str) -> audited_again.Again | None:
    async def go() -> audited_again.Again | None:
        async with house.worker_database.transaction(tenant.tenant_id) as tx:
            keys = release_keys(house.settings)
            told = lambda _, __: None  # noqa: E731 - nobody looks
            return await audited_again.again(tx, tenant.tenant_id, UUID(release), keys, told, former=former)

    found: audited_again.Again | None = house.run(go)
    return found


@pytest.mark.parametrize("plan", [TREE, BY_SITE])
def test_a_release_is_proved_again_while_its_answers_are_there(house: House, plan: list[list[str]]) -> None:
    wave = a_wave(house, plan)
    release = str(answered(wave)["id"])
    found = judged(house, wave.tenant, release)
    assert found is not None
    assert found.wrong == ()
    assert found.report is not None
    assert found.report.verdict == Verdict.safe
    house.clock.shift += timedelta(days=31)
    try:
        house.sweep()
    finally:
        house.clock.shift = timedelta()
    later = judged(house, wave.tenant, release)
    assert later == audited_again.Again((), found.public_key, found.release)


ALTERED = {
    "a figure": ("UPDATE release_cell SET mean = mean + 1 WHERE mean IS NOT NULL", "their hash is another"),
    "a place": ("UPDATE release_unit SET unit_name = 'X' WHERE node = 1", "their hash is another"),
    "the policy": ("UPDATE campaign SET policy = jsonb_set(policy, '{k_mean}', '6')", "the policy is not that"),
    "the certificate": (
        "UPDATE release_certificate SET signed = jsonb_set(signed, '{certificate,fell_back}', 'true')",
        "its signature does not hold",
    ),
    "all cells": ("DELETE FROM release_cell", "their hash is another"),
    "where a cell is": ("UPDATE release_cell SET node = node - 1 WHERE number = 0", "their hash is another"),
    "the options": (
        "UPDATE release_measure SET options = ARRAY['a', 'b', 'c', 'd', 'e'] WHERE options IS NOT NULL",
        "their hash is another",
    ),
    "what a place is broken down by": (
        "UPDATE release_unit SET dimensions = jsonb_build_object('x', 'v') WHERE node = 1",
        "their hash is another",
    ),
    "how units are called": ("UPDATE wave_unit SET name = 'X' WHERE external_id = 'A'", "or other answers"),
    "all places": ("DELETE FROM release_unit", "their hash is another"),
    "all measures": ("DELETE FROM release_measure", "their hash is another"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_whatever_was_altered_is_told(house: House, what: str) -> None:
    wave = a_wave(house, TREE)
    release = str(answered(wave)["id"])
    statement, told = ALTERED[what]
    wave.tenant.sql(statement)
    found = judged(house, wave.tenant, release)
    assert found is not None
    assert told in " ".join(found.wrong)


def test_a_certificate_of_somebody_else_is_told(house: House, tmp_path: Path) -> None:
    wave = a_wave(house, TREE)
    release = str(answered(wave)["id"])
    (tmp_path / "signing.key").write_bytes(b"x" * 32)
    said = ok(get(wave.tenant, release))["certificate"]
    for forged in (said, said | {"policy_digest": "0" * 64}, said | {"cells": {}}):
        signed = json.dumps(Signer(tmp_path).signed(forged))
        wave.tenant.sql("UPDATE release_certificate SET signed = CAST(:signed AS jsonb)", signed=signed)
        found = judged(house, wave.tenant, release)
        assert found is not None
        assert "another key than this worker's" in " ".join(found.wrong)
        assert ("what the release says of itself" in " ".join(found.wrong)) == (forged != said)


def test_a_release_that_was_taken_away_is_missed(house: House) -> None:
    wave = a_wave(house, TREE)
    release = str(answered(wave)["id"])
    folder = house.settings.keys_dir / "work" / "waves" / str(wave.tenant.tenant_id)
    (file,) = folder.glob("*.released")
    file.with_name(f"{file.name}.1").write_text("0" * 64, encoding="ascii")
    found = judged(house, wave.tenant, release)
    assert found is not None
    assert "the key folder remembers other releases" in " ".join(found.wrong)


def test_a_release_from_before_certificates_is_judged_all_the_same(house: House) -> None:
    wave = a_wave(house, TREE)
    release = str(answered(wave)["id"])
    wave.tenant.sql("DELETE FROM release_certificate")
    found = judged(house, wave.tenant, release)
    assert found is not None
    assert (found.wrong, found.public_key) == ((), None)
    assert found.report is not None
    assert found.report.verdict == Verdict.safe


def test_there_is_nothing_to_judge_of_a_refused_release(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = a_wave(house, TREE)
    _says([Verdict.not_proved], monkeypatch)
    assert judged(house, wave.tenant, str(answered(wave)["id"])) is None


# -- the command --------------------------------------------------------------------------------------------------
# Uncounted: it runs a database's loop in this thread, and the counting of its lines would end there with it.


def command(house: House, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setenv("POULS_DATABASE_URL", house.postgres.url("pouls_work"))
    monkeypatch.setenv("POULS_KEYS_DIR", str(house.settings.keys_dir))
    done = CliRunner().invoke(app, ["audit", *arguments])
    return done.exit_code, done.output


@pytest.mark.uncounted
def test_the_command_judges_a_release(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = a_wave(house, BY_SITE)
    tenant, release = wave.tenant, str(answered(wave)["id"])
    code, said = command(house, monkeypatch, release, "--tenant", str(tenant.tenant_id), "--json")
    assert code == 0, said
    found = json.loads(said.splitlines()[-1])
    assert (found["verdict"], found["by"], found["wrong"]) == ("safe", "answers", [])
    assert found["public_key"] == Signer(house.settings.keys_dir / "work").public_key
    assert found["families"]["mean"]["not_proved"] == 0
    code, said = command(house, monkeypatch, release, "--tenant", str(tenant.tenant_id))
    assert code == 0
    assert "verdict: safe" in said


@pytest.mark.uncounted
def test_the_command_tells_what_was_altered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = a_wave(house, TREE)
    release = str(answered(wave)["id"])
    wave.tenant.sql("UPDATE release_cell SET n_from = 4, n_to = 4 WHERE node = 1 AND status = 'published'")
    code, said = command(house, monkeypatch, release, "--tenant", str(wave.tenant.tenant_id))
    assert code == 1
    assert "wrong: the rows are not those that were released" in said


@pytest.mark.uncounted
def test_a_command_that_reads_makes_nothing(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a database nor a key: what it would say of them would be wrong."""
    monkeypatch.delenv("POULS_DATABASE_URL", raising=False)
    asked = ["audit", str(UUID(int=1)), "--tenant", str(UUID(int=2)), "--data", str(tmp_path / "data")]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert "there is no database in" in done.output
    monkeypatch.setenv("POULS_KEYS_DIR", str(tmp_path / "keys"))
    with pytest.raises(Mendable, match="there is no signing key in"):
        CliRunner().invoke(app, ["keys", "public"], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("POULS_KEYS_DIR", str(house.settings.keys_dir))
    shown = CliRunner().invoke(app, ["keys", "public"]).output.strip()
    assert shown == Signer(house.settings.keys_dir / "work").public_key


def test_a_former_key_can_be_trusted(house: House, tmp_path: Path) -> None:
    wave = a_wave(house, TREE)
    release = str(answered(wave)["id"])
    (tmp_path / "signing.key").write_bytes(b"x" * 32)
    former = Signer(tmp_path)
    signed = json.dumps(former.signed(ok(get(wave.tenant, release))["certificate"]))
    wave.tenant.sql("UPDATE release_certificate SET signed = CAST(:signed AS jsonb)", signed=signed)
    assert judged(house, wave.tenant, release).wrong != ()  # type: ignore[union-attr]  # it is there
    found = judged(house, wave.tenant, release, former.public_key)
    assert found is not None
    assert found.wrong == ()


def test_a_key_folder_that_is_away_is_not_called_destroyed(house: House) -> None:
    wave = a_wave(house, TREE)
    release = str(answered(wave)["id"])
    folder = house.settings.keys_dir / "work" / "waves" / str(wave.tenant.tenant_id)
    away = folder.with_name("elsewhere")
    folder.rename(away)
    with pytest.raises(KeyGone):
        judged(house, wave.tenant, release)
    away.rename(folder)


@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([str(UUID(int=1))], "a release is found by its id and --tenant"),
        ([str(UUID(int=1)), "--tenant", str(UUID(int=2))], "this tenant has no published release of this id"),
        (["nowhere", "--tenant", str(UUID(int=2))], "--tenant goes with the id of a release"),
        (["nowhere"], "there is no such folder"),
    ],
)
def test_what_the_command_can_not_judge(
    house: House, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    code, said = command(house, monkeypatch, *arguments)
    assert code == 2
    assert told in said


def test_thresholds_larger_than_any_search_hold_for_the_org_tree(house: House) -> None:
    """Where places are nested nothing is searched for, so that the auditor proves it for any k."""
    tenant = house.tenant()
    organised(tenant, TEAMS)
    campaign = a_campaign(tenant, plan={"breakdowns": TREE}, policy={"k_mean": 45, "k_distribution": 60})
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    opened = LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))
    release = answered(opened)
    assert release["status"] == "published"
    families = ok(get(tenant, release["id"]))["certificate"]["auditor"]["families"]
    assert (families["mean"]["k"], families["distribution"]["k"]) == ([45], [60])


def test_what_the_auditor_takes_to_be_impossible_is_not_published(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> auditor.Report:
        raise auditor.AuditRefused("numbers that can not be")

    wave = a_wave(house, TREE)
    monkeypatch.setattr("service.releases.audited.audit_wave", refuse)
    release = answered(wave)
    assert (release["status"], release["reason"]) == ("refused", "not-proved")
