"""Directories that write while others do: a write is read by the mapping that holds once the organisation is theirs."""

from collections.abc import Iterator
from typing import Any

import pytest

from service.people.lock import lock_organisation
from service.scim.tables import ScimMapping
from tests.fixtures.house import House, TenantUnderTest
from tests.make.at_once import Process, a_process, until, waiting
from tests.make.scim import BULK, GROUP, USER
from tests.make.wire import Sent

A_USER = {"schemas": [USER], "userName": "ann@example.com"}
SOURCES = "SELECT source FROM person"
WRITES = {
    "a User": ("/Users", A_USER, SOURCES, "okta"),
    "in bulk": (
        "/Bulk",
        {"schemas": [BULK], "Operations": [{"method": "POST", "path": "/Users", "bulkId": "ann", "data": A_USER}]},
        SOURCES,
        "okta",
    ),
    "a Group": ("/Groups", {"schemas": [GROUP], "displayName": "Alps"}, "SELECT hierarchy FROM org_unit", "project"),
}
AFTERWARDS = {"source": "okta", "groups": "projects", "unit": "department", "dimension": None}


@pytest.fixture(scope="module")
def process(house: House) -> Iterator[Process]:
    with a_process(house) as made:
        yield made


@pytest.mark.parametrize("name", WRITES)
def test_a_mapping_that_changes_while_a_write_waits_is_the_write_s(
    tenant: TenantUnderTest, process: Process, name: str
) -> None:
    """It is put in another process, which has the organisation meanwhile."""
    path, body, asked, expected = WRITES[name]

    async def go() -> Sent:
        async with tenant.house.client.app.state.database.transaction(tenant.tenant_id) as tx:  # type: ignore[attr-defined]  # Starlette types the app as a callable
            await lock_organisation(tx, tenant.tenant_id)
            call: Any = process.call(tenant, "POST", f"/scim/v2{path}", body, kind="application/scim+json")

            async def it_waits() -> bool:
                return len(await waiting(tx)) == 1

            await until(it_waits, call)
            tx.add(ScimMapping(tenant_id=tenant.tenant_id, mapping=AFTERWARDS, updated_at=tenant.house.clock()))
            await tx.flush()
        answer: Sent = await call
        return answer

    answer = tenant.house.run(go)
    assert 200 <= answer.status_code < 300, answer.text
    assert tenant.sql(asked) == [(expected,)]
