"""In which order a tenant's rows can be deleted, read off the foreign keys, so that new tables are in it. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import MetaData, Table


class Emptied(NamedTuple):
    """A column that must be emptied first: its table and the one it refers to refer to each other."""

    table: str
    column: str


class Order(NamedTuple):
    """Columns to be emptied, then tables whose rows can be deleted one after the other, in one statement each."""

    emptied: tuple[Emptied, ...]
    tables: tuple[str, ...]


class NoOrder(ValueError):
    """Tables refer to each other in a circle that no column can be emptied to open."""


def order_of(metadata: MetaData, key: str = "tenant_id") -> Order:
    """Every table that has a tenant, those that refer before those that are referred to.

    Raises:
        NoOrder: there is none.
    """
    tables = {table.name: table for table in metadata.tables.values() if key in table.columns}
    wanted = {name: set(_referred(table, key)) for name, table in tables.items()}
    emptied: list[Emptied] = []
    done: list[str] = []
    left = sorted(tables)
    while left:
        free = [name for name in left if not any(name in (target for target, _ in wanted[one]) for one in left)]
        if free:
            done += free
            left = [name for name in left if name not in free]
            continue
        opened = _open(left, wanted, tables)
        if opened is None:
            raise NoOrder
        table, target, column = opened
        wanted[table] = {edge for edge in wanted[table] if edge != (target, column)}
        emptied.append(Emptied(table, column))
    return Order(tuple(emptied), tuple(done))


def _referred(table: Table, key: str) -> Iterator[tuple[str, str]]:
    """The other tables that a table refers to, with the column that says to which row.

    One that refers to itself is deleted whole by one statement: keys are looked at when that ends.
    """
    for constraint in table.foreign_key_constraints:
        target = constraint.referred_table.name
        columns = [name for name in constraint.column_keys if name != key]
        if target != table.name:
            yield target, columns[-1] if columns else key


def _open(
    left: Sequence[str], wanted: dict[str, set[tuple[str, str]]], tables: dict[str, Table]
) -> tuple[str, str, str] | None:
    for name in left:
        for target, column in sorted(wanted[name]):
            if target in left and tables[name].columns[column].nullable:
                return name, target, column
    return None
