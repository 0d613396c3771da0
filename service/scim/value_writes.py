"""Groups that are the values of a dimension: the closed list is the one that PUT /v1/dimensions declares."""

import json
import re
import unicodedata
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from service.people.diff import Held
from service.scim import crowd
from service.scim.membership import Delta
from service.scim.refusals import Contradicts, Gone, Refused, Taken
from service.scim.within import Within

VALUES_LIMIT: Final = 500
_SLUG_LENGTH: Final = 50
_LISTED: Final = text('SELECT "values" FROM dimension WHERE tenant_id = :tenant AND name = :name')
_STORE: Final = text(
    'UPDATE dimension SET "values" = CAST(:listed AS jsonb) WHERE tenant_id = :tenant AND name = :name'
)
_HOLDERS: Final = text("""
    SELECT u.person_id FROM scim_user u JOIN person p ON p.tenant_id = u.tenant_id AND p.person_id = u.person_id
    WHERE u.tenant_id = :tenant AND p.dimensions ->> :name = :value
""")
_HELD: Final = text("SELECT EXISTS (SELECT FROM person WHERE tenant_id = :tenant AND dimensions ->> :name = :value)")


async def create(within: Within, label: str) -> str:
    """A new value, called after its label."""
    listed = await _listed(within)
    if any(label in one["label"].values() for one in listed):
        raise Taken
    if len(listed) >= VALUES_LIMIT:
        raise Contradicts(f"A dimension has at most {VALUES_LIMIT} values.")
    value = _slug(label, {one["id"] for one in listed})
    await _store(within, [*listed, {"id": value, "label": {"en": label, "fr": label}}])
    return f"{within.mapping.dimension}.{value}"


async def rename(within: Within, group: str, label: str) -> None:
    """Show a value under another name, in every language that it has one in."""
    listed = await _listed(within)
    value = _value_of(within, group)
    for one in listed:
        shown = [text for _, text in sorted(one["label"].items())]
        if one["id"] == value and shown[0] != label:
            one["label"] = dict.fromkeys(one["label"], label)
            await _store(within, listed)


async def delete(within: Within, group: str) -> None:
    """Take a value off the list, which nobody holds any more."""
    listed = await _listed(within)
    value = _value_of(within, group)
    rest = [one for one in listed if one["id"] != value]
    held = {"tenant": within.tenant, "name": within.mapping.dimension, "value": value}
    if not rest:
        raise Contradicts("The last value of a dimension can not be taken away.")
    if await within.tx.scalar(_HELD, held):
        raise Contradicts("People whom no directory looks after hold this value.")
    await _store(within, rest)


async def move(within: Within, group: str, delta: Delta) -> None:
    """Who holds a value from now on, and who no longer does."""
    value, name = _value_of(within, group), str(within.mapping.dimension)
    joining, leaving = await crowd.named(within, delta.joining), await crowd.named(within, delta.leaving)
    if joining.others:
        raise Refused("A member must be a User who is there.")
    out = set(leaving.users)
    if delta.whole:
        held = {"tenant": within.tenant, "name": name, "value": value}
        everybody: set[UUID] = set(await within.tx.scalars(_HOLDERS, held))
        out |= everybody - joining.users
    await crowd.move(within, out, lambda one: _without(one, name, value))
    await crowd.move(within, joining.users, lambda one: replace(one, dimensions={**one.dimensions, name: value}))


def _without(held: Held, name: str, value: str) -> Held:
    if held.dimensions.get(name) != value:
        return held
    return replace(held, dimensions={key: one for key, one in held.dimensions.items() if key != name})


def _value_of(within: Within, group: str) -> str:
    return group.removeprefix(f"{within.mapping.dimension}.")


def _slug(label: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_SLUG_LENGTH]
    slug = slug if slug[:1].isalpha() else f"v_{slug}".rstrip("_")
    tries = (slug, *(f"{slug}_{number}" for number in range(2, VALUES_LIMIT + 2)))
    return next(one for one in tries if one not in taken)


async def _listed(within: Within) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] | None = await within.tx.scalar(
        _LISTED, {"tenant": within.tenant, "name": within.mapping.dimension}
    )
    if listed is None:
        raise Gone
    return listed


async def _store(within: Within, listed: list[dict[str, Any]]) -> None:
    values = {"tenant": within.tenant, "name": within.mapping.dimension, "listed": json.dumps(listed)}
    await within.tx.execute(_STORE, values)
