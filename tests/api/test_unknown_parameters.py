"""A query that an operation does not know is refused: ignored, a filter with a slip in its name shows everything."""

import re

import pytest
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute

from service.routes import ROUTERS
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import Answer, places, problem, raw
from tests.make.world import a_launched_wave, ok

ID = "01a2159f-907c-7d6a-9b65-31471b5300c5"
ROUTES = [route for mounted in ROUTERS for route in mounted.router.routes if isinstance(route, APIRoute)]
KNOWN = {
    (method, re.sub(r"{\w+}", ID, route.path)): {
        field.alias for field in get_flat_params(route.dependant) if isinstance(field.field_info, Query)
    }
    for route in ROUTES
    for method in route.methods
    if route.path.startswith("/v1/")
}
OPERATIONS = sorted({*KNOWN, ("POST", "/v1/respond")})
PARAMETERS = sorted((method, path, name) for (method, path), names in KNOWN.items() for name in names)


def asked(house: House, method: str, path: str, query: str) -> Answer:
    """Without a key: what is refused here is so whoever asks."""
    answer: Answer = raw(
        house, method, f"{path}?{query}", headers={"content-type": b"application/json"}, chunks=[b"{}"]
    )
    return answer


def test_these_are_the_operations() -> None:
    assert len(OPERATIONS) > 25
    assert {name for _, _, name in PARAMETERS} >= {"limit", "cursor", "unit", "measure", "wave", "on_error", "language"}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_unknown_parameter_is_refused_by_its_name(house: House, method: str, path: str) -> None:
    body = problem(asked(house, method, path, "colour=blue"), 422, "invalid")
    assert places(body) == {"query:colour": "is not a known parameter"}
    body = problem(asked(house, method, path, "colour&Limit=5"), 422, "invalid")
    assert set(places(body)) == {"query:colour", "query:Limit"}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("name", ["Zora%20Canari", "Canari%00", "canari/7", "=canari", "%C3%A9canari", "canari" * 11])
def test_a_name_that_is_none_does_not_come_back(house: House, method: str, path: str, name: str) -> None:
    answer = asked(house, method, path, f"{name}=canari&{name}=canari&%20{name}")
    assert problem(answer, 422, "invalid")["errors"] == [
        {"parameter": "", "in": "query", "reason": "is not a known parameter"}
    ]
    assert "canari" not in answer.text.lower()


@pytest.mark.parametrize(("method", "path", "name"), PARAMETERS)
def test_a_parameter_given_twice_is_refused(house: House, method: str, path: str, name: str) -> None:
    """Which of the two counts is anybody's guess."""
    body = problem(asked(house, method, path, f"{name}=1&{name}=1"), 422, "invalid")
    assert places(body) == {f"query:{name}": "must be given once"}


def test_probes_take_what_a_probe_may_add(house: House) -> None:
    ok(house.client.get("/livez?t=1"))


def test_an_answer_with_a_query_is_not_taken(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    body = {"code": wave.codes["A-0"], "nonce": "c29tZTE2cmFuZG9tYnl0ZQ", "answers": {"load": 3}}
    problem(tenant.call(None, "POST", "/v1/respond?language=fr", json=body), 422, "invalid")
    assert tenant.sql("SELECT count(*) FROM spent_code")[0][0] == 0
    ok(tenant.call(None, "POST", "/v1/respond", json=body), 201)
