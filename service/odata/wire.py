"""Rows as OData's JSON, minimal metadata. Pure.

A page is 5,000 rows of 40 columns, most of whose values come again and again: each is written once for its column, and
rows are put together of these texts. An encoder of dictionaries takes twice as long, in which nobody else is answered.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from service.odata.asked import LANGUAGE, Asked
from service.odata.metadata import context_of
from service.odata.model import EntitySet
from service.odata.paging import SKIPTOKEN

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
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
    after = {} if next_link is None else {"@odata.nextLink": next_link}
    parts = [_members(body), f'"value":[{_rows(names, rows)}]', *([_members(after)] if after else [])]
    return f"{{{','.join(parts)}}}"


def entity(root: str, entity_set: EntitySet, asked: Asked, names: Sequence[str], values: Sequence[Any]) -> str:
    """One entity."""
    context = {"@odata.context": context_of(root, entity_set, asked.select, alone=True)}
    return f"{{{_members(context)},{_rows(names, [values])[1:]}"


def document(body: Mapping[str, Any]) -> str:
    return _ENCODER.encode(body)


def next_link_of(
    root: str, entity_set: EntitySet, query: Mapping[str, str], token: str, languages: Sequence[str]
) -> str:
    """Where the next page is; in the same language, however it was asked for."""
    kept = {name: value for name, value in query.items() if name not in _ONCE}
    if languages:
        kept[LANGUAGE] = ",".join(languages)
    return f"{root}{entity_set.name}?{urlencode(kept | {SKIPTOKEN: token}, quote_via=quote, safe='$,')}"


class _Written(dict[Any, str]):
    """The texts of one column's values, all of one type: 1 and true are the same to a dictionary."""

    def __missing__(self, value: Any) -> str:
        text = self[value] = _ENCODER.encode(_moment(value) if isinstance(value, datetime) else value)
        return text


def _rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The rows as objects, times in UTC."""
    columns = [map(_Written().__getitem__, values) for values in zip(*rows, strict=True)]
    if rows and not len(columns) == len(names) > 0:
        raise ValueError("a row has another number of values than there are columns")
    members = ",".join(f"{_ENCODER.encode(name)}:%s" for name in names)
    return ",".join(map(f"{{{members}}}".__mod__, zip(*columns, strict=True)))


def _members(body: Mapping[str, Any]) -> str:
    """What stands between the braces of an object."""
    return _ENCODER.encode(body)[1:-1]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
