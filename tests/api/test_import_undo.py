"""Imports taken back: everybody as they were before, or nothing at all."""

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.people import organised
from tests.make.people_files import FIRST, IMPORTS, counts, lines, post, stored, undo
from tests.make.wire import problem
from tests.make.world import ok


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


def test_undo_puts_everybody_back(org: TenantUnderTest) -> None:
    ok(post(org, lines(*FIRST)), 201)
    before = stored(org)
    body = ok(post(org, lines("E1;B;;;de;oui;;X", "E4;A;E1;;;;;"), accept_risk=True), 201)
    assert stored(org) != before
    assert ok(undo(org, body)) == {"id": body["id"], "state": "undone", "people": 4, "units": 0}
    assert stored(org) == before
    problem(undo(org, body), 409, "import-not-undone")
    kept = ok(org.call("people:write", "GET", f"{IMPORTS}/{body['id']}"))
    assert (kept["state"], bool(kept["undone_at"])) == ("undone", True)
    # Once more, and those who came and went come back under the same ids.
    ids = org.sql("SELECT person_id FROM person WHERE external_id = 'E4'")
    assert counts(ok(post(org, lines(*FIRST, "E4;A;E1;;;;;")), 201)) == {"lines": 4, "joiners": 1, "unchanged": 3}
    assert org.sql("SELECT person_id FROM person WHERE external_id = 'E4'") == ids


def test_somebody_who_was_taken_back_and_is_told_inactive_is_there(org: TenantUnderTest) -> None:
    """A deleted row comes back whatever it says of itself."""
    body = ok(post(org, lines("E1;A;;;;oui;;", "E2;A;;;;non;;")), 201)
    ok(undo(org, body))
    assert stored(org) == []
    again = ok(post(org, lines("E1;A;;;;non;;", "E2;A;;;;non;;")), 201)
    assert counts(again) == {"lines": 2, "changed": 2}
    assert [(row[0], row[6]) for row in stored(org)] == [("E1", False), ("E2", False)]
    assert ok(org.call("people:write", "GET", f"{IMPORTS}/{again['id']}")) == again
    ok(undo(org, again))
    assert stored(org) == []


def test_undo_is_for_the_last_one_and_for_what_nobody_changed_since(org: TenantUnderTest) -> None:
    first = ok(post(org, lines(*FIRST)), 201)
    second = ok(post(org, b"matricule;langue\nE3;de\n", "partial"), 201)
    assert "later import" in problem(undo(org, first), 409, "import-not-undone")["detail"]
    row = {"external_id": "E3", "unit": "A"}
    ok(org.call("people:write", "PUT", "/v1/people", json=[row]))
    after = stored(org)
    told = problem(undo(org, second), 409, "import-not-undone")
    assert told["detail"] == "1 of the people whom it changed have been changed since."
    assert stored(org) == after
    dry = ok(post(org, lines(*FIRST), dry_run=True), 201)
    problem(undo(org, dry), 409, "import-not-undone")


def test_undo_leaves_nobody_behind_without_a_manager(org: TenantUnderTest) -> None:
    ok(org.call("people:write", "PUT", "/v1/people", json=[{"external_id": "X", "unit": "A"}]))
    body = ok(post(org, lines("E1;A;;;;;;"), "partial"), 201)
    ok(org.call("people:write", "PUT", "/v1/people", json=[{"external_id": "X", "unit": "A", "manager": "E1"}]))
    before = stored(org)
    assert "manager" in problem(undo(org, body), 409, "import-not-undone")["detail"]
    assert stored(org) == before
