"""What a body may be: its length, its type and its coding, by a problem (RFC 9457) where it is not."""

import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.operations import OPERATIONS, at
from tests.make.wire import problem, raw
from tests.make.world import an_org

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def anyone(house: House) -> TenantUnderTest:
    """For all that is refused before it reaches anything of the tenant's."""
    return house.tenant()


BODIES = [
    (scope, method, at(path, ""))
    for scope, method, path in OPERATIONS
    # A DELETE takes none; of imports the limit is another one.
    if method not in {"GET", "DELETE"} and "{id}" not in path and "imports" not in path
]


@pytest.mark.parametrize(("scope", "method", "path"), [*BODIES, (None, "POST", "/v1/respond")])
@pytest.mark.parametrize("announced", [True, False])
def test_a_long_body_is_413(
    anyone: TenantUnderTest, scope: str | None, method: str, path: str, announced: bool
) -> None:
    chunks = [b'["' + b"a" * (1 << 16)] + [b"a" * (1 << 16)] * 16 + [b'"]']
    headers = {"content-type": b"application/json"}
    if scope:
        headers["authorization"] = b"Bearer " + anyone.keys[scope].encode()
    if announced:
        headers["content-length"] = str(sum(map(len, chunks))).encode()
    problem(raw(anyone.house, method, path, headers=headers, chunks=chunks), 413, "too-large")


def test_a_body_within_the_limit_is_read_whole(tenant: TenantUnderTest) -> None:
    """The border itself, so that the limit above is that one: 1 MiB passes the limit and fails on its content."""
    an_org(tenant, {"A": 1})
    start, end = b'[{"external_id":"A-0","unit":"', b'"}]'
    for length, status in [((1 << 20), 422), ((1 << 20) + 1, 413)]:
        body = start + b"x" * (length - len(start) - len(end)) + end
        assert len(body) == length
        assert tenant.call("people:write", "PUT", "/v1/people", content=body, headers=JSON).status_code == status


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jso"]
)
@pytest.mark.parametrize("path", ["/v1/people", "/v1/org-units", "/v1/respond"])
def test_another_media_type_is_415(anyone: TenantUnderTest, path: str, kind: str) -> None:
    scope, method = (None, "POST") if path == "/v1/respond" else ("people:write", "PUT")
    told = anyone.call(scope, method, path, content=b"[]", headers={"content-type": kind})
    assert "application/json" in problem(told, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize(("scope", "method", "path"), [*BODIES, (None, "POST", "/v1/respond")])
def test_an_encoded_body_is_415(anyone: TenantUnderTest, scope: str | None, method: str, path: str) -> None:
    """Nothing is unpacked here: a few bytes could be gigabytes."""
    headers = JSON | {"content-encoding": "gzip"}
    problem(anyone.call(scope, method, path, content=b"[]", headers=headers), 415, "unsupported-media-type")
