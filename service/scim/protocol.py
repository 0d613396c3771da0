"""The library's protocol with our limits, our words for errors, and groups that are patched without their members."""

from typing import Any, TypeVar

import structlog
from pydantic import ValidationError
from scim2_models import (
    BaseModel,
    BulkOperation,
    Context,
    Error,
    InvalidSyntaxException,
    PatchOp,
    PayloadTooLargeException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    ScimProvider,
    SearchRequest,
)
from scim2_server.conditions import Conditions
from scim2_server.handler import AsyncScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService, scim_exception_of
from scim2_server.storage import SearchPage

from service.kit import strict_json
from service.problems import problem_of
from service.scim.filters import check_length
from service.scim.habits import asked, judge_size, straightened
from service.scim.membership import split
from service.scim.models import BODY_LIMIT
from service.scim.refusals import silenced, told
from service.scim.searching import GROUP
from service.scim.storage import Storage

log = structlog.get_logger()
ModelT = TypeVar("ModelT", bound=BaseModel)
ATTRIBUTES_LIMIT = 4096


class Service(ScimService):
    """What the library does between reading a request and writing its answer."""

    def __init__(self, provider: ScimProvider, secret: bytes) -> None:
        super().__init__(provider, secret=secret)

    def max_body_size(self, request: ScimRequest) -> int | None:
        size = super().max_body_size(request)
        return BODY_LIMIT if size is None else size

    def read_body(self, model: type[ModelT], body: bytes, content_type: str | None, scim_ctx: Context) -> ModelT:
        value = self.decode_body(body, content_type)
        judge_size(value)
        try:
            return model.model_validate(straightened(value), scim_ctx=scim_ctx)
        except ValidationError as error:
            raise scim_exception_of(error) from None

    def decode_body(self, body: bytes, content_type: str | None) -> Any:
        self.ensure_json(content_type)
        if len(body) > BODY_LIMIT:
            raise PayloadTooLargeException
        try:
            return strict_json.loads(body)
        except ValueError:
            raise InvalidSyntaxException from None

    def read_search(self, resource_types: list[ResourceType], payload: Any) -> tuple[SearchRequest[Any], Any]:
        if not isinstance(payload, dict):
            raise InvalidSyntaxException
        for name, value in payload.items():
            if name.lower() == "filter":
                check_length(value)
            elif name.lower() != "cursor" and len(str(value)) > ATTRIBUTES_LIMIT:
                raise PayloadTooLargeException
        meant = {
            name: asked(value) if name.lower() == "filter" and isinstance(value, str) else value
            for name, value in payload.items()
        }
        return super().read_search(resource_types, meant)

    def publish(self, base_url: str, resource: Resource[Any]) -> Resource[Any]:
        """The resource with its address. What it refers to has its own already: see `Within.base`."""
        if resource.meta is None or resource.id is None:
            raise TypeError("a resource out of the storage has an id and its meta")
        location = self.resource_location(base_url, self.get_resource_type_of(resource), resource.id)
        return resource.model_copy(update={"meta": resource.meta.model_copy(update={"location": location})})

    def search_response(
        self, base_url: str, resource_types: list[ResourceType], page: SearchPage, search_request: SearchRequest[Any]
    ) -> ScimResponse:
        """The library's, but for the resources: it would read back what it has just written, and write it again."""
        response = super().search_response(
            base_url, resource_types, SearchPage(page.total, [], page.next, page.previous), search_request
        )
        shown = [
            self.publish(base_url, one).model_dump(
                scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=search_request
            )
            for one in page.resources
        ]
        response.body = {**(response.body or {}), "itemsPerPage": len(shown), "Resources": shown}
        return response

    def patch_response(
        self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]
    ) -> ScimResponse:
        """A User is shown as they are now, which Entra's documents ask for; a group only to whoever asks for more."""
        if resource.meta is not None and resource.meta.resource_type == GROUP:
            return super().patch_response(base_url, resource, response_parameters)
        return self.replacement_response(base_url, resource, response_parameters)

    @staticmethod
    def error_of(exception: Exception) -> Error:
        return told(exception if isinstance(exception, SCIMException) else problem_of(exception))

    def bulk_failure(self, outcome: dict[str, Any], exception: Exception) -> dict[str, Any]:
        if not isinstance(exception, SCIMException):
            log.error("request failed", problem=type(exception).__name__, at="scim bulk")
        return super().bulk_failure(outcome, exception)

    @staticmethod
    def bulk_validation_failure(
        operation: BulkOperation[Resource[Any]], outcome: dict[str, Any]
    ) -> dict[str, Any] | None:
        if not isinstance(operation.response, Error):
            return None
        return {**outcome, "status": operation.status, "response": silenced(operation.response)}


class Handler(AsyncScimHandler):
    """Serves one request.

    Args:
        shows_patched: whether the answer to a PATCH may show a group's members.
    """

    def __init__(self, service: Service, storage: Storage, *, shows_patched: bool) -> None:
        super().__init__(service, storage)
        self._ours = storage
        self._shows_patched = shows_patched

    async def patch_resource(
        self, resource_type: ResourceType, resource_id: str, patch_op: "PatchOp[Any]", conditions: Conditions
    ) -> Resource[Any]:
        if resource_type.name != GROUP:
            return await super().patch_resource(resource_type, resource_id, patch_op, conditions)
        group = await self._ours.bare(resource_type, resource_id)
        version = group.meta.version if group.meta is not None else None
        self.service.check_preconditions(group, "PATCH", conditions)
        rest, delta = split(patch_op)
        is_other = bool(rest) and patch_op.model_copy(update={"operations": rest}).patch(group)
        if is_other or delta:
            group = await self._ours.change(resource_type, group, delta, expected_version=version)
        return await self._ours.get(resource_type, resource_id) if self._shows_patched else group
