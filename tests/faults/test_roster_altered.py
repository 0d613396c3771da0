"""A writer to the database gives one person the code of another, or of another class: no way of taking part has it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.id_tokens import AUDIENCE, ISSUER, claims, jwk, token
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_launched_wave, ok, post

WAYS = ["links", "kiosk", "intranet", "sign_in"]
_OTHER_CLASS = """
    UPDATE roster_line r SET label = (
        SELECT max(o.label) FROM roster_line o WHERE o.wave_id = r.wave_id AND o.label <> r.label)
    FROM person p WHERE r.wave_id = $1 AND p.person_id = r.person_id AND p.external_id = 'A-0' RETURNING 1
"""
_RENAME = """
    UPDATE person p SET external_id = '{new}'
    FROM roster_line r WHERE r.wave_id = $1 AND r.person_id = p.person_id AND p.external_id = '{old}' RETURNING 1
"""
ALTERED = {
    "another class": [_OTHER_CLASS],
    "another person's name": [
        _RENAME.format(old=old, new=new) for old, new in (("A-0", "x"), ("B-0", "A-0"), ("x", "B-0"))
    ],
}


def alter(wave: LaunchedWave, how: str) -> None:
    for statement in ALTERED[how]:
        assert write(wave.tenant.house, statement, UUID(wave.wave))


@pytest.fixture
def wave(tenant: TenantUnderTest) -> LaunchedWave:
    sign_in = {"issuer": ISSUER, "audience": AUDIENCE, "claim": "employee", "jwks": {"keys": [jwk("RSA")]}}
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"sign_in": sign_in}))
    return a_launched_wave(tenant, participation={"ways": WAYS})


def short_code(wave: LaunchedWave, person: str) -> str:
    answer = wave.tenant.call("invitations:read", "GET", f"/v1/waves/{wave.wave}/invitations")
    return str({row["person"]: row["short_code"] for row in map(json.loads, answer.text.splitlines())}[person])


def by_intranet(wave: LaunchedWave, person: str) -> Any:
    asked = {"wave": wave.wave, "person": person}
    return wave.tenant.call("participations:write", "POST", "/v1/participations", json=asked)


def by_sign_in(wave: LaunchedWave, person: str) -> Any:
    seconds = int(wave.tenant.house.clock().timestamp())
    said = claims(employee=person, iat=seconds, exp=seconds + 300)
    body = {"wave": wave.address, "id_token": token("RS256", payload=said)}
    return wave.tenant.call(None, "POST", "/v1/respond/sign-in", json=body)


@pytest.mark.parametrize("ask", [by_intranet, by_sign_in])
@pytest.mark.parametrize("how", ALTERED)
def test_whoever_is_asked_for_by_name_gets_no_code(
    wave: LaunchedWave, ask: Callable[[LaunchedWave, str], Any], how: str
) -> None:
    ok(ask(wave, "A-0"), 201)
    alter(wave, how)
    problem(ask(wave, "A-0"), 409, "contract-broken")
    ok(ask(wave, "A-1"), 201)


def test_a_short_code_of_an_altered_line_gets_no_code(wave: LaunchedWave) -> None:
    typed = {"wave": wave.address, "code": short_code(wave, "A-0")}
    ok(wave.tenant.call(None, "POST", "/v1/respond/kiosk", json=typed), 201)
    alter(wave, "another class")
    problem(wave.tenant.call(None, "POST", "/v1/respond/kiosk", json=typed), 409, "contract-broken")


def test_a_short_code_that_was_pointed_at_somebody_else_gets_no_code(wave: LaunchedWave) -> None:
    typed = {"wave": wave.address, "code": short_code(wave, "A-0")}
    swapped = """
        WITH two AS (
            SELECT s.serial, max(s.serial) OVER () + min(s.serial) OVER () - s.serial AS other FROM short_code s
            JOIN roster_line r USING (tenant_id, wave_id, serial) JOIN person p USING (tenant_id, person_id)
            WHERE wave_id = $1 AND external_id IN ('A-0', 'B-0'))
        UPDATE short_code s SET serial = -1 - two.other FROM two WHERE s.wave_id = $1 AND s.serial = two.serial
    """
    write(wave.tenant.house, swapped, UUID(wave.wave))
    write(
        wave.tenant.house,
        "UPDATE short_code SET serial = -1 - serial WHERE serial < 0 AND wave_id = $1",
        UUID(wave.wave),
    )
    problem(wave.tenant.call(None, "POST", "/v1/respond/kiosk", json=typed), 409, "contract-broken")


def test_links_go_to_nobody_once_a_name_was_given_to_somebody_else(wave: LaunchedWave) -> None:
    alter(wave, "another person's name")
    asked = wave.tenant.call("invitations:read", "GET", f"/v1/waves/{wave.wave}/invitations")
    problem(asked, 409, "contract-broken")


def test_a_wave_that_is_over_does_not_tell_who_has_answered(wave: LaunchedWave) -> None:
    """Of a spent code and of one that is not, another nonce is told the same; the same one its own reply."""
    nonce = bytes(16)
    ok(wave.submit("A-0", {"load": 3}, nonce), 201)
    problem(post(wave.tenant, wave.codes["A-0"], {"load": 3}), 409, "code-spent")
    ok(wave.close())
    spent, unspent = (post(wave.tenant, wave.codes[person], {"load": 3}) for person in ("A-0", "A-1"))
    assert problem(spent, 409, "wave-not-open") == problem(unspent, 409, "wave-not-open")
    ok(wave.submit("A-0", {"load": 3}, nonce), 201)


def test_a_contract_that_was_moved_to_the_campaign_is_not_the_wave_s(wave: LaunchedWave) -> None:
    """Contracts of before waves had their own stand there, and their rosters' lines are not signed."""
    house, ident = wave.tenant.house, UUID(wave.wave)
    moved = """
        UPDATE campaign c SET contract = w.contract, contract_mac = w.contract_mac FROM wave w
        WHERE w.wave_id = $1 AND c.campaign_id = w.campaign_id
    """
    write(house, moved, ident)
    write(house, "UPDATE wave SET contract = NULL, contract_mac = NULL WHERE wave_id = $1", ident)
    alter(wave, "another person's name")
    asked = wave.tenant.call("invitations:read", "GET", f"/v1/waves/{wave.wave}/invitations")
    problem(asked, 409, "contract-broken")
