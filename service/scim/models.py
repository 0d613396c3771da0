"""The resources as /Schemas tells them: only what is kept is declared, and what is not declared is ignored.

No e-mail, no telephone, no address, no photograph: nothing here needs them. A tenant's dimensions are plain attributes
of our extension, each with its closed list of values, since Entra and Okta map plain attributes alone.
"""

from collections import OrderedDict
from collections.abc import Mapping as Map
from typing import Annotated, Any, ClassVar, Union

from pydantic import Field
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    BulkRequest,
    BulkResponse,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    External,
    Filter,
    ListResponse,
    Mutability,
    Pagination,
    Patch,
    PatchOp,
    Path,
    Reference,
    Required,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimFilter,
    ScimPolicy,
    ScimProvider,
    SearchRequest,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.resources.resource import AnyExtension

from service.scim.folding import ENTERPRISE, PERSON
from service.scim.mapping import Groups, Mapping, Unit

BODY_LIMIT = 1 << 20
OPERATIONS_LIMIT = 1000
PAGE_LIMIT = 1000
PAGE = 100
CURSOR_SECONDS = 3600
PROVIDERS_KEPT = 64
# An attribute of the extension may not be called as another one is, whatever the case.
TAKEN = frozenset({"schemas", "hiredon", "unit"})


class PersonName(ComplexAttribute):
    formatted: str | None = None
    """The whole name; only used to take names out of comments, where comments are published."""

    family_name: str | None = None
    """The family name."""

    given_name: str | None = None
    """The given name."""


class Membership(ComplexAttribute):
    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The id of the group."""

    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Where the group is."""

    type: Annotated[str | None, Mutability.read_only] = Field(None, examples=["direct"])
    """Always `direct`."""


class User(Resource[AnyExtension]):
    """A person."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    """Unique in the tenant without regard to case; the person's external id where there is no externalId."""

    name: PersonName | None = None
    """The person's name, in parts."""

    display_name: str | None = None
    """The person's name; only used to take names out of comments, where comments are published."""

    preferred_language: str | None = Field(None, examples=["fr", "en"])
    """BCP 47: the language in which questionnaires are shown."""

    active: bool | None = None
    """Whether the person is asked at all; a person without it is."""

    groups: Annotated[list[Membership] | None, Mutability.read_only] = None
    """The groups that the person is in."""


class Manager(ComplexAttribute):
    value: Annotated[str | None, CaseExact.true] = None
    """The id of the User who manages the person."""

    ref: Reference["User"] | None = Field(None, serialization_alias="$ref", validation_alias="$ref")  # type: ignore[type-arg]  # generic at run time alone
    """Where that User is."""


class EnterpriseUser(Extension):
    """What is used of the enterprise extension."""

    __schema__ = URN(ENTERPRISE)

    employee_number: str | None = None
    """The number in the company's own lists."""

    department: str | None = None
    """With `unit: department` in the mapping: the external id of the person's unit."""

    manager: Manager | None = None
    """The person's manager."""


class Member(ComplexAttribute):
    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    """The id of a User; where Groups are units also the id of a unit below."""

    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]  # generic at run time alone
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """Where the member is."""

    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    """`User`, or `Group` for a unit below."""


class Group(Resource[Any]):
    """What the mapping says: a unit, a project or a value of a dimension."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    """The name, as results show it."""

    members: list[Member] | None = None
    """Who is in it; a person is in one unit of the line at most, so that joining another one leaves the first."""

    Members: ClassVar[type[ComplexAttribute]] = Member


def person_extension(mapping: Mapping, dimensions: Map[str, tuple[str, ...]]) -> type[Extension]:
    """Our extension of a User, with the tenant's dimensions."""
    own = Mutability.read_write if mapping.unit is Unit.extension else Mutability.read_only
    annotations: dict[str, Any] = {
        "hired_on": str | None,
        "unit": Annotated[str | None, own, CaseExact.true],
    }
    fields: dict[str, Any] = {
        "hired_on": Field(
            None,
            examples=["2024-03-01"],
            serialization_alias="hiredOn",
            validation_alias="hiredOn",
            description="The day on which the person came, YYYY-MM-DD.",
        ),
        "unit": Field(None, description="The external id of the person's unit in the line hierarchy."),
    }
    for name, values in dimensions.items():
        by_groups = mapping.groups is Groups.dimension and mapping.dimension == name
        mutability = Mutability.read_only if by_groups else Mutability.read_write
        annotations[f"dimension_{name}"] = Annotated[str | None, mutability, CaseExact.true]
        fields[f"dimension_{name}"] = Field(
            None,
            examples=list(values),
            serialization_alias=name,
            validation_alias=name,
            description=f"The person's value of the dimension {name}.",
        )
    body = {"__schema__": URN(PERSON), "__annotations__": annotations, "__module__": __name__, **fields}
    return type("Person", (Extension,), body | {"__doc__": "What surveys need of a person."})


CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=OPERATIONS_LIMIT, max_payload_size=BODY_LIMIT),
    filter=Filter(supported=True, max_results=PAGE_LIMIT),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    pagination=Pagination(
        cursor=True,
        index=True,
        default_pagination_method=Pagination.DefaultPaginationMethod.index,
        default_page_size=PAGE,
        max_page_size=PAGE_LIMIT,
        cursor_timeout=CURSOR_SECONDS,
    ),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="API key",
            description="Authorization: Bearer, with a key or a token that holds people:write",
            spec_uri=Reference[External]("https://www.rfc-editor.org/info/rfc6750"),
            primary=True,
        )
    ],
)
# What is not declared is dropped; Entra names the members that leave in the operation's value.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


def provider(mapping: Mapping, dimensions: Map[str, tuple[str, ...]]) -> ScimProvider:
    """What is served to a tenant whose dimensions have these values."""
    person = person_extension(mapping, dimensions)
    users: Any = User
    types = [ResourceType.from_resource(users[Union[EnterpriseUser, person]]), ResourceType.from_resource(Group)]  # noqa: UP007 - made at run time
    return ScimProvider([User, EnterpriseUser, person, Group], types, CONFIG, POLICY)


def messages(provider: ScimProvider) -> list[Any]:
    """The messages about a provider's resources as classes, which the library would make anew for each request.

    Its caches and pydantic's hold them weakly: whoever keeps these keeps those warm.
    """
    made: list[Any] = []
    resources = [provider.model_for(one) for one in provider.resource_types]
    for several in (ListResponse, SearchRequest, BulkRequest, BulkResponse):
        generic: Any = several
        made.append(generic[Union[tuple(resources)]])  # noqa: UP007 - made at run time
    for each in (SearchRequest, PatchOp, ResponseParameters, Path, ScimFilter):
        generic = each
        made += [generic[one] for one in resources]
    return made


Key = tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]


class Providers:
    """The last providers asked for: making one takes longer than serving most requests."""

    def __init__(self) -> None:
        self._made: OrderedDict[Key, tuple[ScimProvider, list[Any]]] = OrderedDict()

    def of(self, mapping: Mapping, dimensions: Map[str, tuple[str, ...]]) -> ScimProvider:
        """The same provider for the same mapping and dimensions."""
        shown = {name: dimensions[name] for name in sorted(dimensions) if name not in TAKEN}
        key = (mapping.model_dump_json(), tuple(shown.items()))
        found = self._made.pop(key, None)
        if found is None:
            made = provider(mapping, shown)
            found = made, messages(made)
        self._made[key] = found
        if len(self._made) > PROVIDERS_KEPT:
            self._made.popitem(last=False)
        return found[0]
