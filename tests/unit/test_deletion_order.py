"""In which order rows go: whatever the foreign keys are, and nothing is guessed."""

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

from service.kit.migrate import every_table
from service.privacy.order import NoOrder, order_of


def metadata(*edges: tuple[str, str, bool]) -> MetaData:
    """Tables by their foreign keys: from, to, and whether the column may be empty."""
    made = MetaData()
    names = {name for source, target, _ in edges for name in (source, target)}
    for name in names:
        columns = [
            Column(f"{target}_id", Integer, ForeignKey(f"{target}.{target}_key"), nullable=nullable)
            for source, target, nullable in edges
            if source == name
        ]
        Table(name, made, Column("tenant_id", Integer), Column(f"{name}_key", Integer, primary_key=True), *columns)
    return made


def test_those_that_refer_go_before_those_that_are_referred_to() -> None:
    order = order_of(metadata(("line", "wave", False), ("wave", "campaign", False), ("line", "campaign", True)))
    assert order.tables == ("line", "wave", "campaign")
    assert order.emptied == ()


def test_a_table_may_refer_to_itself() -> None:
    assert order_of(metadata(("unit", "unit", False), ("person", "unit", False))).tables == ("person", "unit")


def test_a_circle_is_opened_where_a_column_may_be_empty() -> None:
    order = order_of(metadata(("unit", "person", True), ("person", "unit", False)))
    assert order.emptied == (("unit", "person_id"),)
    assert order.tables == ("person", "unit")


def test_a_circle_that_can_not_be_opened_is_refused() -> None:
    with pytest.raises(NoOrder):
        order_of(metadata(("unit", "person", False), ("person", "unit", False)))


def test_tables_without_a_tenant_are_left_alone() -> None:
    made = metadata(("line", "wave", False))
    Table("heartbeat", made, Column("worker", Integer, primary_key=True))
    assert "heartbeat" not in order_of(made).tables


def test_our_own_tables_have_an_order() -> None:
    order = order_of(every_table())
    assert set(order.tables) == set(every_table().tables)
    place = {name: number for number, name in enumerate(order.tables)}
    for table in every_table().tables.values():
        for key in table.foreign_key_constraints:
            target = key.referred_table.name
            opened = any(one.table == table.name and one.column in key.column_keys for one in order.emptied)
            assert target == table.name or opened or place[table.name] < place[target], (table.name, target)
