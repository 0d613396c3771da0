"""A writer who has no key makes the service, which has them, do the opening; or makes it seal to a key of his own."""

import json
from uuid import UUID

import pytest
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from service.campaigns.promises.contract import digest
from service.kit.ids import new_id
from tests.faults.writer import answer_all, outcome, write
from tests.fixtures.house import TenantUnderTest
from tests.make.world import (
    QUESTIONNAIRE,
    LaunchedWave,
    a_campaign,
    a_launched_wave,
    a_questionnaire,
    an_org,
    cells_of,
    codes_of,
    ok,
)


def _can_read(tenant: TenantUnderTest, own: PrivateKey) -> bool:
    """Whether the writer opens any stored batch with his own key."""
    for (records,) in write(tenant.house, "SELECT records FROM sealed_batch WHERE tenant_id = $1", tenant.tenant_id):
        try:
            SealedBox(own).decrypt(records)
        except CryptoError:
            continue
        return True
    return False


def test_a_public_key_put_in_the_waves_row_is_not_sealed_to(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    own = PrivateKey.generate()
    write(tenant.house, "UPDATE wave SET public_key = $2 WHERE tenant_id = $1", tenant.tenant_id, bytes(own.public_key))
    wave.submit(next(iter(wave.codes)), {"load": 1})
    assert not _can_read(tenant, own)


def test_a_public_key_put_among_the_spare_ones_is_not_sealed_to(tenant: TenantUnderTest) -> None:
    own = PrivateKey.generate()
    an_org(tenant, {"A": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant)
    write(
        tenant.house,
        """
        UPDATE wave_key SET public_key = $2 WHERE tenant_id = $1 AND key_id =
            (SELECT key_id FROM wave_key WHERE tenant_id = $1 AND wave_id IS NULL ORDER BY key_id LIMIT 1)
        """,
        tenant.tenant_id,
        bytes(own.public_key),
    )
    launched = tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch")
    if launched.is_success:
        wave = launched.json()
        codes = codes_of(tenant, wave["id"])
        LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes).submit(next(iter(codes)), {"load": 1})
    assert not _can_read(tenant, own)


def test_a_public_key_put_in_the_contract_too_is_not_sealed_to(tenant: TenantUnderTest) -> None:
    """All that hangs together is rewritten together, digest included; only the MAC can not be."""
    wave = a_launched_wave(tenant)
    own = PrivateKey.generate()
    me, key = tenant.tenant_id, bytes(own.public_key)
    write(tenant.house, "UPDATE wave SET public_key = $2 WHERE tenant_id = $1", me, key)
    ((contract,),) = write(tenant.house, "SELECT contract::text FROM wave WHERE tenant_id = $1", me)
    altered = json.loads(contract)
    altered["wave"]["public_key"] = key.hex()
    rewrite = "UPDATE wave SET contract = $2::text::jsonb, contract_digest = $3 WHERE tenant_id = $1"
    write(tenant.house, rewrite, me, json.dumps(altered), digest(altered))
    assert not wave.submit(next(iter(wave.codes)), {"load": 1}).is_success
    assert not _can_read(tenant, own)


def test_a_threshold_lowered_in_the_contract_too_is_not_obeyed(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 30, "B": 12}, policy={"k_mean": 20, "k_distribution": 20})
    answer_all(wave, 42)
    me = tenant.tenant_id
    write(
        tenant.house,
        """
        WITH lowered AS (
            UPDATE campaign SET policy = jsonb_set(policy, '{k_mean}', '5'),
                                contract = jsonb_set(contract, '{policy,k_mean}', '5') WHERE tenant_id = $1
        )
        UPDATE wave SET contract = jsonb_set(contract, '{policy,k_mean}', '5') WHERE tenant_id = $1
        """,
        me,
    )
    ((contract,),) = write(tenant.house, "SELECT contract::text FROM wave WHERE tenant_id = $1", me)
    rewrite = "UPDATE wave SET contract_digest = $2 WHERE tenant_id = $1"
    write(tenant.house, rewrite, me, digest(json.loads(contract)))
    status, _, cells = outcome(wave)
    assert (status, cells) == ("refused", 0)


@pytest.mark.parametrize("k", [5, 1])
def test_a_lowered_threshold_is_not_obeyed(tenant: TenantUnderTest, k: int) -> None:
    """The policy was hashed into the contract at launch and shown to respondents."""
    wave = a_launched_wave(tenant, {"A": 30, "B": 12}, policy={"k_mean": 20, "k_distribution": 20})
    answer_all(wave, 42)
    lowered = "UPDATE campaign SET policy = jsonb_set(policy, '{k_mean}', $2::text::jsonb) WHERE tenant_id = $1"
    write(tenant.house, lowered, tenant.tenant_id, str(k))
    ok(wave.close())
    tenant.house.sweep()
    found = ok(tenant.call("aggregates:read", "GET", f"/v1/releases?wave={wave.wave}"))["data"]
    assert [release["status"] for release in found] == ["refused"]


def test_an_altered_questionnaire_is_refused(tenant: TenantUnderTest) -> None:
    """Its digest is in the contract, too; here a sensitive item, with its higher threshold, is made an ordinary one."""
    first, *rest = QUESTIONNAIRE["items"]
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant, QUESTIONNAIRE | {"items": [first | {"sensitive": True}, *rest], "scales": []})
    campaign = a_campaign(tenant)
    made = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    wave = LaunchedWave(tenant, campaign["id"], made["id"], made["address"], codes_of(tenant, made["id"]))
    answer_all(wave)
    altered = """
        UPDATE questionnaire_version SET document = jsonb_set(document, '{items,0,sensitive}', 'false')
        WHERE tenant_id = $1
    """
    write(tenant.house, altered, tenant.tenant_id)
    status, _, cells = outcome(wave)
    assert (status, cells) == ("refused", 0)


def test_a_wave_is_not_released_again_over_fewer_answers(tenant: TenantUnderTest) -> None:
    """The same wave without one person: the difference of the two releases is that person's answers.

    A copy tells which batch a code was spent with, so the writer can choose whose answers to leave out.
    """
    wave = a_launched_wave(tenant, {"A": 12, "B": 12})
    for person in wave.codes:
        ok(wave.submit(person, {"load": 1 if person == "A-0" else 3}), 201)
    first = wave.release()
    assert first["status"] == "published"
    before = _means(tenant, [first])
    house, me = tenant.house, tenant.tenant_id
    ((spent, batch),) = write(
        house,
        """
        SELECT s.serial, b.batch_id FROM spent_code s
        JOIN sealed_batch b ON b.tenant_id = s.tenant_id AND b.wave_id = s.wave_id AND b.xmin::text = s.xmin::text
        JOIN roster_line r ON r.tenant_id = s.tenant_id AND r.wave_id = s.wave_id AND r.serial = s.serial
        JOIN person p ON p.tenant_id = r.tenant_id AND p.person_id = r.person_id
        WHERE s.tenant_id = $1 AND p.external_id = 'A-0'
        """,
        me,
    )
    write(house, "DELETE FROM spent_code WHERE tenant_id = $1 AND serial = $2", me, spent)
    write(house, "DELETE FROM sealed_batch WHERE tenant_id = $1 AND batch_id = $2", me, batch)
    again = _again(wave)
    assert again == [], f"before: {before}; again: {_means(tenant, again)}"


def _again(wave: LaunchedWave) -> list[dict[str, str]]:
    """The writer forgets that there was a release; what is published then."""
    house, me = wave.tenant.house, wave.tenant.tenant_id
    write(house, "DELETE FROM release WHERE tenant_id = $1", me)  # its cells go with it
    write(house, "UPDATE wave SET state = 'closed' WHERE tenant_id = $1", me)
    job = """
        INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts)
        VALUES ($1, $2, 'release_wave', $3, now(), 0)
    """
    write(house, job, me, new_id(), UUID(wave.wave))
    house.sweep()
    found = ok(wave.tenant.call("aggregates:read", "GET", f"/v1/releases?wave={wave.wave}"))["data"]
    return [release for release in found if release["status"] == "published"]


def test_people_moved_between_classes_before_they_are_invited(tenant: TenantUnderTest) -> None:
    """A code carries its holder's class. Whoever writes the roster's labels chooses the groups that are shown."""
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant)
    made = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    moved = """
        UPDATE roster_line r SET label = (
            SELECT min(o.label) FROM roster_line o WHERE o.tenant_id = r.tenant_id AND o.label <> r.label)
        FROM person p
        WHERE r.tenant_id = $1 AND p.tenant_id = r.tenant_id AND p.person_id = r.person_id
          AND p.external_id = ANY('{A-0,A-1,A-2,A-3,A-4,A-5,A-6}')
        RETURNING 1
    """
    assert len(write(tenant.house, moved, tenant.tenant_id)) == 7
    invited = tenant.call("invitations:read", "GET", f"/v1/waves/{made['id']}/invitations")
    if not invited.is_success or not invited.text:
        return
    wave = LaunchedWave(tenant, campaign["id"], made["id"], made["address"], codes_of(tenant, made["id"]))
    answer_all(wave, 24)
    assert outcome(wave)[0] == "refused"


def test_a_wave_is_released_once(tenant: TenantUnderTest) -> None:
    """The same answers counted over other groups: the difference of two releases is one person's answers."""
    wave = a_launched_wave(tenant, {"A": 12, "B": 12, "C": 1})
    for person in wave.codes:
        ok(wave.submit(person, {"load": 1 if person == "C-0" else 5, "years": 3}), 201)
    first = wave.release()
    assert first["status"] == "published"
    before = _means(tenant, [first])
    house, me = tenant.house, tenant.tenant_id
    for table in ("release_unit", "release_measure", "release_cell", "release"):
        write(house, f"DELETE FROM {table} WHERE tenant_id = $1", me)  # noqa: S608 - from this file
    # The one person of C is counted in A from now on.
    write(
        house,
        """
        UPDATE wave_class SET unit_id = (SELECT unit_id FROM wave_unit WHERE tenant_id = $1 AND external_id = 'A')
        WHERE tenant_id = $1 AND unit_id = (SELECT unit_id FROM wave_unit WHERE tenant_id = $1 AND external_id = 'C')
        """,
        me,
    )
    again = _again(wave)
    assert again == [], f"before: {before}; again: {_means(tenant, again)}"


def _means(tenant: TenantUnderTest, releases: list[dict[str, str]]) -> list[dict[str, object]]:
    return [
        {cell["unit"]: cell["mean"] for cell in cells_of(tenant, release["id"], measure="load", family="mean")}
        for release in releases
    ]
