"""Every refusal is a problem (RFC 9457) with a stable type: who may ask, what is there, what a fault of ours tells."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from service.kit.ids import new_id
from service.tenants import actions
from service.tenants.keys import SECRET_BYTES, Key
from service.tenants.scopes import Scope
from tests.fixtures.house import House, TenantUnderTest
from tests.fixtures.receivers import an_endpoint
from tests.make.operations import HOOK, NAMES, OPERATIONS, a_body_for, at
from tests.make.wire import places, problem
from tests.make.world import a_launched_wave, ok

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def anyone(house: House) -> TenantUnderTest:
    """For all that is refused before it reaches anything of the tenant's."""
    return house.tenant()


def new_key(tenant: TenantUnderTest, expires_at: datetime | None = None) -> Key:
    """A key of the tenant that may read aggregates."""

    async def make() -> Key:
        app: Any = tenant.house.client.app
        async with app.state.database.transaction(tenant.tenant_id) as tx:
            now = datetime.now(UTC)
            scopes = [Scope.aggregates_read]
            made = app.state.registrar, tenant.tenant_id, "test", scopes, now, "test", expires_at
            return await actions.create_key(tx, *made)

    key: Key = tenant.house.run(make)
    return key


def a_draft(tenant: TenantUnderTest) -> str:
    """The id of a draft of the tenant's."""
    body = {"document": {}}
    made: str = ok(tenant.call("questionnaires:write", "POST", "/v1/questionnaire-drafts", json=body), 201)["id"]
    return made


def a_reorganisation(tenant: TenantUnderTest) -> str:
    """The id of one that merged two of the units of `a_launched_wave`."""
    body = {"merges": [{"units": ["A"], "into": "B"}]}
    made: str = ok(tenant.call("people:write", "POST", "/v1/reorganisations", json=body), 201)["id"]
    return made


def an_import(tenant: TenantUnderTest) -> str:
    """The id of an import of one person into a unit that is there."""
    data, headers = b"matricule;service\nX-1;A\n", {"content-type": "text/csv"}
    path = "/v1/people/imports?mode=partial"
    made: str = ok(tenant.call("people:write", "POST", path, content=data, headers=headers), 201)["id"]
    return made


def test_every_reason_for_401_looks_the_same(tenant: TenantUnderTest) -> None:
    good = tenant.keys["aggregates:read"]
    known = Key.read(good)
    slip = good[:40] + ("a" if good[40] != "a" else "b") + good[41:]
    expired = new_key(tenant, datetime.now(UTC) + timedelta(hours=1)).text()
    assert tenant.house.client.get("/v1/releases", headers={"Authorization": f"Bearer {expired}"}).status_code == 200
    revoked = new_key(tenant)
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{revoked.key_id}"), 204)
    tenant.house.clock.shift = timedelta(hours=2)
    texts = {
        "garbage": "garbage",
        "wrong checksum": slip,
        "cut short": good[:-1],
        "longer": good + "a",
        "upper case": good.upper(),
        "expired": expired,
        "revoked": revoked.text(),
        "unknown key": Key(known.tenant_id, new_id(), known.secret).text(),
        "unknown tenant": Key(new_id(), known.key_id, known.secret).text(),
        "wrong secret": Key(known.tenant_id, known.key_id, b"x" * SECRET_BYTES).text(),
        "key of another tenant": Key(tenant.house.tenant().tenant_id, known.key_id, known.secret).text(),
    }
    headers = {name: f"Bearer {text}" for name, text in texts.items()}
    headers |= {"no scheme": good, "another scheme": f"Basic {good}", "empty": "", "nothing after": "Bearer"}
    answers = [tenant.call(None, "GET", "/v1/releases")]
    answers += [tenant.call(None, "GET", "/v1/releases", headers={"Authorization": one}) for one in headers.values()]
    for answer in answers:
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == 'Bearer realm="pouls", Basic realm="pouls", charset="UTF-8"'
    told = {(answer.content, answer.headers.get("content-length")) for answer in answers}
    assert len(told) == 1
    assert tenant.call("aggregates:read", "GET", "/v1/releases").status_code == 200


def test_a_key_expires_at_its_moment(tenant: TenantUnderTest) -> None:
    key = new_key(tenant, datetime.now(UTC) + timedelta(hours=1))
    headers = {"Authorization": f"Bearer {key.text()}"}
    ok(tenant.call(None, "GET", "/v1/releases", headers=headers))
    tenant.house.clock.shift = timedelta(minutes=59)
    ok(tenant.call(None, "GET", "/v1/releases", headers=headers))
    tenant.house.clock.shift = timedelta(minutes=61)
    problem(tenant.call(None, "GET", "/v1/releases", headers=headers), 401, "unauthenticated")


def test_every_operation_wants_its_own_scope(anyone: TenantUnderTest) -> None:
    for scope, method, path in OPERATIONS:
        target = at(path, uuid4())
        request = {} if method == "GET" else {"content": b"[]", "headers": JSON}
        for other in Scope:
            if other != scope:
                told = problem(anyone.call(other, method, target, **request), 403, "forbidden")
                assert told["detail"] == f"The scope {scope} is needed."
        assert anyone.call(scope, method, target, **request).status_code in {200, 404, 422}
        problem(anyone.call(None, method, target, **request), 401, "unauthenticated")


def test_the_list_of_operations_above_is_whole(anyone: TenantUnderTest) -> None:
    paths = anyone.house.client.get("/openapi.json").json()["paths"]
    documented = {
        (method.upper(), re.sub(r"\{\w+_id\}", "{id}", path))
        for path, operations in paths.items()
        for method, operation in operations.items()
        if operation.get("security")
    }
    assert documented == {(method, path) for _, method, path in OPERATIONS}


def test_unknown_and_foreign_ids_are_the_same_404(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    release = wave.release()["id"]
    key = str(Key.read(tenant.keys["admin"]).key_id)
    own = {"campaigns": wave.campaign, "waves": wave.wave, "releases": release, "api-keys": key}
    mine = ok(tenant.call("questionnaires:write", "GET", "/v1/questionnaires"))["data"]
    own |= {"questionnaires": mine[0]["id"], "questionnaire-drafts": a_draft(tenant)}
    own |= {"webhook-endpoints": an_endpoint(tenant, HOOK)["id"]}
    own |= {"reorganisations": a_reorganisation(tenant), "people": an_import(tenant)}
    erase = {"external_id": "A-0"}
    own |= {"erasures": ok(tenant.call("admin", "POST", "/v1/data-subjects/erase", json=erase), 202)["id"]}
    stranger = tenant.house.tenant("stranger")
    for scope, method, path in OPERATIONS:
        if "{id}" not in path:
            continue
        foreign = stranger.call(scope, method, at(path, own[path.split("/")[2]]))
        unknown = stranger.call(scope, method, at(path, new_id()))
        problem(foreign, 404, "not-found")
        assert foreign.content == unknown.content
        assert sorted(foreign.headers) == sorted(unknown.headers)
    # None of it has touched the owner's things.
    ok(tenant.call("admin", "GET", "/v1/audit-log"))
    assert ok(tenant.call("aggregates:read", "GET", f"/v1/releases/{release}"))["status"] == "published"


def test_lists_show_the_own_tenant_alone(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    wave.release()
    a_draft(tenant)
    an_endpoint(tenant, HOOK)
    a_reorganisation(tenant)
    an_import(tenant)
    benchmark = {"title": "Elsewhere", "figures": [{"measure": "climate", "mean": 3.5}]}
    ok(tenant.call("campaigns:write", "PUT", "/v1/benchmarks/elsewhere", json=benchmark))
    stranger = tenant.house.tenant("stranger")
    for scope, method, path in OPERATIONS:
        of_one = ("catalogue", "{key}", "page", "campaign-rules", "scim-mapping", "{source}", "{benchmark}")
        if method != "GET" or "{id}" in path or path.endswith(of_one):
            continue
        if "/aggregates/" in path:  # of a campaign or a release that the query names
            continue
        if path.endswith(("/retention", "/export")):  # the same for all; lines, of which other tests tell
            continue
        mine = ok(tenant.call(scope, "GET", path))
        theirs = ok(stranger.call(scope, "GET", path))
        mine, theirs = (found["data"] if isinstance(found, dict) else found for found in (mine, theirs))
        assert mine or "dimensions" in path
        assert not [row for row in theirs if row in mine]
    answered = stranger.call("aggregates:read", "GET", f"/v1/releases?wave={wave.wave}")
    assert ok(answered) == {"data": [], "next": None, "as_of": ok(answered)["as_of"]}


@pytest.mark.parametrize("segment", ["x", "%00", "0", "-1", "2147483648", "9" * 40, "..%2f", "%f0%9f%98%80"])
def test_an_id_that_is_none_is_refused_by_its_place(anyone: TenantUnderTest, segment: str) -> None:
    for scope, method, path in OPERATIONS:
        if "{id}" in path:
            answer = anyone.call(scope, method, at(path, segment), **a_body_for(method, path))
            if "%2f" not in segment:
                (place,) = places(problem(answer, 422, "invalid")).items()
                assert place == (f"path:{NAMES[path.split('/')[2]]}", "must be a UUID")
            elif path == "/v1/people/imports/{id}":  # one step up there is the list of people
                assert ok(answer) == {"data": [], "next": None}
            else:
                problem(answer, 404, "not-found")


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/people", "/v1/peoples", "/v1/respond/x/y", "/v1/respond/short"])
def test_an_unknown_address_is_404(anyone: TenantUnderTest, path: str) -> None:
    problem(anyone.call("admin", "GET", path), 404, "not-found")


WRONG_METHODS = {
    "/v1/campaigns": "DELETE",
    "/v1/people": "PATCH",
    "/v1/respond": "GET",
    "/livez": "POST",
    "/v1/releases": "PUT",
}


@pytest.mark.parametrize("path", WRONG_METHODS)
def test_another_method_is_405_and_says_which(anyone: TenantUnderTest, path: str) -> None:
    answer = anyone.call("admin", WRONG_METHODS[path], path)
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"]


def test_a_fault_of_ours_tells_nothing(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary-7731 SELECT * FROM person")

    monkeypatch.setattr("service.people.queries.dimensions", broken)
    monkeypatch.setattr("service.campaigns.running.drafts.create", broken)
    answers = [
        tenant.call("people:write", "GET", "/v1/dimensions"),
        tenant.call(
            "campaigns:write",
            "POST",
            "/v1/campaigns",
            json={"name": "n", "questionnaire": "q", "audience": {"units": ["TOP"]}},
        ),
    ]
    for answer in answers:
        told = problem(answer, 500, "internal")
        assert set(told) == {"type", "title", "status"}
        assert "canary" not in answer.text
        assert UUID(answer.headers["x-request-id"])


def test_a_fault_in_the_hot_route_tells_nothing(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = a_launched_wave(tenant)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary-7731")

    monkeypatch.setattr("service.responses.intake.Intake.submit", broken)
    answer = wave.submit("A-0", {"load": 1})
    assert set(problem(answer, 500, "internal")) == {"type", "title", "status"}
    assert "canary" not in answer.text
