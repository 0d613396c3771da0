"""Which tables hold a person, read off the schema, so that a table that comes later is not forgotten. Pure.

A row is about a person where its key names them; elsewhere a column may refer to them from a row about somebody else,
as `manager_id` does. A column that does so is called after what it is, and a test holds every table to that.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import ARRAY, Column, MetaData, Table, Uuid

NAMES = frozenset({"person_id", "manager_id"})
"""Columns of these names hold ids of people, with a foreign key or without."""
LISTS = frozenset({"person_ids"})
"""Columns of these names hold lists of them, each at a place that means something."""
APART = frozenset({"roster_line", "erasure"})
"""Tables with rules of their own: lines of rosters outlive their person, and an erasure is about to forget them."""


class Reference(NamedTuple):
    """A column that holds ids of people."""

    table: str
    column: str


class Held(NamedTuple):
    """Where a person is held.

    Attributes:
        rows: by table, the column of its key that names them.
        mentions: columns of rows about others.
        lists: columns of lists of people.
    """

    rows: Mapping[str, str]
    mentions: tuple[Reference, ...]
    lists: tuple[Reference, ...]


def held(metadata: MetaData) -> Held:
    """Where people are held; `person` itself is among the rows."""
    rows: dict[str, str] = {}
    mentions: list[Reference] = []
    lists: list[Reference] = []
    for table in sorted(metadata.tables.values(), key=lambda one: one.name):
        if table.name in APART:
            continue
        for column in table.columns:
            if isinstance(column.type, ARRAY) and isinstance(column.type.item_type, Uuid) and column.name in LISTS:
                lists.append(Reference(table.name, column.name))
            if not (column.name in NAMES or refers_to_person(table, column)):
                continue
            if column.primary_key:
                rows[table.name] = column.name
            else:
                mentions.append(Reference(table.name, column.name))
    return Held(rows, tuple(mentions), tuple(lists))


def refers_to_person(table: Table, column: Column[object]) -> bool:
    """Whether a foreign key says so."""
    return any(
        key.column.table.name == "person" and key.column.name == "person_id"
        for key in column.foreign_keys
        if key.column.table is not table or not column.primary_key
    )
