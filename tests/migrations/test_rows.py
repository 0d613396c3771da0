"""Migrations with rows in the way: down to what was published before, with something in every table, and up again."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from service.kit.migrate import migrate
from service.tenants.bi_logins import name_of
from service.webhooks.due import DELIVER
from service.worker import create_sweeper
from tests.fixtures.empty import EVERYTHING, ask
from tests.fixtures.house import House

PUBLISHED = "0011"
"""The last revision that somebody may have gone back to."""
KINDS_THEN = {
    "open_wave", "close_wave", "release_wave", "destroy_wave", "wave_keys", "interim_mark", "interim_release",
    "recut_wave",
}  # fmt: skip
T = "'00000000-0000-0000-0000-000000000001'"


def ident(number: int) -> str:
    return f"'00000000-0000-0000-0000-{number:012d}'"


def into(table: str, columns: str, *rows: str) -> str:
    """Rows of the one tenant."""
    values = ", ".join(f"({T}, {row})" for row in rows)
    return f"INSERT INTO {table} (tenant_id, {columns}) VALUES {values}"  # noqa: S608 - texts from this test


UNIT, OTHER, PROJECT, PERSON, NEWCOMER, WAVE, IMPORT, ENDPOINT, EVENT, KEY, GONE, RELEASE = (
    ident(n) for n in range(10, 22)
)
# No wave is there, for once: lines of rosters are all that this is about.
UNCHECKED, CHECKED = (f"SET session_replication_role = {role}" for role in ("replica", "origin"))
LINE = "wave_id, person_id, serial, label, salt, line_digest"
THEN = (
    into("tenant", "name, created_at", "'one', now()"),
    into(
        "org_unit", "unit_id, source, external_id, name, parent_id, is_active",
        f"{UNIT}, 'hris', 'A', 'A', NULL, true", f"{OTHER}, 'hris', 'B', 'B', {UNIT}, true",
    ),
    into(
        "person", "person_id, source, external_id, unit_id, dimensions, is_active",
        f"{PERSON}, 'hris', '1', {OTHER}, '{{}}', true",
    ),
    into(
        "api_key", "key_id, name, secret_hash, scopes, created_at, expires_at",
        f"{KEY}, 'key', '', '{{}}', now(), now() + interval '90 days'",
    ),
    UNCHECKED, into("roster_line", LINE, f"{WAVE}, {PERSON}, 0, 0, '', ''"), CHECKED,
)  # fmt: skip
LOGIN = f"'{name_of(UUID(T.strip(chr(39))))}'"
NOW: Mapping[str, str] = {
    "org_unit_version": f"({T}, {UNIT}, '2026-01-01', 'A', NULL, '1', true)",
    "person_version": f"({T}, {PERSON}, '2026-01-01', {UNIT}, {NEWCOMER}, true)",
    "project_member": f"({T}, {PERSON}, {PROJECT})",
    "unit_lineage": f"({T}, {UNIT}, {OTHER}, '2026-01-01', 'merge')",
    "reorganisation": f"({T}, {UNIT}, '2099-01-01', 'planned', '{{}}', NULL, NULL, 'key', now())",
    "event": f"({T}, {EVENT}, 'wave.opened', now(), '{{}}', 1)",
    "webhook_endpoint": f"({T}, {ENDPOINT}, 'https://x', NULL, 1, NULL, true, NULL, NULL, NULL, 1, now(), '')",
    "webhook_delivery": f"({T}, {ENDPOINT}, {EVENT}, 'pending', 0, now(), NULL, NULL, NULL, NULL)",
    "idempotent_reply": f"({T}, {KEY}, '', '', NULL, now())",
    "people_import": f"({T}, {IMPORT}, 'hris', 'full', 'applied', 'key', now(), NULL, '{{}}')",
    "people_import_part": f"({T}, {IMPORT}, 0, ARRAY[{PERSON}::uuid], '{{mover}}', '{{1}}', '{{1}}')",
    "people_import_line": f"({T}, {IMPORT}, {PERSON}, '{{\"manager_id\": null}}')",
    "people_import_unit": f"({T}, {IMPORT}, {OTHER})",
    "import_mapping": f"({T}, 'hris', '{{}}', now())",
    "scim_user": f"({T}, {NEWCOMER}, 'two@example.org', '2', '{{}}', 1, now())",
    "scim_mapping": f"({T}, '{{}}', now())",
    "benchmark": f"({T}, 'elsewhere', 'Elsewhere', '{{}}', now())",
    "audit_link": f"({T}, 1, {EVENT}, '')",
    "release_participation": f"({T}, {RELEASE}, 0, 12, 'shown', NULL, 80, 'or_more', '2026-01-01')",
    "bi_login": f"({T}, {LOGIN}, now())",
    "read_access": f"({T}, '2026-01-01', 'key', 'releases.list', '', 1)",
    "erasure": f"({T}, {GONE}, 'somebody', {NEWCOMER}, now(), NULL, NULL)",
}
"""A row of each table that came since; in the order of their columns and of their foreign keys."""
CHANGED = (
    "UPDATE person SET manager_id = NULL, revision = 2, deleted_at = now()",
    into(
        "org_unit", "unit_id, source, external_id, name, is_active, hierarchy, manager",
        f"{PROJECT}, 'hris', 'P', 'Project', true, 'project', '1'",
    ),
    # Somebody without a unit, whose manager is somebody else.
    into(
        "person", "person_id, source, external_id, unit_id, dimensions, is_active, manager_id",
        f"{NEWCOMER}, 'hris', '2', NULL, '{{}}', true, {PERSON}",
    ),
    # Somebody was erased: a line of a roster under an id that is nobody's.
    UNCHECKED, into("roster_line", LINE, f"{WAVE}, {GONE}, 1, 0, '', ''"),
    into(
        "release", "release_id, wave_id, status, digest, manifest, released_at",
        f"{RELEASE}, {WAVE}, 'published', '', '{{}}', now()",
    ),
    CHECKED,
    into(
        "audit_entry", "entry_id, at, actor, action, subject, detail, before, after",
        f"{EVENT}, now(), 'key', 'act', 'x', '{{}}', 'a', 'b'",
    ),
)  # fmt: skip
TENANTS_TABLES = "SELECT relname::text FROM pg_class WHERE relnamespace = 'pouls'::regnamespace AND relkind = 'r'"


def go_to(url: str, revision: str) -> None:
    asyncio.run(migrate(url, revision))


def kinds(house: House) -> set[str]:
    """All that the worker does, of then and now."""
    return {DELIVER, *create_sweeper(house.settings, house.worker_database, house.clock).kinds}


def fill(url: str, of: set[str]) -> None:
    columns = "job_id, kind, subject_id, due_at, attempts"
    jobs = (
        into("job", columns, f"gen_random_uuid(), '{kind}', {KEY}, now(), 0") + " ON CONFLICT DO NOTHING"
        for kind in sorted(of)
    )
    ask(url, *CHANGED, *(f"INSERT INTO {table} VALUES {row}" for table, row in NOW.items()), *jobs)  # noqa: S608 - ours


def test_down_to_what_was_published_and_up_again_with_rows(fresh: str, house: House) -> None:
    go_to(fresh, PUBLISHED)
    then, tables_then = ask(fresh, EVERYTHING), {row[0] for row in ask(fresh, TENANTS_TABLES)}
    ask(fresh, *THEN)
    go_to(fresh, "head")
    now = ask(fresh, EVERYTHING)
    assert {row[0] for row in ask(fresh, TENANTS_TABLES)} - tables_then == set(NOW)
    # What is found by an upgrade: jobs of keys and tenants of before.
    assert {row[0] for row in ask(fresh, "SELECT kind FROM job")} == {"key_expiring", "audit_chain", "retention"}
    fill(fresh, kinds(house))
    assert kinds(house) > KINDS_THEN

    go_to(fresh, PUBLISHED)
    # As it was, but for the one key that holds for what is written from now on: nobody is behind an erased line.
    unchecked = ("constraint", "roster_line", "fk_roster_line__tenant_id_person_id__person")
    assert [row for row in ask(fresh, EVERYTHING) if row[:3] != unchecked] == [r for r in then if r[:3] != unchecked]
    assert {row[0] for row in ask(fresh, "SELECT kind FROM job")} == KINDS_THEN
    assert ask(fresh, "SELECT external_id, is_active FROM org_unit ORDER BY 1") == [
        ("A", True), ("B", True), ("P", False),
    ]  # fmt: skip
    # Whoever has no unit is kept, inactive, in some unit.
    placed = "SELECT external_id, is_active, unit_id IS NOT NULL FROM person ORDER BY 1"
    assert ask(fresh, placed) == [("1", True, True), ("2", False, True)]
    assert ask(fresh, "SELECT count(*) FROM roster_line") == [(2,)]
    assert ask(fresh, "SELECT action FROM audit_entry") == [("act",)]

    go_to(fresh, "head")
    assert ask(fresh, EVERYTHING) == now
    for table in NOW:
        assert ask(fresh, f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608 - names of ours
    people = "SELECT external_id, revision, manager_id, deleted_at FROM person ORDER BY 1"
    assert ask(fresh, people) == [("1", 1, None, None), ("2", 1, None, None)]


def test_down_to_nothing_with_rows(fresh: str, house: House) -> None:
    go_to(fresh, "head")
    ask(fresh, *THEN)
    fill(fresh, kinds(house))
    go_to(fresh, "base")
    assert ask(fresh, TENANTS_TABLES) == [("alembic_version",)]
    go_to(fresh, "head")
