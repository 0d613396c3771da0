"""An API key by HTTP Basic: as the password, to read releases, and nowhere else."""

import json
import re
from base64 import b64encode
from typing import Any

import pytest

from service import main
from tests.fixtures.house import House, TenantUnderTest
from tests.make.access_tokens import token_for
from tests.make.wire import problem
from tests.make.world import ok

BOTH = 'Bearer realm="pouls", Basic realm="pouls", charset="UTF-8"'
ONE = 'Bearer realm="pouls"'
SOME_ID = "01a21c6c-0603-702d-b53d-75385dfe76c8"


def basic(password: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture(scope="module")
def anyone(house: House) -> TenantUnderTest:
    return house.tenant()


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation that wants a key: method, path, what is said of it."""
    return [
        (method.upper(), path, operation)
        for path, methods in json.loads(main.description())["paths"].items()
        for method, operation in methods.items()
        if operation.get("security")
    ]


def filled(path: str) -> str:
    """The path with something in each place."""
    return re.sub(r"\{\w+\}", SOME_ID, path)


@pytest.mark.parametrize("user", ["", "anybody", "käthe", "a" * 300])
def test_any_user_name_will_do(anyone: TenantUnderTest, user: str) -> None:
    ok(anyone.call(None, "GET", "/v1/releases", headers=basic(anyone.keys["aggregates:read"], user)), 200)


def test_a_key_holds_no_more_by_basic(anyone: TenantUnderTest) -> None:
    problem(anyone.call(None, "GET", "/v1/releases", headers=basic(anyone.keys["admin"])), 403, "forbidden")


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic Og==", "Basic YTpi", "Basic dXNlcg==", "Basic //79", "basic\tYTpi", "Digest YTpi"],
)
def test_whatever_else_is_refused_and_both_schemes_are_named(anyone: TenantUnderTest, header: str) -> None:
    answer = anyone.call(None, "GET", "/v1/releases", headers={"Authorization": header})
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == BOTH


def test_nowhere_else(anyone: TenantUnderTest) -> None:
    """Each operation of the application, with a key that it would take as a Bearer."""
    seen = {BOTH: 0, ONE: 0}
    for method, path, operation in operations():
        scope = next(iter(operation["security"][1]["OAuth2"]))
        reads = scope == "aggregates:read"
        answer = anyone.call(None, method, filled(path), headers=basic(anyone.keys[scope]))
        assert (answer.status_code != 401) == reads, (method, path)
        assert ({"Basic": []} in operation["security"]) == reads, (method, path)
        bare = anyone.call(None, method, filled(path))
        problem(bare, 401, "unauthenticated")
        assert bare.headers["www-authenticate"] == (BOTH if reads else ONE), (method, path)
        seen[bare.headers["www-authenticate"]] += 1
    assert min(seen.values()) > 4


def test_an_access_token_is_no_password(anyone: TenantUnderTest) -> None:
    token = token_for(anyone, "aggregates:read")
    problem(anyone.call(None, "GET", "/v1/releases", headers=basic(token)), 401, "unauthenticated")
