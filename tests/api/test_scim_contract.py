"""The library's own contract for storages, on ours: real tables, real transactions, one for each call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from scim2_models import Resource, ResourceType, ResponseParameters, ScimProvider, SearchRequest
from scim2_server.storage import AsyncScimStorage, SearchPage
from scim2_server.testing import AsyncScimStorageContract

from service.kit.db import Database
from service.scim.mapping import DEFAULT
from service.scim.storage import Storage
from service.scim.within import Within
from tests.fixtures.house import House, TenantUnderTest


class InTransactions(AsyncScimStorage):
    """Ours, opened anew for each call, as a request would: the suite brings an event loop of its own to each test."""

    supports_cursors = Storage.supports_cursors

    def __init__(self, house: House, tenant: TenantUnderTest, provider: ScimProvider) -> None:
        self._house = house
        self._tenant = tenant
        self._provider = provider

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Storage]:
        database = Database(self._house.postgres.url("pouls_app"), "pouls_app", self._house.settings.database)
        try:
            async with database.transaction(self._tenant.tenant_id) as tx:
                within = Within(tx, self._tenant.tenant_id, DEFAULT, {}, self._house.clock())
                yield Storage(self._provider, within)
        finally:
            await database.close()

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        async with self._opened() as storage:
            return await storage.get(resource_type, resource_id, response_parameters=response_parameters)

    async def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        async with self._opened() as storage:
            return await storage.search(resource_types, search_request, position=position)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        async with self._opened() as storage:
            return await storage.create(resource_type, resource)

    async def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        async with self._opened() as storage:
            return await storage.update(resource_type, resource, expected_version=expected_version)

    async def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        async with self._opened() as storage:
            await storage.delete(resource_type, resource_id, expected_version=expected_version)

    @asynccontextmanager
    async def operation(self) -> AsyncIterator[None]:
        async with self._opened() as storage, storage.operation():
            yield


@pytest.mark.uncounted
class TestOurStorage(AsyncScimStorageContract):
    """Every rule, with the models of RFC 7643 rather than our fewer attributes; nothing is skipped."""

    @pytest.fixture
    def async_storage(self, house: House, tenant: TenantUnderTest, provider: ScimProvider) -> AsyncScimStorage:
        return InTransactions(house, tenant, provider)
