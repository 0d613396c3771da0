"""Who joins and who leaves a group, read off a PATCH without the members who stay. Pure.

A group may have thousands of members, and a directory names one or two of them: the library would have all of them in
memory, compare each with each, and write them back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from scim2_models import Group as CoreGroup
from scim2_models import InvalidPathException, InvalidValueException, PatchOp, PatchOperation, Path
from scim2_models.path import AttrPath, CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

MEMBERS: Final = "members"
_FULL: Final = f"{CoreGroup.__schema__}:{MEMBERS}".lower()


@dataclass(frozen=True, slots=True)
class Delta:
    """What becomes of a group's members: `whole`: whoever is not `joining` leaves."""

    joining: frozenset[str] = field(default_factory=frozenset)
    leaving: frozenset[str] = field(default_factory=frozenset)
    whole: bool = False

    def add(self, ids: frozenset[str]) -> "Delta":
        return Delta(self.joining | ids, self.leaving - ids, self.whole)

    def remove(self, ids: frozenset[str]) -> "Delta":
        return Delta(self.joining - ids, self.leaving | ids, self.whole)

    def __bool__(self) -> bool:
        return bool(self.joining or self.leaving or self.whole)


NOTHING: Final = Delta()


def split(patch: "PatchOp[Any]") -> tuple[list[PatchOperation[Any]], Delta]:
    """The operations that are about something else, and what all others together make of the members."""
    rest: list[PatchOperation[Any]] = []
    delta = NOTHING
    for operation in patch.operations or []:
        if operation.path is None:
            other, delta = _without_path(operation, delta)
            if other.value:
                rest.append(other)
        elif _is_about_members(operation.path):
            delta = _applied(operation, delta)
        else:
            rest.append(operation)
    return rest, delta


def _without_path(operation: PatchOperation[Any], delta: Delta) -> tuple[PatchOperation[Any], Delta]:
    """An operation whose value names its attributes; the members are taken out of it."""
    if not isinstance(operation.value, dict):
        return operation, delta
    others = {key: value for key, value in operation.value.items() if key.lower() not in {MEMBERS, _FULL}}
    for key, value in operation.value.items():
        if key not in others:
            ids = frozenset(_ids(value))
            delta = delta.add(ids) if operation.op == PatchOperation.Op.add else Delta(ids, whole=True)
    return operation.model_copy(update={"value": others}), delta


def _is_about_members(path: Path[Any]) -> bool:
    head = str(path).partition("[")[0].strip().lower()
    return head in {MEMBERS, _FULL}


def _applied(operation: PatchOperation[Any], delta: Delta) -> Delta:
    chosen = path_filter(operation.path)
    match operation.op:
        case PatchOperation.Op.add if chosen is None:
            return delta.add(frozenset(_ids(operation.value)))
        case PatchOperation.Op.replace_ if chosen is None:
            return Delta(frozenset(_ids(operation.value)), whole=True)
        case PatchOperation.Op.remove if chosen is not None:
            return delta.remove(frozenset(_named(chosen)))
        case PatchOperation.Op.remove if operation.value is None:
            return Delta(whole=True)
        case PatchOperation.Op.remove:
            return delta.remove(frozenset(_ids(operation.value)))
        case _:
            raise InvalidPathException


def path_filter(path: Path[Any] | None) -> FilterNode | None:
    """The filter in the brackets of a path."""
    return path.value_filter if path is not None else None


def _ids(value: Any) -> Iterator[str]:
    """The members that a value names: one or a list of them, as objects or as bare ids."""
    for one in value if isinstance(value, list) else [] if value is None else [value]:
        named = _value_of(one)
        if not isinstance(named, str):
            raise InvalidValueException
        yield named


def _value_of(one: Any) -> Any:
    match one:
        case dict():
            return next((item for key, item in one.items() if key.lower() == "value"), None)
        case str():
            return one
        case _:
            return getattr(one, "value", None)


def _named(node: FilterNode) -> Iterable[str]:
    """The ids of `value eq "..."`, one or several joined by `or`."""
    match node:
        case Comparison(AttrPath(attr, None, None), CompareOperator.eq, str(wanted)) if attr.lower() == "value":
            yield wanted
        case LogicalExpr(LogicalOperator.or_, terms):
            for term in terms:
                yield from _named(term)
        case _:
            raise InvalidPathException
