"""What is promised of personal data, held against the whole schema and every operation."""

from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Uuid

from service.kit.migrate import every_table
from service.privacy.documents import DOCUMENTS
from service.privacy.held import APART, NAMES, held
from service.privacy.kept import KEPT, as_markdown
from service.privacy.readings import COUNTED
from service.privacy.retention import days_of
from service.privacy.tenant_files import LEFT_OUT, secret_columns
from service.routes import ROUTERS
from service.settings import Settings
from service.tenants.scopes import Scope
from service.worker import create_sweeper
from tests.fixtures.house import House
from tests.shape.test_operations import scopes_of

ROOT = Path(__file__).resolve().parents[2]
DAYS = days_of(Settings().retention)
# Whoever holds these reads results, or who is invited.
READING = {Scope.aggregates_read, Scope.invitations_read}


def test_every_table_has_its_line_of_retention() -> None:
    assert sorted(one.table for one in KEPT) == sorted(every_table().tables)
    assert [one.table for one in KEPT] == sorted(one.table for one in KEPT)


def test_what_ends_a_table_is_a_job_or_an_operation_or_a_command(house: House) -> None:
    settings = house.settings
    jobs = create_sweeper(settings, house.worker_database, house.clock).kinds
    paths = {
        f"{method} {route.path}".replace("{draft_id}", "{id}").replace("{endpoint_id}", "{id}")
        for mounted in ROUTERS
        for route in mounted.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    # SCIM is mounted as an application of its own, whose routes are not ours to list.
    elsewhere = {"pouls tenants delete", "pouls bi revoke", "worker", "DELETE /scim/v2/Users/{id}"}
    assert {one.ended_by for one in KEPT} <= jobs | paths | elsewhere


@pytest.mark.parametrize(("language", "file"), [("en", "privacy.md"), ("fr", "privacy.fr.md")])
def test_the_guide_shows_the_list(language: str, file: str) -> None:
    guide = (ROOT / "openapi" / "guides" / file).read_text(encoding="utf-8")
    shown = guide.partition("<!-- retention -->\n")[2].partition("\n<!-- end of retention -->")[0]
    assert shown == as_markdown(language, DAYS), "put what `as_markdown` gives between the two comments"


def test_both_languages_say_as_much() -> None:
    for one in KEPT:
        for text in (one.holds, one.kept, one.reason):
            assert text.en != text.fr or text.en == "questionnaires"
            assert text.en.count("{") == text.fr.count("{")


def test_whoever_reads_results_is_counted() -> None:
    for mounted in ROUTERS:
        for route in mounted.router.routes:
            if not isinstance(route, APIRoute):
                continue
            name = str(route.operation_id)
            if scopes_of(route) & READING:
                assert name in COUNTED, name
            if name in COUNTED:
                assert mounted.counted, name
                subject = COUNTED[name]
                assert subject is None or f"{{{subject}}}" in route.path, name
    known = {
        str(route.operation_id) for mounted in ROUTERS for route in mounted.router.routes if isinstance(route, APIRoute)
    }
    assert set(COUNTED) <= known


def test_every_column_that_holds_a_person_is_known() -> None:
    """By name or by foreign key; what holds one under another name and without a key would be missed, so: none does."""
    where = held(every_table())
    found = {(table, column) for table, column in where.rows.items()} | {tuple(one) for one in where.mentions}
    named = {
        (table.name, column.name)
        for table in every_table().tables.values()
        for column in table.columns
        if column.name in NAMES and table.name not in APART
    }
    assert named <= found
    assert {"person", "person_version", "invited_day", "project_member"} <= where.rows.keys()
    assert ("person", "manager_id") in where.mentions
    suspicious = (
        {
            (table.name, column.name)
            for table in every_table().tables.values()
            for column in table.columns
            if any(word in column.name for word in ("person", "manager", "employee", "user"))
        }
        - found
        - {tuple(one) for one in where.lists}
    )
    assert suspicious == {
        ("org_unit", "manager"), ("org_unit_version", "manager"), ("roster_line", "person_id"),
        ("erasure", "person_id"), ("scim_user", "user_name"),
        ("people_import_line", "manager_before"),  # says again what a document says, which is looked through
    }  # fmt: skip


def test_a_table_of_people_that_comes_later_is_found() -> None:
    metadata = MetaData()
    Table("badge", metadata, Column("tenant_id", Uuid, primary_key=True), Column("person_id", Uuid, primary_key=True))
    Table("desk", metadata, Column("tenant_id", Uuid, primary_key=True), Column("n", Integer, primary_key=True),
          Column("person_id", Uuid))  # fmt: skip
    where = held(metadata)
    assert dict(where.rows) == {"badge": "person_id"}
    assert where.mentions == (("desk", "person_id"),)


def test_rows_about_a_person_go_with_the_person() -> None:
    """Or the worker, which deletes the one row, would be refused."""
    tables = every_table().tables
    for name, column in held(every_table()).rows.items():
        if name == "person":
            continue
        (key,) = [one for one in tables[name].foreign_key_constraints if one.referred_table.name == "person"]
        assert column in key.column_keys
        assert key.ondelete == "CASCADE", name


def test_the_worker_may_forget_whoever_is_mentioned(house: House) -> None:
    where = held(every_table())
    wanted = [(table, column, "UPDATE") for table, column in where.mentions]
    wanted += [(table, column, "SELECT") for table, column in where.rows.items()]
    wanted += [(one.table, one.column, "UPDATE") for one in DOCUMENTS]
    wanted += [(table, column, "UPDATE") for table, column in where.lists]
    wanted += [("org_unit", "manager", "UPDATE"), ("org_unit_version", "manager", "UPDATE")]
    for table, column, privilege in wanted:
        statement = f"SELECT has_column_privilege('pouls_work', 'pouls.{table}', '{column}', '{privilege}')"
        assert house.sql(None, statement) == [(True,)], (table, column, privilege)


def test_no_bytes_leave_with_an_export() -> None:
    tables = every_table().tables
    for name in set(tables) - set(LEFT_OUT):
        for column in tables[name].columns:
            assert not isinstance(column.type, LargeBinary) or column.name in secret_columns(tables[name])
            # Whatever a secret is called, it is bytes, or it would leave.
            assert not any(word in column.name for word in ("secret", "password", "token", "private")) or isinstance(
                column.type, LargeBinary
            ), (name, column.name)
