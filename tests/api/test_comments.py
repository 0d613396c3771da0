"""What people wrote: shown where enough of them did, cleaned, without a name, a class or an order, or not at all."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from service.responses.unseal import Opener
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.commented import (
    DOCUMENT,
    READ,
    TEAMS,
    WRITE,
    answered,
    answers_of,
    by,
    by_unit,
    launched,
    launched_again,
    rows_of,
)
from tests.make.wire import places, problem
from tests.make.world import a_questionnaire, an_org, ok

NAMED: dict[str, Any] = {"external_id": "A-0", "unit": "A", "name": "Zebulon Quirk"}


@pytest.fixture(scope="module")
def released(house: House) -> tuple[TenantUnderTest, str]:
    wave = launched(house.tenant())
    release = answered(wave)
    assert release["status"] == "published"
    return wave.tenant, str(release["id"])


def test_large_teams_show_their_own_and_small_ones_are_shown_together(released: tuple[TenantUnderTest, str]) -> None:
    """A has 12 authors, C has 15; B and D have 4 and 7, which is enough for what is left of the whole."""
    shown = by_unit(rows_of(*released), "comment")
    assert shown == {"A": by("A"), "C": by("C"), "TOP": by("B", "D")}


def test_every_row_has_one_shape_and_a_withheld_one_no_comment(released: tuple[TenantUnderTest, str]) -> None:
    rows = rows_of(*released)
    assert {tuple(row) for row in rows} == {("source", "unit", "unit_name", "item", "status", "reason", "comment")}
    assert {(row["status"], row["reason"], row["comment"] is None) for row in rows} == {
        ("published", None, False),
        ("withheld", "protected", True),
    }
    withheld = sorted((row["item"], row["unit"]) for row in rows if row["status"] == "withheld")
    assert [unit for item, unit in withheld if item == "comment"] == ["B", "D"]
    assert [row["unit_name"] for row in rows if row["unit"] == "B"] == ["Team B"] * 4


def test_what_fewer_than_k_wrote_is_withheld_everywhere(released: tuple[TenantUnderTest, str]) -> None:
    """Eight wishes in all; and what is asked of some people only is not shown, however many wrote."""
    tenant, release = released
    for item in ("wish", "why"):
        found = rows_of(tenant, release, item=item)
        assert sorted(row["unit"] for row in found) == ["A", "B", "C", "D", "TOP"]
        assert {row["status"] for row in found} == {"withheld"}
    told = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))["manifest"]["comments"]
    text = {"en": "Anything else?"}
    assert told == [
        {"id": "comment", "text": text, "status": "published", "comments": 38},
        {"id": "wish", "text": text, "status": "withheld", "comments": None},
        {"id": "why", "text": text, "status": "withheld", "comments": None},
        {"id": "private", "text": text, "status": "published", "comments": 38},
    ]


def test_the_contract_says_that_comments_are_shown(tenant: TenantUnderTest) -> None:
    shown = launched(tenant)
    assert ok(tenant.call(WRITE, "GET", f"/v1/waves/{shown.wave}/contract"))["contract"]["comments"] is True
    hidden = launched_again(tenant, comments=False)
    assert "comments" not in ok(tenant.call(WRITE, "GET", f"/v1/waves/{hidden.wave}/contract"))["contract"]


def test_it_is_read_page_by_page_by_item_and_by_unit(released: tuple[TenantUnderTest, str]) -> None:
    tenant, release = released
    rows = rows_of(tenant, release)
    assert rows_of(tenant, release, limit=7) == rows
    assert rows_of(tenant, release, limit=4, unit="A") == [row for row in rows if row["unit"] == "A"]
    asked: dict[str, Any] = {"item": "comment", "unit": "TOP"}
    assert rows_of(tenant, release, **asked) == [row for row in rows if asked.items() <= row.items()]
    first = tenant.call(READ, "GET", f"/v1/releases/{release}/comments")
    held = {"If-None-Match": first.headers["etag"]}
    path = f"/v1/releases/{release}/comments"
    assert tenant.call(READ, "GET", path, headers=held).status_code == 304
    assert tenant.call(READ, "GET", path, headers=held, params=asked).status_code == 200
    refused = places(problem(tenant.call(READ, "GET", path, params={"item": "load", "unit": "Z"}), 422, "invalid"))
    assert refused == {
        "query:item": "is not an item with comments of this release",
        "query:unit": "is not a unit of this release",
    }
    for name in ("item", "unit"):
        problem(tenant.call(READ, "GET", path, params={name: "a\x00"}), 422, "invalid")
    problem(tenant.call(READ, "GET", path, params={"cursor": "x"}), 422, "invalid")


def test_no_row_tells_who_when_or_in_which_order(released: tuple[TenantUnderTest, str]) -> None:
    tenant, _ = released
    kinds = "SELECT column_name FROM information_schema.columns WHERE table_name = 'release_comment'"
    columns = {row[0] for row in write(tenant.house, kinds)}
    assert columns == {"tenant_id", "release_id", "comment_id", "item", "node", "comment"}
    statement = """
        SELECT comment_id, comment FROM release_comment
        WHERE tenant_id = $1 AND item = 'comment' AND comment IS NOT NULL ORDER BY ctid
    """
    stored = [(UUID(str(row[0])), row[1]) for row in write(tenant.house, statement, tenant.tenant_id)]
    assert {ident.version for ident, _ in stored} == {4}
    ids = [ident for ident, _ in stored]
    assert ids == sorted(ids)
    # As they were sent, those of a team are beside each other; as stored, some are not.
    teams = [said.removeprefix("Said by ")[0] for _, said in stored]
    assert sum(one != other for one, other in pairwise(teams)) > len(TEAMS)
    assert [said for _, said in stored] not in (sorted(by(*TEAMS)), sorted(by(*TEAMS), reverse=True))


def test_what_names_a_person_is_taken_away(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 14})
    put = [{"external_id": "A-0", "unit": "A", "name": "Zoë Müller"}]
    report = ok(tenant.call("people:write", "PUT", "/v1/people", json=put))
    assert (report["updated"], report["unchanged"]) == (1, 0)
    assert ok(tenant.call("people:write", "PUT", "/v1/people", json=put))["unchanged"] == 1
    a_questionnaire(tenant, DOCUMENT)
    wave = launched_again(tenant)
    told = {
        "A-1": "Ask Zoe Mueller, she knows",
        "A-2": "Write to a.b@example.org please",
        "A-3": "Call +33 6 12 34 56 78 at night",
        "A-4": "My badge is 1234567 and broken",
        "A-5": "Ask Carla Testa, who is not on the roster",
        "A-6": "\u200b\u200b \n",
        "A-7": "  Spaces around  ",
    }
    release = answered(wave, lambda person, _: {"load": 3, "comment": told.get(person, f"Said by {person}")})
    (shown,) = by_unit(rows_of(tenant, release["id"]), "comment").values()
    others = {f"Said by A-{number}" for number in (0, *range(8, 14))}
    assert shown == others | {
        "Ask […], she knows",
        "Write to […] please",
        "Call […] at night",
        "My badge is […] and broken",
        "Ask Carla Testa, who is not on the roster",
        "Spaces around",
    }


def test_a_name_that_is_taken_out_meanwhile_is_still_taken_away(tenant: TenantUnderTest) -> None:
    an_org(tenant, TEAMS)
    a_questionnaire(tenant, DOCUMENT)
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[NAMED]))
    wave = launched_again(tenant)
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[NAMED | {"name": None}]))
    assert tenant.sql("SELECT 1 FROM person WHERE name IS NOT NULL") == []
    release = answered(wave, lambda person, _: {"load": 3, "comment": f"Zebulon, says {person}"})
    said = [row["comment"] for row in rows_of(tenant, release["id"]) if row["comment"]]
    assert said
    assert not [comment for comment in said if "Zebulon" in comment]


def test_names_are_kept_where_comments_are_shown_and_nowhere_else(tenant: TenantUnderTest) -> None:
    an_org(tenant, TEAMS)
    a_questionnaire(tenant, DOCUMENT)
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[NAMED]))
    launched_again(tenant, comments=False)
    assert tenant.sql("SELECT 1 FROM roster_line WHERE name IS NOT NULL") == []


def test_a_name_that_a_writer_takes_out_of_the_roster_lets_no_comment_through(tenant: TenantUnderTest) -> None:
    an_org(tenant, TEAMS)
    a_questionnaire(tenant, DOCUMENT)
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[NAMED]))
    wave = launched_again(tenant)
    for number, person in enumerate(sorted(wave.codes)):
        ok(wave.submit(person, answers_of(person, number)), 201)
    assert write(tenant.house, "UPDATE roster_line SET name = NULL WHERE name IS NOT NULL RETURNING 1")
    write(tenant.house, "UPDATE person SET name = NULL")
    release = wave.release()
    assert release["status"] == "published"
    assert not [row for row in rows_of(tenant, release["id"]) if row["comment"]]


@pytest.mark.parametrize("text", ["\u200b \u200b", "\u3164\u2800 \ufe0f\u0301"], ids=["dropped", "without ink"])
def test_whoever_left_nothing_is_no_author(tenant: TenantUnderTest, text: str) -> None:
    """Ten texts, one of which is nothing but invisible characters."""
    wave = launched(tenant, {"A": 10})
    empty = {"A-0": text}
    release = answered(wave, lambda person, _: {"load": 3, "comment": empty.get(person, f"Said by {person}")})
    assert by_unit(rows_of(tenant, release["id"]), "comment") == {}


@pytest.mark.parametrize(
    ("policy", "item", "units"),
    [
        ({"k_comment": 12}, "comment", {"C", "TOP"}),  # A joins B and D, of whom there are 11
        ({"collusion": 2}, "comment", {"C", "TOP"}),
        ({"k_comment": 39}, "comment", set()),
        ({"k_sensitive": 12}, "comment", {"A", "C", "TOP"}),
        ({"k_sensitive": 12}, "private", {"C", "TOP"}),
    ],
)
def test_the_policy_decides_how_many_authors_are_enough(
    tenant: TenantUnderTest, policy: dict[str, int], item: str, units: set[str]
) -> None:
    wave = launched(tenant, policy=policy)
    release = answered(wave)
    assert release["status"] == "published"
    shown = by_unit(rows_of(tenant, release["id"]), item)
    assert set(shown) == units


def test_without_the_flag_no_text_is_opened(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> bytes:
        raise AssertionError

    monkeypatch.setattr(Opener, "texts", never)
    release = answered(launched(tenant, comments=False))
    assert release["status"] == "published"
    assert rows_of(tenant, release["id"]) == []
    assert "comments" not in ok(tenant.call(READ, "GET", f"/v1/releases/{release['id']}"))["manifest"]
    assert write(tenant.house, "SELECT 1 FROM release_comment WHERE tenant_id = $1", tenant.tenant_id) == []


def test_a_questionnaire_without_a_text_item_has_no_comments_to_show(tenant: TenantUnderTest) -> None:
    an_org(tenant, TEAMS)
    a_questionnaire(tenant, DOCUMENT | {"items": DOCUMENT["items"][:1]})
    body = {"name": "Test", "questionnaire": "small", "audience": {"units": ["TOP"]}, "comments": True}
    refused = problem(tenant.call(WRITE, "POST", "/v1/campaigns", json=body), 422, "invalid")
    assert places(refused) == {"/comments": "needs a questionnaire with a text item"}
    problem(tenant.call(WRITE, "POST", "/v1/campaigns", json=body | {"comments": 1}), 422, "invalid")


def test_a_recut_shows_no_comments(tenant: TenantUnderTest) -> None:
    wave = launched(tenant, recuts=True)
    first = answered(wave)["id"]
    halves = {"name": "half", "values": [{"id": "one", "label": {"en": "One"}, "members": ["A", "C"]}]}
    asked = {"dimensions": [halves], "breakdowns": [["org", "half"]]}
    ok(tenant.call(WRITE, "POST", f"/v1/waves/{wave.wave}/recuts", json=asked), 202)
    tenant.house.sweep()
    (recut,) = ok(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/recuts"))
    assert recut["status"] == "published"
    assert rows_of(tenant, recut["release_id"]) == []
    assert len(rows_of(tenant, first, item="comment")) == 38 + 2
