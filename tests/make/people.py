"""People sent as an HRIS sends them, and what is stored of them."""

from collections.abc import Iterator
from typing import Any

from tests.fixtures.house import TenantUnderTest
from tests.make.wire import Sent, raw
from tests.make.world import an_org, ok

LINES = "application/x-ndjson"


def person(external_id: str, unit: str = "A", **fields: Any) -> dict[str, Any]:
    return {"external_id": external_id, "unit": unit} | fields


def put(tenant: TenantUnderTest, *people: dict[str, Any], skip: bool = False) -> Any:
    query = "?on_error=skip" if skip else ""
    return tenant.call("people:write", "PUT", f"/v1/people{query}", json=list(people))


def put_lines(tenant: TenantUnderTest, chunks: Iterator[bytes] | list[bytes], **request: Any) -> Sent:
    """An NDJSON call in chunks as they come from a socket."""
    headers = {"content-type": LINES.encode(), "authorization": b"Bearer " + tenant.keys["people:write"].encode()}
    return raw(tenant.house, "PUT", "/v1/people", headers=headers, chunks=chunks, **request)


def counts(answer: Any) -> tuple[int, int, int, int]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["created"], body["updated"], body["unchanged"], body["refused"]


def stored(tenant: TenantUnderTest) -> list[Any]:
    return tenant.sql("""
        SELECT p.external_id, u.external_id, p.language, p.dimensions, p.is_active, p.xmin::text
        FROM person p JOIN org_unit u USING (tenant_id, unit_id) ORDER BY p.external_id COLLATE "C"
    """)


def organised(tenant: TenantUnderTest) -> TenantUnderTest:
    """Units TOP, A and B, nobody in them; a dimension."""
    an_org(tenant, {"A": 0, "B": 0})
    values = [{"id": name, "label": {"fr": name.title(), "en": name.title()}} for name in ("lyon", "paris")]
    ok(tenant.call("people:write", "PUT", "/v1/dimensions", json=[{"name": "site", "values": values}]))
    return tenant


def headers_of(tenant: TenantUnderTest, kind: bytes = b"application/json") -> dict[str, bytes]:
    return {"authorization": b"Bearer " + tenant.keys["people:write"].encode(), "content-type": kind}
