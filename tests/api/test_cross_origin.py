"""Pages of other hosts: which of them may call the service out of a browser, and what they are told if they may not."""

from typing import Any

import httpx2
import pytest

from service.campaigns.rules.origins import Origins
from tests.fixtures.house import TenantUnderTest
from tests.make.access_tokens import token_for, with_token
from tests.make.two_waves import two_waves
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_launched_wave, cells_of, ok

INTRANET, EVIL, READ = "https://intranet.example", "https://evil.example", "aggregates:read"
NONCE = "c29tZTE2cmFuZG9tYnl0ZQ"


def calls(wave: LaunchedWave, code: str) -> dict[str, dict[str, Any]]:
    """Each call that a widget makes."""
    return {
        "questionnaire": {"method": "GET", "path": f"/v1/respond/{wave.address}"},
        "context": {"method": "POST", "path": "/v1/respond/context", "json": {"code": code}},
        "kiosk": {"method": "POST", "path": "/v1/respond/kiosk", "json": {"wave": wave.address, "code": "x"}},
        "sign-in": {"method": "POST", "path": "/v1/respond/sign-in", "json": {"wave": wave.address, "id_token": "x"}},
        "answers": {
            "method": "POST",
            "path": "/v1/respond",
            "json": {"code": code, "nonce": NONCE, "answers": {"load": 3}},
        },
    }


def origins_of(tenant: TenantUnderTest) -> Origins:
    found: Origins = tenant.house.client.app.state.origins  # type: ignore[attr-defined]  # Starlette types it as callable
    return found


def of_page(tenant: TenantUnderTest, origin: str, method: str, path: str, **request: Any) -> httpx2.Response:
    return tenant.call(request.pop("scope", None), method, path, headers={"Origin": origin}, **request)


def test_a_page_that_is_not_allowed_is_told_so_and_nothing_is_done(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, participation={"ways": ["links", "kiosk"]})
    for name, call in calls(wave, wave.codes["A-1"]).items():
        answer = of_page(tenant, EVIL, **call)
        problem(answer, 403, "origin-not-allowed")
        assert answer.headers["access-control-allow-origin"] == "*", name  # so that the page can read why
    assert tenant.sql("SELECT count(*) FROM spent_code") == [(0,)]


def test_a_page_of_an_allowed_origin_calls_as_anybody_does(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, participation={"ways": ["links", "kiosk"]})
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": [INTRANET]}))
    told = {}
    for name, call in calls(wave, wave.codes["A-1"]).items():
        answer = of_page(tenant, INTRANET, **call)
        assert answer.headers["access-control-allow-origin"] == "*", name
        told[name] = answer.status_code
    assert told == {"questionnaire": 200, "context": 200, "kiosk": 422, "sign-in": 409, "answers": 201}
    problem(of_page(tenant, EVIL, **calls(wave, wave.codes["A-2"])["answers"]), 403, "origin-not-allowed")


def test_our_own_pages_and_whoever_is_no_browser_need_no_leave(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    call = calls(wave, wave.codes["A-1"])
    ok(of_page(tenant, "http://pouls.test", **call["context"]))
    problem(of_page(tenant, "http://pouls.test.evil.example", **call["context"]), 403, "origin-not-allowed")
    for strange in ("null", "http://[", "", "http://pouls.test:80", "pouls.test"):
        problem(of_page(tenant, strange, **call["context"]), 403, "origin-not-allowed")
    plain = tenant.call(None, **call["context"])
    ok(plain)
    assert "access-control-allow-origin" not in plain.headers


def test_an_origin_that_was_just_named_is_known_within_two_seconds(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    origins = origins_of(tenant)
    call = calls(wave, wave.codes["A-1"])["context"]
    problem(of_page(tenant, INTRANET, **call), 403, "origin-not-allowed")
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": [INTRANET]}))
    timer = origins._timer
    try:
        origins._timer = lambda: timer() + 2
        ok(of_page(tenant, INTRANET, **call))
    finally:
        origins._timer = timer


def test_an_origin_that_was_taken_away_is_refused_half_a_minute_later(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    origins = origins_of(tenant)
    call = calls(wave, wave.codes["A-1"])["context"]
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": [INTRANET]}))
    ok(of_page(tenant, INTRANET, **call))
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={}))
    timer = origins._timer
    try:
        origins._timer = lambda: timer() + 31
        problem(of_page(tenant, INTRANET, **call), 403, "origin-not-allowed")
    finally:
        origins._timer = timer


@pytest.mark.parametrize("path", ["/v1/respond", "/v1/respond/context", "/v1/aggregates/trend"])
def test_a_browser_may_ask_first(tenant: TenantUnderTest, path: str) -> None:
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = tenant.call(None, "OPTIONS", path, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Content-Type" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/campaigns", "/v1/releases", "/v1/respond/a/b", "/odata/", "/v1/participations"])
def test_what_is_not_for_pages_stays_closed_to_them(tenant: TenantUnderTest, path: str) -> None:
    asked = {"Origin": INTRANET, "Access-Control-Request-Method": "GET"}
    assert "access-control-allow-origin" not in tenant.call(None, "OPTIONS", path, headers=asked).headers
    answer = tenant.call(READ, "GET", path, headers={"Origin": INTRANET})
    assert "access-control-allow-origin" not in answer.headers


def test_results_are_shown_on_pages_that_are_allowed_by_a_token_of_a_unit(tenant: TenantUnderTest) -> None:
    whole, release = two_waves(tenant.house)
    campaign = ok(whole.call(READ, "GET", f"/v1/releases/{release}"))["campaign"]["id"]
    unit = {"source": "hris", "external_id": cells_of(whole, release, breakdown="org")[0]["unit"]}
    made = ok(whole.call("admin", "POST", "/v1/api-keys", json={"name": "u", "scopes": [READ], "unit": unit}), 201)
    bound = TenantUnderTest(whole.house, whole.tenant_id, whole.keys | {READ: made["key"]})

    def shown(credential: str, origin: str = INTRANET) -> httpx2.Response:
        headers = with_token(credential) | {"Origin": origin}
        path = f"/v1/aggregates/trend?campaign={campaign}"
        return whole.call(None, "GET", path, headers=headers)

    token = token_for(bound, READ)
    problem(shown(token), 403, "origin-not-allowed")
    ok(whole.call("admin", "PUT", "/v1/campaign-rules", json={"origins": [INTRANET]}))
    origins_of(tenant)._known.clear()
    assert ok(shown(token))["series"]
    for credential in (whole.keys[READ], bound.keys[READ], token_for(whole, READ)):
        problem(shown(credential), 403, "page-needs-token")
    problem(shown(token, EVIL), 403, "origin-not-allowed")
