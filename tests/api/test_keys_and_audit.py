"""A tenant's administrator: keys that are shown once, and a log of who did what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.tenants.keys import Key
from service.tenants.scopes import Scope
from tests.fixtures.house import TenantUnderTest
from tests.make.wire import places, problem
from tests.make.world import QUESTIONNAIRE, a_campaign, a_launched_wave, ok


def post(tenant: TenantUnderTest, **fields: Any) -> Any:
    return tenant.call("admin", "POST", "/v1/api-keys", json={"name": "BI", "scopes": ["aggregates:read"]} | fields)


def listed(tenant: TenantUnderTest) -> dict[str, Any]:
    return {row["id"]: row for row in ok(tenant.call("admin", "GET", "/v1/api-keys"))}


def log(tenant: TenantUnderTest, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = ok(tenant.call("admin", "GET", "/v1/audit-log", params=params | ({"cursor": cursor} if cursor else {})))
        found += page["data"]
        cursor = page["next"]
        if cursor is None:
            return found


def releases_with(tenant: TenantUnderTest, key: str) -> Any:
    return tenant.call(None, "GET", "/v1/releases", headers={"Authorization": f"Bearer {key}"})


def test_a_key_is_shown_once(tenant: TenantUnderTest) -> None:
    answer = post(tenant, expires_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    made = ok(answer, 201)
    assert answer.headers["cache-control"] == "no-store"
    key = Key.read(made["key"])
    assert (str(key.key_id), key.tenant_id) == (made["id"], tenant.tenant_id)
    ok(releases_with(tenant, made["key"]))
    shown = tenant.call("admin", "GET", "/v1/api-keys")
    assert listed(tenant)[made["id"]]["scopes"] == ["aggregates:read"]
    for text in (made["key"], key.secret.hex(), key.secret_hash().hex()):
        assert text not in shown.text
        assert text not in tenant.call("admin", "GET", "/v1/audit-log").text
    (row,) = tenant.sql("SELECT secret_hash, t::text FROM api_key t WHERE key_id = :key", key=key.key_id)
    assert row[0] == key.secret_hash()
    assert key.secret.hex() not in row[1]


def test_two_keys_are_two_secrets(tenant: TenantUnderTest) -> None:
    keys = [Key.read(ok(post(tenant))["key"]) for _ in range(5)]
    assert len({key.secret for key in keys}) == len({key.key_id for key in keys}) == 5


def test_a_key_holds_the_scopes_it_was_given(tenant: TenantUnderTest) -> None:
    made = ok(post(tenant, scopes=["people:write", "people:write", "aggregates:read"]))
    assert listed(tenant)[made["id"]]["scopes"] == ["aggregates:read", "people:write"]
    ok(releases_with(tenant, made["key"]))
    headers = {"Authorization": f"Bearer {made['key']}"}
    ok(tenant.call(None, "GET", "/v1/dimensions", headers=headers))
    problem(tenant.call(None, "GET", "/v1/campaigns", headers=headers), 403, "forbidden")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no scope": ({"scopes": []}, "/scopes"),
    "unknown scope": ({"scopes": ["admin", "root"]}, "/scopes/1"),
    "too many": ({"scopes": ["admin"] * (len(Scope) + 1)}, "/scopes"),
    "no name": ({"name": ""}, "/name"),
    "past": ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
    "no zone": ({"expires_at": "2999-01-01T00:00:00"}, "/expires_at"),
    "far away": ({"expires_at": "99999-01-01T00:00:00Z"}, "/expires_at"),
    "another's": ({"tenant_id": "01890000-0000-7000-8000-000000000000"}, "/tenant_id"),
}


def test_a_wrong_key_is_not_made(tenant: TenantUnderTest) -> None:
    before = listed(tenant)
    for fields, place in REFUSED.values():
        assert list(places(problem(post(tenant, **fields), 422, "invalid"))) == [place]
    assert listed(tenant) == before


def test_a_revoked_key_is_refused_at_once_and_keeps_its_first_moment(tenant: TenantUnderTest) -> None:
    made = ok(post(tenant))
    ok(releases_with(tenant, made["key"]))
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{made['id']}"), 204)
    problem(releases_with(tenant, made["key"]), 401, "unauthenticated")
    first = listed(tenant)[made["id"]]["revoked_at"]
    assert first is not None
    tenant.house.clock.shift = timedelta(hours=1)
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{made['id']}"), 204)
    assert listed(tenant)[made["id"]]["revoked_at"] == first
    assert [entry["action"] for entry in log(tenant)].count("key.revoked") == 1
    # The others go on.
    ok(tenant.call("aggregates:read", "GET", "/v1/releases"))


def test_every_administrative_act_is_written_down(tenant: TenantUnderTest) -> None:
    house = tenant.house
    wave = a_launched_wave(tenant)
    made = ok(post(tenant, name="for the log"))
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{made['id']}"), 204)
    ok(wave.close())
    second = a_campaign(tenant)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{second['id']}/cancel"))
    house.sweep()
    house.clock.shift = timedelta(days=31)
    house.sweep()
    house.clock.shift = timedelta()

    def actor(scope: str) -> str:
        return f"key:{Key.read(tenant.keys[scope]).key_id}"

    # What an HRIS changes has tests beside the people's.
    others = [entry for entry in log(tenant) if entry["action"].partition(".")[0] not in {"org_units", "people"}]
    entries = [(entry["action"], entry["subject"], entry["actor"]) for entry in others]
    first = {("key.created", str(Key.read(key).key_id), "operator") for key in tenant.keys.values()}
    first.add(("tenant.created", str(tenant.tenant_id), "operator"))
    assert set(entries[: len(first)]) == first
    (published,) = ok(tenant.call("questionnaires:write", "GET", "/v1/questionnaires"))["data"]
    assert entries[len(first) :] == [
        ("questionnaire.published", published["id"], actor("questionnaires:write")),
        ("campaign.created", wave.campaign, actor("campaigns:write")),
        ("campaign.launched", wave.campaign, actor("campaigns:write")),
        ("invitations.read", wave.wave, actor("invitations:read")),
        ("key.created", made["id"], actor("admin")),
        ("key.revoked", made["id"], actor("admin")),
        ("campaign.closed", wave.campaign, actor("campaigns:write")),
        ("campaign.created", second["id"], actor("campaigns:write")),
        ("campaign.cancelled", second["id"], actor("campaigns:write")),
        ("wave.destroyed", wave.wave, "worker"),
    ]
    launched = next(entry for entry in log(tenant) if entry["action"] == "campaign.launched")
    contract = ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns/{wave.campaign}/contract"))
    assert launched["detail"] == {"contract": contract["digest"], "invited": 24}
    written = next(entry for entry in log(tenant) if entry["action"] == "questionnaire.published")
    assert written["detail"] == {"key": "small", "version": 1}


def test_an_act_that_failed_is_not_in_the_log(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    before = log(tenant)
    problem(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{wave.campaign}/launch"), 409, "wrong-state")
    problem(post(tenant, name=""), 422, "invalid")
    again = tenant.call("questionnaires:write", "POST", "/v1/questionnaires", json=QUESTIONNAIRE)
    problem(again, 409, "questionnaire-key-taken")
    assert log(tenant) == before


def test_the_log_comes_in_pages_and_can_not_be_changed_by_the_service(tenant: TenantUnderTest) -> None:
    whole = log(tenant)
    assert len(whole) == 1 + len(Scope)
    assert log(tenant, limit=2) == whole
    assert [entry["at"] for entry in whole] == sorted(entry["at"] for entry in whole)
    delete, alter = "DELETE FROM audit_entry", "UPDATE audit_entry SET actor = 'nobody'"
    # The worker deletes what was kept long enough, and the chain tells of anything else.
    for role, statement in (("pouls_app", delete), ("pouls_app", alter), ("pouls_work", alter)):
        with pytest.raises(Exception, match="permission denied"):
            tenant.sql(statement, role=role)
