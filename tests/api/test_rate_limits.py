"""How often a key may call: told with each answer, refused beyond it, and never where answers are taken."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from starlette.testclient import TestClient

from service.cli import local
from service.kit.ids import new_id
from service.kit.rates import Here
from service.main import create_app
from service.settings import LimitsSettings
from service.tenants.keys import SECRET_BYTES, Key
from service.tenants.rate_limits import WRONG_SECRETS_A_MINUTE, RateLimits
from tests.fixtures.house import House, TenantUnderTest
from tests.make.access_tokens import ask, with_token
from tests.make.wire import problem
from tests.make.world import a_launched_wave, ok

QUOTA = 5
POLICY = f'"default";q={QUOTA};w=60'


class Minute:
    """A clock that stands still in the middle of a minute until somebody moves it."""

    def __init__(self) -> None:
        self.now = 6030.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def minute(house: House) -> Iterator[Minute]:
    """The house with a small quota, and no minute that passes by itself."""
    state = house.client.app.state  # type: ignore[attr-defined]  # Starlette types the app as a callable
    found, usual = Minute(), state.rate_limits
    state.rate_limits = RateLimits(Here(found), QUOTA, 2)
    yield found
    state.rate_limits = usual


def standing(answer: httpx2.Response) -> tuple[int, int]:
    """What remains, and the seconds until there is more."""
    assert answer.headers["ratelimit-policy"] == POLICY
    found = re.fullmatch(r'"default";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert found is not None
    return int(found[1]), int(found[2])


def test_each_answer_says_where_the_key_stands(tenant: TenantUnderTest, minute: Minute) -> None:
    assert minute.now
    for left in range(QUOTA - 1, -1, -1):
        assert standing(tenant.call("aggregates:read", "GET", "/v1/releases")) == (left, 31)
    answer = tenant.call("aggregates:read", "GET", "/v1/releases")
    told = problem(answer, 429, "rate-limited")
    assert set(told) == {"type", "title", "status"}
    assert standing(answer) == (0, 31)
    assert answer.headers["retry-after"] == "31"
    ok(tenant.call("admin", "GET", "/v1/audit-log"))  # another key


def test_a_minute_later_there_is_more(tenant: TenantUnderTest, minute: Minute) -> None:
    for _ in range(QUOTA + 1):
        last = tenant.call("aggregates:read", "GET", "/v1/releases")
    assert last.status_code == 429
    minute.now += 120
    assert standing(tenant.call("aggregates:read", "GET", "/v1/releases")) == (QUOTA - 1, 31)


def test_errors_and_answers_without_a_body_say_it_too(tenant: TenantUnderTest, minute: Minute) -> None:
    assert minute.now
    refusals = [
        (tenant.call("people:write", "GET", "/v1/releases"), 403),
        (tenant.call("aggregates:read", "GET", f"/v1/releases/{new_id()}"), 404),
        (tenant.call("people:write", "PUT", "/v1/dimensions", json=[{}]), 422),
        (tenant.call("people:write", "PUT", "/v1/dimensions", json=[{}], headers={"Idempotency-Key": "k"}), 422),
    ]
    for answer, status in refusals:
        assert answer.status_code == status
        standing(answer)
    fetched = tenant.call("questionnaires:write", "GET", "/v1/catalogue/enps")
    same = {"If-None-Match": fetched.headers["etag"]}
    unchanged = tenant.call("questionnaires:write", "GET", "/v1/catalogue/enps", headers=same)
    assert unchanged.status_code == 304
    assert standing(unchanged)[0] == QUOTA - 2


def test_a_fault_of_ours_says_it_too(tenant: TenantUnderTest, minute: Minute, monkeypatch: pytest.MonkeyPatch) -> None:
    assert minute.now

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr("service.people.queries.dimensions", broken)
    answer = tenant.call("people:write", "GET", "/v1/dimensions")
    problem(answer, 500, "internal")
    standing(answer)


def test_a_call_is_counted_once_however_often_its_key_is_looked_at(tenant: TenantUnderTest, minute: Minute) -> None:
    """Rows that come in are asked for their key before and after."""
    assert minute.now
    rows = [{"external_id": "A", "name": "A"}]
    answer = tenant.call("people:write", "PUT", "/v1/org-units", json=rows)
    assert standing(answer)[0] == QUOTA - 1
    assert len(answer.headers.get_list("ratelimit")) == 1


def test_a_keys_tokens_are_counted_with_it(tenant: TenantUnderTest, minute: Minute) -> None:
    assert minute.now
    first = ask(tenant, "aggregates:read")
    assert first.headers["ratelimit-policy"] == '"tokens";q=2;w=60'
    token = ok(first)["access_token"]
    for headers in (with_token(token), {}) * 2:
        scope = None if headers else "aggregates:read"
        tenant.call(scope, "GET", "/v1/releases", headers=headers)
    assert standing(tenant.call("aggregates:read", "GET", "/v1/releases"))[0] == 0
    problem(tenant.call(None, "GET", "/v1/releases", headers=with_token(token)), 429, "rate-limited")
    ok(ask(tenant, "aggregates:read"))
    refused = ask(tenant, "aggregates:read")
    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert "Retry-After" in refused.json()["error_description"]
    assert refused.headers["retry-after"]
    assert refused.headers["cache-control"] == "no-store"


def test_nothing_is_said_or_counted_where_no_key_is_asked_for(tenant: TenantUnderTest, minute: Minute) -> None:
    assert minute.now
    wave = a_launched_wave(tenant)
    answers = [wave.submit(f"A-{number}", {"load": 1}) for number in range(QUOTA + 3)]
    answers += [tenant.call(None, "GET", f"/v1/respond/{wave.address}") for _ in range(QUOTA + 1)]
    answers += [tenant.call(None, "GET", "/livez"), tenant.house.client.get("/.well-known/jwks.json")]
    for answer in answers:
        assert answer.is_success, answer.text
        assert not [name for name in answer.headers if name.startswith("ratelimit")]


def test_wrong_secrets_are_counted_apart_and_do_not_shut_the_key_out(tenant: TenantUnderTest, minute: Minute) -> None:
    """Whoever knows the id of a key could else use up its calls."""
    assert minute.now
    known = Key.read(tenant.keys["aggregates:read"])
    wrong = with_token(Key(known.tenant_id, known.key_id, bytes(SECRET_BYTES)).text())
    answers = [tenant.call(None, "GET", "/v1/releases", headers=wrong) for _ in range(WRONG_SECRETS_A_MINUTE + 1)]
    for answer in answers[:-1]:
        problem(answer, 401, "unauthenticated")
        assert "ratelimit" not in answer.headers
    problem(answers[-1], 429, "rate-limited")
    assert answers[-1].headers["retry-after"] == "60"
    assert standing(tenant.call("aggregates:read", "GET", "/v1/releases"))[0] == QUOTA - 1


def test_a_revoked_key_is_told_so_however_often(tenant: TenantUnderTest, minute: Minute) -> None:
    assert minute.now
    made = ok(tenant.call("admin", "POST", "/v1/api-keys", json={"name": "n", "scopes": ["people:write"]}), 201)
    ok(tenant.call("admin", "DELETE", f"/v1/api-keys/{made['id']}"), 204)
    for _ in range(WRONG_SECRETS_A_MINUTE + 5):
        answer = tenant.call(None, "GET", "/v1/dimensions", headers=with_token(made["key"]))
    problem(answer, 401, "unauthenticated")


@pytest.fixture
def strict(house: House) -> Iterator[TestClient]:
    """A second API process with a quota from its settings, over the same database."""
    limits = LimitsSettings(requests_a_minute=2)
    settings = local.acting_as(house.settings, house.postgres, "pouls_app").model_copy(update={"limits": limits})
    with TestClient(create_app(settings, clock=house.clock), base_url="http://pouls.test") as client:
        yield client


def test_the_quota_comes_from_the_settings_and_each_process_counts_for_itself(
    tenant: TenantUnderTest, strict: TestClient
) -> None:
    headers = with_token(tenant.keys["aggregates:read"])
    answers = [strict.get("/v1/releases", headers=headers) for _ in range(5)]  # a minute may begin among them
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"default";q=2;w=60'}
    assert 429 in {answer.status_code for answer in answers}
    ok(tenant.call("aggregates:read", "GET", "/v1/releases"))
