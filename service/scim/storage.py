"""Where the library reads and writes Users and Groups: the people domain, within one request's transaction."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

from scim2_models import Path, Resource, ResourceType, ResponseParameters, ScimProvider, SearchRequest
from scim2_server.storage import AsyncScimStorage, SearchPage

from service.scim import group_rows, group_writes, user_rows, user_writes
from service.scim.membership import Delta
from service.scim.refusals import Gone
from service.scim.searching import GROUP, USER, search
from service.scim.within import Within, uuid_behind


class Storage(AsyncScimStorage):
    """The resources of one tenant in one transaction."""

    supports_cursors = True

    def __init__(self, provider: ScimProvider, within: Within) -> None:
        self._provider = provider
        self._within = within

    async def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        with_members = _wants_members(response_parameters)
        return await self._one(resource_type, resource_id, with_members=with_members)

    async def bare(self, resource_type: ResourceType, resource_id: str) -> Resource[Any]:
        """A group without its members."""
        return await self._one(resource_type, resource_id, with_members=False)

    async def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        models = {str(one.name): self._model(one) for one in resource_types}
        ids = await search(self._within, models, search_request, position)
        with_members = _wants_members(search_request)
        found: dict[tuple[str, str], Resource[Any]] = {}
        for kind, model in models.items():
            wanted = [one for name, one in ids.page if name == kind]
            for resource in await self._read(kind, model, wanted, with_members=with_members):
                found[kind, str(resource.id)] = resource
        return SearchPage(ids.total, [found[one] for one in ids.page if one in found], ids.next, ids.previous)

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        if resource_type.name == USER:
            return await self._one(resource_type, str(await user_writes.create(self._within, resource)))
        return await self._one(resource_type, await group_writes.create(self._within, resource))

    async def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        if resource_type.name == USER:
            person = await user_writes.update(self._within, resource, expected_version)
            return await self._one(resource_type, str(person))
        return await self._one(resource_type, await group_writes.replace(self._within, resource, expected_version))

    async def change(
        self, resource_type: ResourceType, group: Resource[Any], delta: Delta, *, expected_version: str | None
    ) -> Resource[Any]:
        """A group's own attributes as they are to be, and who joins or leaves; comes back without its members."""
        changed = await group_writes.change(self._within, group, delta, expected_version)
        return await self.bare(resource_type, changed)

    async def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        model = self._model(resource_type)
        write = user_writes.delete if resource_type.name == USER else group_writes.delete
        await write(self._within, model, resource_id, expected_version)

    def operation(self) -> AbstractAsyncContextManager[None]:
        return self._operation()

    @asynccontextmanager
    async def _operation(self) -> AsyncIterator[None]:
        """A savepoint: what one operation of a bulk request began and could not end leaves nothing behind."""
        done = self._within.done.copy()
        is_kept = False
        try:
            async with self._within.tx.begin_nested():
                yield
            is_kept = True
        finally:
            if not is_kept:
                self._within.done = done

    def _model(self, resource_type: ResourceType) -> type[Resource[Any]]:
        model: Any = self._provider.model_for(resource_type)
        found: type[Resource[Any]] = model
        return found

    async def _one(self, resource_type: ResourceType, resource_id: str, *, with_members: bool = True) -> Resource[Any]:
        model = self._model(resource_type)
        found = await self._read(str(resource_type.name), model, [resource_id], with_members=with_members)
        if not found:
            raise Gone
        return found[0]

    async def _read(
        self, kind: str, model: type[Resource[Any]], ids: list[str], *, with_members: bool
    ) -> list[Resource[Any]]:
        if kind == GROUP:
            return await group_rows.read(self._within, model, ids, with_members=with_members)
        people: list[UUID] = [one for one in map(uuid_behind, ids) if one is not None]
        return await user_rows.read(self._within, model, people)


def _wants_members(parameters: ResponseParameters[Any] | None) -> bool:
    """Whether an answer shows who is in a group: not where it is asked for without, or for other attributes alone."""
    if parameters is None:
        return True
    if any(_names_members(path) for path in parameters.excluded_attributes or ()):
        return False
    return not parameters.attributes or any(_names_members(path, inner=True) for path in parameters.attributes)


def _names_members(path: Path[Any], *, inner: bool = False) -> bool:
    name = str(path).rpartition(":")[2].lower()
    return name == "members" or (inner and name.startswith("members."))
