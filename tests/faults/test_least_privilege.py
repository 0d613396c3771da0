"""What each role may do, read from PostgreSQL's own catalogue: what is not listed here is denied."""

import re

import pytest

from service.kit.isolation import isolate
from service.kit.postgres import ROLES
from tests.faults.writer import write
from tests.fixtures.house import House

# Letters: select, insert, update, delete; in brackets the columns, where not all.
APP = {
    "event": "s i", "webhook_delivery": "s i u(attempts,due_at,last_problem,last_status,status)",
    "webhook_endpoint": (
        "s i u(disabled_at,disabled_reason,enabled,event_types,failing_since,generation,mac,revision,rotated_at,url) d"
    ),
    "alembic_version": "s", "api_key": "s i u(revoked_at)", "audit_entry": "s i",
    "audit_link": "s", "erasure": "s i", "read_access": "s i u(reads)",
    "benchmark": "s i u(figures,title,updated_at) d",
    "campaign": "s i u(contract,contract_digest,contract_mac,proposed_by,schedule,state)",
    "campaign_rules": "s i u(mac,rules,updated_at)", "dimension": "s i u",
    "idempotent_reply": "s i u(created_at,reply,request_mac)",
    "import_mapping": "s i u(mapping,updated_at)", "people_import": "s i u(state,undone_at)",
    "people_import_line": "s i", "people_import_part": "s i", "people_import_unit": "s i",
    "invited_day": "s i u(invitations)", "participation_snapshot": "s i u(answered,answered_count,taken_on)",
    "scim_mapping": "s i u(mapping,updated_at)",
    "scim_user": "s i u(directory,external_id,revision,updated_at,user_name) d",
    "short_code": "s i", "skipped_wave": "s", "wave_destruction": "s",
    "job": "s i u(due_at)", "org_unit": "s i u", "org_unit_version": "s i u d", "person": "s i u",
    "person_version": "s i u d", "project_member": "s i d", "reorganisation": "s i u", "unit_lineage": "s i",
    "questionnaire": "s i", "questionnaire_draft": "s i u(document,key,revision,updated_at) d",
    "questionnaire_version": "s i", "recut": "s i",
    "release": "s u(changed_at,replaced_by,withdrawn_at,withdrawn_because)",
    "release_cell": "s", "release_certificate": "s", "release_comment": "s",
    "release_measure": "s", "release_participation": "s", "release_unit": "s", "roster_line": "s i u(mac)",
    "sealed_batch": "i", "spent_code": "s i", "tenant": "s i",
    "wave": "s i u(closes_at,contract,contract_digest,contract_mac,handed_out,invited,opens_at,roster_digest,state)",
    "wave_class": "s i",
    "wave_key": "s(created_at,key_id,mac,public_key,tenant_id,wave_id) u(wave_id)", "wave_part": "s",
    "wave_unit": "s i",
    "worker_heartbeat": "s",
}  # fmt: skip
WORK = {
    "api_key": "s(expires_at,key_id,revoked_at,tenant_id)", "event": "s i u(position) d",
    "webhook_delivery": "s i u(attempts,delivered_at,due_at,last_problem,last_status,leased_until,status)",
    "webhook_endpoint": "s u(disabled_at,disabled_reason,enabled,failing_since,mac,revision)",
    "audit_entry": "s i d", "audit_link": "s i d", "read_access": "s d",
    "erasure": "s i u(done_at,person_id,rows) d", "scim_user": "s(person_id,tenant_id)",
    "people_import": "s d", "people_import_line": "s u(before)", "people_import_part": "s u(person_ids)",
    "alembic_version": "s", "campaign": "s u(state)", "campaign_rules": "s",
    "dimension": "s", "idempotent_reply": "s(created_at,tenant_id) d",
    "invited_day": "s i u(invitations) d", "job": "s i u d", "org_unit": "s i u",
    "org_unit_version": "s i u d", "person_version": "s i u d", "project_member": "s i d", "reorganisation": "s i u d",
    "unit_lineage": "s i",
    "participation_snapshot": "s i u(answered,answered_count,taken_on) d", "person": "s u d", "short_code": "s d",
    "skipped_wave": "s i", "wave_destruction": "s i",
    "questionnaire_version": "s", "recut": "s", "release": "s i", "release_cell": "s i",
    "release_certificate": "s i", "release_comment": "s i", "release_measure": "s i", "release_participation": "s i",
    "release_unit": "s i",
    "roster_line": "s i u(language,mac,name,person_id,salt) d",
    "sealed_batch": "s u(part) d", "spent_code": "s d",
    "tenant": "s", "wave_class": "s i d", "wave_key": "s i u", "wave_part": "s i d", "wave_unit": "s i",
    "wave": "s i u(closes_at,contract,contract_digest,contract_mac,invited,opens_at,public_key,roster_digest,state)",
    "worker_heartbeat": "s i u d",
}  # fmt: skip


def _privileges(house: House, role: str) -> dict[str, str]:
    """Effective privileges by table, whoever granted them, PUBLIC included."""
    found = write(
        house,
        """
        SELECT c.relname AS name, p.letter,
               has_table_privilege($1, c.oid, p.name) AS whole,
               (SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                  AND p.name IN ('SELECT', 'INSERT', 'UPDATE')
                  AND has_column_privilege($1, c.oid, a.attnum, p.name)) AS columns
        FROM pg_class c, (VALUES (1, 'SELECT', 's'), (2, 'INSERT', 'i'), (3, 'UPDATE', 'u'), (4, 'DELETE', 'd'),
                                 (5, 'TRUNCATE', 't'), (6, 'REFERENCES', 'r'), (7, 'TRIGGER', 'g'))
             AS p (place, name, letter)
        WHERE c.relnamespace = 'pouls'::regnamespace AND c.relkind = 'r' ORDER BY c.relname, p.place
        """,
        role,
    )
    out: dict[str, list[str]] = {}
    for row in found:
        if row["whole"]:
            out.setdefault(row["name"], []).append(row["letter"])
        elif row["columns"]:
            out.setdefault(row["name"], []).append(f"{row['letter']}({row['columns']})")
    return {name: " ".join(letters) for name, letters in out.items()}


def test_the_api_process_may_do_what_is_listed_and_no_more(house: House) -> None:
    assert _privileges(house, "pouls_app") == APP


def test_the_worker_may_do_what_is_listed_and_no_more(house: House) -> None:
    assert _privileges(house, "pouls_work") == WORK


def test_the_group_of_bi_logins_may_do_nothing_with_tables(house: House) -> None:
    assert _privileges(house, "pouls_bi") == {}


VIEWS = {
    "bi_login": "s", "release_cell": "s", "release_measure": "s", "release_unit": "s",
    "release_participation": "s(bound,invited,looked_at,node,percent,reason,release_id,status,tenant_id)",
    "release": (
        "s(digest,manifest,part,recipients,recut_id,release_id,released_at,status,tenant_id,wave_id,withdrawn_at)"
    ),
}  # fmt: skip


def test_who_owns_the_views_may_read_what_they_show_and_no_more(house: House) -> None:
    assert _privileges(house, "pouls_bi_views") == VIEWS


def test_the_schema_of_views_is_open_to_its_group_alone(house: House) -> None:
    found = write(
        house,
        """
        SELECT a.grantee::regrole::text, a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a
        WHERE n.nspname = 'bi' AND a.grantee <> n.nspowner ORDER BY 1
        """,
    )
    assert [tuple(row) for row in found] == [("pouls_bi", "USAGE"), ("pouls_owner", "USAGE")]
    owned = "SELECT DISTINCT relkind::text FROM pg_class WHERE relowner = 'pouls_bi_views'::regrole"
    assert [row[0] for row in write(house, owned)] == ["v"]


def test_the_api_process_can_read_no_batch_and_no_half_of_a_key(house: House) -> None:
    """The two that the promise hangs on, said apart from the table above."""
    for statement in (
        "SELECT has_any_column_privilege('pouls_app', 'sealed_batch', 'SELECT, UPDATE')",
        "SELECT has_column_privilege('pouls_app', 'wave_key', 'sealed_half', 'SELECT, INSERT, UPDATE')",
        "SELECT has_column_privilege('pouls_app', 'wave', 'public_key', 'UPDATE')",
    ):
        assert write(house, statement) == [(False,)], statement


# Beyond what the code does: an attacker inside the process could use it, we do not.
UNUSED = (
    # What the contract's digest covers is fixed when the draft is made.
    ("pouls_app", "campaign", "policy", "UPDATE"),
    ("pouls_app", "campaign", "plan", "UPDATE"),
    ("pouls_app", "campaign", "audience", "UPDATE"),
    ("pouls_app", "campaign", "version", "UPDATE"),
    ("pouls_app", "campaign", "retention_days", "UPDATE"),
    # Enqueueing moves the moment of a job, nothing else.
    ("pouls_app", "job", "kind", "UPDATE"),
    ("pouls_app", "job", "subject_id", "UPDATE"),
)


@pytest.mark.parametrize("right", UNUSED, ids=" ".join)
def test_nothing_is_granted_that_is_not_used(house: House, right: tuple[str, str, str, str]) -> None:
    assert write(house, "SELECT has_column_privilege($1, $2, $3, $4)", *right) == [(False,)]


def test_the_worker_deletes_no_key_row(house: House) -> None:
    """It empties the half; the row says that there was a key."""
    assert write(house, "SELECT has_table_privilege('pouls_work', 'wave_key', 'DELETE')") == [(False,)]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_is_above_the_rules(house: House, role: str) -> None:
    ((flags,),) = write(
        house,
        """
        SELECT ARRAY[rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication]
        FROM pg_roles WHERE rolname = $1
        """,
        role,
    )
    assert flags == [False] * 5
    member_of = """
        SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
        JOIN pg_roles me ON me.oid = m.member WHERE me.rolname = $1
    """
    assert write(house, member_of, role) == []


@pytest.mark.parametrize("role", ["pouls_app", "pouls_work", "pouls_bi"])
def test_only_the_owner_makes_tables(house: House, role: str) -> None:
    ((schema, public, database),) = write(
        house,
        """
        SELECT has_schema_privilege($1, 'pouls', 'CREATE'), has_schema_privilege($1, 'public', 'CREATE'),
               has_database_privilege($1, current_database(), 'CREATE')
        """,
        role,
    )
    assert (schema, public, database) == (False, False, False)
    owned = "SELECT relname FROM pg_class WHERE relowner = $1::regrole"
    assert write(house, owned.replace("$1", f"'{role}'")) == []


@pytest.mark.parametrize("role", ["pouls_app", "pouls_work", "pouls_bi", "pouls_bi_views"])
def test_no_role_makes_temporary_tables(house: House, role: str) -> None:
    """They are looked up before ours: an injected one could stand in for `wave`."""
    assert write(house, "SELECT has_database_privilege($1, current_database(), 'TEMP')", role) == [(False,)]


def test_the_tables_belong_to_the_owner(house: House) -> None:
    found = write(house, "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname IN ('pouls', 'bi')")
    assert [row[0] for row in found] == ["pouls_owner"]


def test_isolation_is_forced_and_checks_what_is_written() -> None:
    statements = "; ".join(isolate("thing"))
    assert "FORCE ROW LEVEL SECURITY" in statements
    assert re.search(r"USING \((.+)\) WITH CHECK \(\1\)$", statements)
