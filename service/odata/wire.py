"""Rows as OData's JSON, minimal metadata. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from service.odata.asked import LANGUAGE, Asked
from service.odata.metadata import context_of
from service.odata.model import Edm, EntitySet
from service.odata.paging import SKIPTOKEN

_ONCE = frozenset({"$count", "$skip", "$top", SKIPTOKEN, LANGUAGE})
"""Options that the address of the next page does without: the token stands for them, and the number was told."""


def collection(
    root: str,
    entity_set: EntitySet,
    asked: Asked,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    count: int | None,
    next_link: str | None,
) -> str:
    """A page of entities."""
    body: dict[str, Any] = {"@odata.context": context_of(root, entity_set, asked.select)}
    if count is not None:
        body["@odata.count"] = count
    body["value"] = [dict(zip(names, values, strict=True)) for values in readable(entity_set, names, rows)]
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    return _json(body)


def entity(root: str, entity_set: EntitySet, asked: Asked, names: Sequence[str], values: Sequence[Any]) -> str:
    """One entity."""
    (shown,) = readable(entity_set, names, [values])
    context = {"@odata.context": context_of(root, entity_set, asked.select, alone=True)}
    return _json(context | dict(zip(names, shown, strict=True)))


def document(body: Mapping[str, Any]) -> str:
    return _json(body)


def next_link_of(
    root: str, entity_set: EntitySet, query: Mapping[str, str], token: str, languages: Sequence[str]
) -> str:
    """Where the next page is; in the same language, however it was asked for."""
    kept = {name: value for name, value in query.items() if name not in _ONCE}
    if languages:
        kept[LANGUAGE] = ",".join(languages)
    return f"{root}{entity_set.name}?{urlencode(kept | {SKIPTOKEN: token}, quote_via=quote, safe='$,')}"


def readable(entity_set: EntitySet, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """The rows with times as text, in UTC."""
    places = [place for place, name in enumerate(names) if entity_set.by_name[name].edm is Edm.moment]
    if not places:
        return rows
    shown = []
    for row in rows:
        values = list(row)
        for place in places:
            values[place] = _moment(values[place])
        shown.append(values)
    return shown


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
