"""A writer to the database, without a key of the key folder, makes himself a caller, or lowers what is demanded.

What the writer writes would do but for its signature: each test shows it by signing as the service does, where it can.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.cli.admin import NoSuchTenant, make_keys
from service.kit.ids import new_id
from service.tenants.keys import SECRET_BYTES, Key
from service.tenants.registrar import Registrar
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.id_tokens import AUDIENCE, ISSUER, claims, jwk, token
from tests.make.wire import places, problem
from tests.make.world import LaunchedWave, a_campaign, a_launched_wave, a_questionnaire, an_org, ok

WRITE = "campaigns:write"
RULES = "/v1/campaign-rules"
OWN_SECRET = b"w" * SECRET_BYTES
ADMIN = ["admin"]


# -- keys -----------------------------------------------------------------------------------------------------


def called(tenant: TenantUnderTest, text: str, path: str = "/v1/api-keys") -> Any:
    return tenant.call(None, "GET", path, headers={"Authorization": f"Bearer {text}"})


def registrar(tenant: TenantUnderTest) -> Registrar:
    app: Any = tenant.house.client.app
    found: Registrar = app.state.registrar
    return found


def a_key(tenant: TenantUnderTest, **fields: Any) -> str:
    body = {"name": "BI", "scopes": ["aggregates:read"]} | fields
    return str(ok(tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)["key"])


def set_of(tenant: TenantUnderTest, text: str, **columns: Any) -> None:
    """Write these columns of a key's row."""
    key = Key.read(text)
    named = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 3))
    statement = f"UPDATE api_key SET {named} WHERE tenant_id = $1 AND key_id = $2 RETURNING 1"  # noqa: S608 - ours
    assert write(tenant.house, statement, key.tenant_id, key.key_id, *columns.values())


def signature(tenant: TenantUnderTest, key: Key, scopes: Sequence[str], until: datetime | None = None) -> bytes:
    """What only the service, with the intake key, can write."""
    return registrar(tenant).sign(key.tenant_id, key.key_id, key.secret_hash(), scopes, until, None, None)


def inserted(tenant: TenantUnderTest, mac: bytes | None) -> Key:
    """A key of the writer's own, for everything that an administrator may do."""
    key = Key(tenant.tenant_id, new_id(), OWN_SECRET)
    row = """
        INSERT INTO api_key (tenant_id, key_id, name, secret_hash, scopes, created_at, mac)
        VALUES ($1, $2, 'x', $3, $4, now(), $5)
    """
    write(tenant.house, row, tenant.tenant_id, key.key_id, hashlib.sha256(OWN_SECRET).digest(), ADMIN, mac)
    return key


def mac_of(tenant: TenantUnderTest, text: str) -> bytes:
    found: bytes = write(tenant.house, "SELECT mac FROM api_key WHERE key_id = $1", Key.read(text).key_id)[0][0]
    return found


@pytest.mark.parametrize("what", ["none", "another key's", "any"])
def test_a_key_that_was_written_there_is_none(tenant: TenantUnderTest, what: str) -> None:
    macs = {"none": None, "another key's": mac_of(tenant, tenant.keys["admin"]), "any": bytes(16)}
    key = inserted(tenant, macs[what])
    problem(called(tenant, key.text()), 401, "unauthenticated")
    set_of(tenant, key.text(), mac=signature(tenant, key, ADMIN))
    ok(called(tenant, key.text()))


def test_a_secret_put_in_the_place_of_another_s_is_refused(tenant: TenantUnderTest) -> None:
    admin = Key.read(tenant.keys["admin"])
    own = Key(admin.tenant_id, admin.key_id, OWN_SECRET)
    set_of(tenant, own.text(), secret_hash=own.secret_hash())
    problem(called(tenant, own.text()), 401, "unauthenticated")


def test_widened_scopes_are_refused(tenant: TenantUnderTest) -> None:
    text, wide = a_key(tenant), ["admin", "aggregates:read"]
    problem(called(tenant, text), 403, "forbidden")
    set_of(tenant, text, scopes=wide)
    problem(called(tenant, text), 401, "unauthenticated")
    problem(called(tenant, text, "/v1/releases"), 401, "unauthenticated")
    set_of(tenant, text, mac=signature(tenant, Key.read(text), wide))
    ok(called(tenant, text))


def test_the_order_of_scopes_says_nothing(tenant: TenantUnderTest) -> None:
    text = a_key(tenant, scopes=["people:write", "admin"])
    set_of(tenant, text, scopes=["people:write", "admin"])
    ok(called(tenant, text))


@pytest.mark.parametrize("until", [datetime(2100, 1, 1, tzinfo=UTC), None], ids=str)
def test_an_expiry_that_was_put_off_is_refused(tenant: TenantUnderTest, until: datetime | None) -> None:
    text = a_key(tenant, expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    ok(called(tenant, text, "/v1/releases"))
    set_of(tenant, text, expires_at=until)
    problem(called(tenant, text, "/v1/releases"), 401, "unauthenticated")
    tenant.house.clock.shift = timedelta(hours=2)
    problem(called(tenant, text, "/v1/releases"), 401, "unauthenticated")
    set_of(tenant, text, mac=signature(tenant, Key.read(text), ["aggregates:read"], until))
    ok(called(tenant, text, "/v1/releases"))


def test_an_expiry_in_another_zone_is_the_same_moment(tenant: TenantUnderTest) -> None:
    zoned = (datetime.now(UTC) + timedelta(hours=1)).astimezone(datetime.fromisoformat("2027-01-01T00:00+05:30").tzinfo)
    ok(called(tenant, a_key(tenant, expires_at=zoned.isoformat()), "/v1/releases"))


def test_a_key_of_one_tenant_is_none_of_another(tenant: TenantUnderTest) -> None:
    """A customer who can write takes their own key's row along, secret, signature and all."""
    other = tenant.house.tenant("other")
    mine = Key.read(tenant.keys["admin"])
    theirs = Key(other.tenant_id, mine.key_id, mine.secret)
    copied = """
        INSERT INTO api_key (tenant_id, key_id, name, secret_hash, scopes, created_at, mac)
        SELECT $1, key_id, name, secret_hash, scopes, created_at, mac FROM api_key WHERE tenant_id = $2 AND key_id = $3
    """
    write(tenant.house, copied, other.tenant_id, tenant.tenant_id, mine.key_id)
    problem(called(tenant, theirs.text()), 401, "unauthenticated")


@pytest.mark.parametrize(("method", "path"), [("PUT", "/v1/people"), ("POST", "/v1/questionnaires")])
def test_whoever_is_asked_for_before_the_body_is_read_is_refused_as_well(
    tenant: TenantUnderTest, method: str, path: str
) -> None:
    scope = "people:write" if "people" in path else "questionnaires:write"
    set_of(tenant, tenant.keys[scope], mac=None)
    problem(tenant.call(scope, method, path, json=[] if "people" in path else {}), 401, "unauthenticated")


def test_keys_from_before_are_refused_and_made_anew(tenant: TenantUnderTest) -> None:
    house = tenant.house
    write(house, "UPDATE api_key SET mac = NULL WHERE tenant_id = $1", tenant.tenant_id)
    problem(called(tenant, tenant.keys["admin"]), 401, "unauthenticated")
    app: Any = house.client.app
    made, keys = house.run(make_keys, app.state.database, registrar(tenant), tenant.tenant_id)
    assert made == tenant.tenant_id
    assert keys.keys() == tenant.keys.keys()
    ok(called(tenant, keys["admin"]))
    problem(called(tenant, tenant.keys["admin"]), 401, "unauthenticated")
    with pytest.raises(NoSuchTenant):
        house.run(make_keys, app.state.database, registrar(tenant), new_id())


def test_a_key_under_another_intake_key_is_none(tenant: TenantUnderTest) -> None:
    key = inserted(tenant, None)
    forged = Registrar(bytes(32)).sign(key.tenant_id, key.key_id, key.secret_hash(), ADMIN, None, None, None)
    set_of(tenant, key.text(), mac=forged)
    problem(called(tenant, key.text()), 401, "unauthenticated")


# -- rules ----------------------------------------------------------------------------------------------------


def put(tenant: TenantUnderTest, **rules: Any) -> None:
    ok(tenant.call("admin", "PUT", RULES, json=rules))


def sign_in_by(owner: str, **members: Any) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "claim": "employee",
        "jwks": {"keys": [jwk("RSA", owner)]} | members,
    }


def write_rules(tenant: TenantUnderTest, rules: dict[str, Any]) -> None:
    statement = "UPDATE campaign_rules SET rules = $2::text::jsonb WHERE tenant_id = $1 RETURNING 1"
    assert write(tenant.house, statement, tenant.tenant_id, json.dumps(rules))


def sign_rules(tenant: TenantUnderTest, rules: dict[str, Any]) -> None:
    """As the service does: what only it can write."""
    app: Any = tenant.house.client.app
    mac = app.state.notary.sign_rules(tenant.tenant_id, rules)
    write(tenant.house, "UPDATE campaign_rules SET mac = $2 WHERE tenant_id = $1", tenant.tenant_id, mac)


def signed_in(wave: LaunchedWave, owner: str) -> Any:
    seconds = int(wave.tenant.house.clock().timestamp())
    said = claims(employee="A-1", iat=seconds, exp=seconds + 300)
    body = {"wave": wave.address, "id_token": token("RS256", owner=owner, payload=said)}
    return wave.tenant.call(None, "POST", "/v1/respond/sign-in", json=body)


def test_nobody_signs_in_by_a_key_that_was_written_there(tenant: TenantUnderTest) -> None:
    put(tenant, sign_in=sign_in_by("a"))
    wave = a_launched_wave(tenant, participation={"ways": ["links", "sign_in"]})
    ok(signed_in(wave, "a"), 201)
    problem(signed_in(wave, "b"), 403, "sign-in-not-accepted")
    own = {"sign_in": sign_in_by("b") | {"source": "hris"}}
    write_rules(tenant, own)
    for owner in "ab":
        problem(signed_in(wave, owner), 409, "rules-altered")
    sign_rules(tenant, own)
    ok(signed_in(wave, "b"), 201)


def test_nobody_signs_in_by_rules_of_another_organisation(tenant: TenantUnderTest) -> None:
    other = tenant.house.tenant("other")
    put(other, sign_in=sign_in_by("b"))
    put(tenant, sign_in=sign_in_by("a"))
    wave = a_launched_wave(tenant, participation={"ways": ["links", "sign_in"]})
    write(tenant.house, "DELETE FROM campaign_rules WHERE tenant_id = $1", tenant.tenant_id)
    copied = """
        INSERT INTO campaign_rules (tenant_id, rules, updated_at, mac)
        SELECT $1, rules, updated_at, mac FROM campaign_rules WHERE tenant_id = $2
    """
    write(tenant.house, copied, tenant.tenant_id, other.tenant_id)
    problem(signed_in(wave, "b"), 409, "rules-altered")


def draft(tenant: TenantUnderTest, **fields: Any) -> Any:
    given = {"name": "C", "questionnaire": "small", "audience": {"source": "hris", "units": ["TOP"]}} | fields
    return tenant.call(WRITE, "POST", "/v1/campaigns", json=given)


DEMANDED: dict[str, Any] = {"policy": {"k_mean": 8}, "second_approval": True}
LOWERED: dict[str, dict[str, Any]] = {
    "lower floors": {"policy": {"k_mean": 5}, "second_approval": True},
    "no floors": {"policy": {}, "second_approval": True},
    "nobody's approval": {"policy": {"k_mean": 8}, "second_approval": False},
    "nothing": {},
}


@pytest.mark.parametrize("how", LOWERED)
def test_lowered_rules_are_obeyed_by_nothing(tenant: TenantUnderTest, how: str) -> None:
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, policy={"k_mean": 8})["id"]
    put(tenant, **DEMANDED)
    write_rules(tenant, LOWERED[how])
    asks: list[Callable[[], Any]] = [
        lambda: draft(tenant, policy={"k_mean": 5}),
        lambda: tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/forecast", json={}),
        lambda: tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/launch"),
        lambda: tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/propose"),
        lambda: tenant.call("admin", "GET", RULES),
    ]
    for ask in asks:
        problem(ask(), 409, "rules-altered")
    assert ok(tenant.call(WRITE, "GET", f"/v1/campaigns/{campaign}"))["state"] == "draft"
    put(tenant, **DEMANDED)
    problem(draft(tenant, policy={"k_mean": 5}), 422, "policy-too-weak")
    problem(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/launch"), 409, "approval-needed")


def test_what_was_proposed_is_not_approved_by_lowered_rules(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    campaign = a_campaign(tenant)["id"]
    put(tenant, second_approval=True)
    ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/propose"))
    put(tenant, policy={"k_mean": 8}, second_approval=True)
    write_rules(tenant, {"second_approval": True})
    other = {"Authorization": f"Bearer {a_key(tenant, scopes=[WRITE])}"}
    approve = f"/v1/campaigns/{campaign}/approve"
    problem(tenant.call(None, "POST", approve, headers=other), 409, "rules-altered")
    put(tenant, policy={"k_mean": 8}, second_approval=True)
    problem(tenant.call(None, "POST", approve, headers=other), 422, "policy-too-weak")


@pytest.mark.parametrize("how", ["altered", "from before"])
def test_no_wave_opens_by_altered_rules(tenant: TenantUnderTest, how: str) -> None:
    """The job stays due, as for an altered contract, until somebody has looked."""
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    put(tenant, burden={"most": 2, "days": 30})
    house = tenant.house
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    schedule = {"rule": "FREQ=DAILY", "starts_on": str(tomorrow), "at": "09:00", "zone": "UTC", "window_hours": 20}
    campaign = a_campaign(tenant, schedule=schedule)["id"]
    wave = ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/launch"))["id"]
    if how == "altered":
        write_rules(tenant, {})
    else:
        write(house, "UPDATE campaign_rules SET mac = NULL WHERE tenant_id = $1", tenant.tenant_id)
    house.clock.shift = datetime.combine(tomorrow, datetime.min.time(), UTC) + timedelta(hours=9.1) - datetime.now(UTC)
    house.sweep()

    def state() -> tuple[str, int]:
        rows = ok(tenant.call(WRITE, "GET", f"/v1/campaigns/{campaign}/waves"))
        return next((row["state"], row["invited"]) for row in rows if row["id"] == wave)

    asked = "SELECT last_problem FROM job WHERE tenant_id = $1 AND kind = 'open_wave' AND subject_id = $2"
    assert state() == ("planned", 0)
    assert write(house, asked, tenant.tenant_id, UUID(wave)) == [("RulesAltered",)]
    put(tenant, burden={"most": 2, "days": 30})
    house.clock.shift += timedelta(hours=1)
    house.sweep()
    assert state() == ("open", 24)


def test_rules_from_before_are_refused_until_they_are_put_again(tenant: TenantUnderTest) -> None:
    put(tenant, **DEMANDED)
    write(tenant.house, "UPDATE campaign_rules SET mac = NULL WHERE tenant_id = $1", tenant.tenant_id)
    problem(tenant.call("admin", "GET", RULES), 409, "rules-altered")
    put(tenant, **DEMANDED)
    assert ok(tenant.call("admin", "GET", RULES))["policy"]["k_mean"] == 8


@pytest.mark.parametrize("extra", [{"exp": 1 << 70}, {"note": "é 😀", "x": [None, True, {"": -1}]}], ids=str)
def test_what_is_put_is_known_again(tenant: TenantUnderTest, extra: dict[str, Any]) -> None:
    """Members of a JWK set that nobody reads are kept as they came."""
    put(tenant, sign_in=sign_in_by("a", **extra))
    found = ok(tenant.call("admin", "GET", RULES))["sign_in"]["jwks"]
    assert {name: found[name] for name in extra} == extra


@pytest.mark.parametrize("odd", ["1e22", "-0.0", "[[1.5]]", r'"\ud800"', r'{"\u0000": 1}'])
def test_what_the_database_would_spell_otherwise_is_refused(tenant: TenantUnderTest, odd: str) -> None:
    body = json.dumps({"sign_in": sign_in_by("a", odd="HERE")}).replace('"HERE"', odd)
    headers = {"content-type": "application/json"}
    told = problem(tenant.call("admin", "PUT", RULES, content=body, headers=headers), 422, "invalid")
    assert list(places(told)) == ["/sign_in/jwks"]
