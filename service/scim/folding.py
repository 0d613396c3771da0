"""What a directory's attributes look like in the database: as they came, and as they are compared. Pure.

Strings are folded here, by the library that also judges filters, so that the database compares code points alone and
never has to know Unicode's cases.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from scim2_models import BaseModel, CaseExact, Mutability, Resource, Returned, default_comparison_key
from scim2_models.path import AttributeBinding

ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PERSON: Final = "urn:pouls:params:scim:schemas:extension:person:2.0:User"
# Said elsewhere: in columns, or by other rows.
OF_COLUMNS: Final = frozenset({"schemas", "id", "meta", "groups", "members"})


@dataclass(frozen=True, slots=True)
class _Exact:
    case_exact: bool


def folded(value: str, *, exact: bool) -> str:
    """A string in the form that it is compared in."""
    return default_comparison_key(_Exact(exact), value)


def moment_text(value: datetime) -> str:
    """A moment as text that sorts as moments do."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def kept(resource: Resource[Any]) -> dict[str, Any]:
    """What only the directory asks back, by the names of the wire; never a password."""
    out = {}
    for name, value in resource.model_dump().items():
        field = type(resource).__scim_info__.alias_to_field.get(name)
        if name in OF_COLUMNS or name == PERSON or field is None or _is_hidden(type(resource), field):
            continue
        inner = {key: one for key, one in value.items() if key != "manager"} if name == ENTERPRISE else value
        if inner != {}:
            out[name] = inner
    return out


def _is_hidden(model: type[BaseModel], field: str) -> bool:
    mutability, returned = (model.get_field_annotation(field, kind) for kind in (Mutability, Returned))
    return bool(mutability == Mutability.write_only or returned == Returned.never)


def keys(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
    """The same document in the form that filters and orders compare."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        field = model.__scim_info__.alias_to_field[name]
        exact = model.get_field_annotation(field, CaseExact) == CaseExact.true
        root = model.get_field_root_type(field)
        out[name] = _fold(root, value, exact=exact)
    return out


def _fold(root: Any, value: Any, *, exact: bool) -> Any:
    match value:
        case list():
            return [_fold(root, one, exact=exact) for one in value]
        case dict():
            return keys(root, value)
        case str():
            return moment_text(datetime.fromisoformat(value)) if root is datetime else folded(value, exact=exact)
        case _:
            return value


def texts(value: Any) -> Iterator[str]:
    """Every string of a document."""
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from texts(one)
        case list():
            for one in value:
                yield from texts(one)


def name_of(binding: AttributeBinding, model: type[BaseModel]) -> str:
    """How an attribute is called within a resource: `meta.created`, or with the URN of its extension."""
    own = f"{getattr(model, '__schema__', '')}:"
    return binding.urn.removeprefix(own) if model is binding.model or issubclass(model, binding.model) else binding.urn
