"""Versions of a questionnaire: one after the other, immutable, compared; a document looked at without being kept."""

import asyncio
import json
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import pytest

from service.questionnaires.actions import MOST_VERSIONS
from service.questionnaires.document import Document
from tests.fixtures.house import TenantUnderTest
from tests.make.statements import statements
from tests.make.wire import Sent, ask, places, problem, raw
from tests.make.world import QUESTIONNAIRE, a_campaign, a_launched_wave, a_questionnaire, an_org, ok

SCOPE = "questionnaires:write"


def titled(title: str) -> dict[str, Any]:
    return QUESTIONNAIRE | {"title": {"fr": title, "en": title}}


def add(tenant: TenantUnderTest, questionnaire: str, document: Any) -> Any:
    return tenant.call(SCOPE, "POST", f"/v1/questionnaires/{questionnaire}/versions", json=document)


def get(tenant: TenantUnderTest, path: str, **request: Any) -> Any:
    return tenant.call(SCOPE, "GET", f"/v1/questionnaires/{path}", **request)


def validate(tenant: TenantUnderTest, document: Any) -> Any:
    return tenant.call(SCOPE, "POST", "/v1/questionnaires/validate", json=document)


def test_versions_follow_one_another(tenant: TenantUnderTest) -> None:
    first = a_questionnaire(tenant)
    second = ok(add(tenant, first["id"], titled("Two")), 201)
    assert (second["id"], second["key"], second["version"]) == (first["id"], "small", 2)
    third = ok(add(tenant, first["id"], QUESTIONNAIRE), 201)  # back to what it was is a change
    assert (third["version"], third["digest"]) == (3, first["digest"])
    assert ok(get(tenant, f"{first['id']}/versions")) == {"data": [first, second, third], "next": None}
    # The list has each questionnaire once, by its latest version.
    other = a_questionnaire(tenant, QUESTIONNAIRE | {"key": "other"})
    assert ok(tenant.call(SCOPE, "GET", "/v1/questionnaires"))["data"] == [third, other]
    found = ok(tenant.call("admin", "GET", "/v1/audit-log"))["data"]
    published = [one["detail"] for one in found if one["action"] == "questionnaire.published"]
    assert published == [
        {"key": key, "version": n} for key, n in [("small", 1), ("small", 2), ("small", 3), ("other", 1)]
    ]


def test_pages_of_versions(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    for number in range(2, 6):
        ok(add(tenant, ident, titled(str(number))), 201)
    found, cursor = [], ""
    with statements(tenant.house) as sent:
        while cursor is not None:
            page = ok(get(tenant, f"{ident}/versions?limit=2{cursor and '&cursor='}{cursor}"))
            found += [row["version"] for row in page["data"]]
            cursor = page["next"]
    assert found == [1, 2, 3, 4, 5]
    assert not any("document" in one for one in sent)
    for cursor in ("x", "MA", "LTE", "MTA5OTk5OTk5OTk5OTk5", "MS41", "wrI"):
        problem(get(tenant, f"{ident}/versions?cursor={cursor}"), 422, "invalid")


def test_what_is_no_next_version_is_refused(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    problem(add(tenant, ident, QUESTIONNAIRE), 409, "questionnaire-unchanged")
    spelt = deepcopy(QUESTIONNAIRE) | {"introduction": None}
    spelt["items"] = [{"required": False, **one} for one in spelt["items"]]
    problem(add(tenant, ident, spelt), 409, "questionnaire-unchanged")  # the same in other words
    told = problem(add(tenant, ident, titled("Two") | {"key": "other"}), 422, "questionnaire-key-differs")
    assert list(places(told)) == ["/key"]
    bad = deepcopy(QUESTIONNAIRE)
    bad["items"][0]["points"], bad["title"] = 12, {"fr": "x"}
    assert set(places(problem(add(tenant, ident, bad), 422, "invalid"))) == {"/items/0/points", "/title"}
    assert len(ok(get(tenant, f"{ident}/versions"))["data"]) == 1


def test_versions_have_an_end(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    tenant.sql(
        "INSERT INTO questionnaire_version SELECT tenant_id, questionnaire_id, :number, document, 'x', created_at "
        "FROM questionnaire_version",
        number=MOST_VERSIONS,
    )
    problem(add(tenant, ident, titled("Two")), 409, "too-many-versions")


def posted(tenant: TenantUnderTest, path: str, bodies: list[Any]) -> list[Sent]:
    headers = {"authorization": b"Bearer " + tenant.keys[SCOPE].encode(), "content-type": b"application/json"}

    async def all_at_once() -> list[Sent]:
        app = tenant.house.client.app
        calls = (ask(app, "POST", path, headers=headers, chunks=[json.dumps(body).encode()]) for body in bodies)
        return await asyncio.gather(*calls)

    answers: list[Sent] = tenant.house.run(all_at_once)
    return answers


def test_versions_posted_at_once_have_numbers_of_their_own(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    answers = posted(tenant, f"/v1/questionnaires/{ident}/versions", [titled(f"T{n}") for n in range(6)])
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4, 5, 6, 7]


def test_the_same_version_posted_at_once_is_published_once(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    answers = posted(tenant, f"/v1/questionnaires/{ident}/versions", [titled("Two")] * 5)
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 4]
    assert len(ok(get(tenant, f"{ident}/versions"))["data"]) == 2


def test_a_key_posted_at_once_is_given_once(tenant: TenantUnderTest) -> None:
    answers = posted(tenant, "/v1/questionnaires", [titled(f"T{n}") for n in range(5)])
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 4]


def test_a_version_is_given_back_as_it_was_published(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    second = ok(add(tenant, ident, titled("Two")), 201)
    first = get(tenant, f"{ident}/versions/1")
    assert ok(first) == QUESTIONNAIRE
    assert ok(get(tenant, f"{ident}/versions/2")) == titled("Two")
    etag = first.headers["etag"]
    assert etag == f'"{Document.parse(QUESTIONNAIRE).digest()}"'
    assert first.headers["cache-control"] == "private, no-cache"
    for held in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        again = get(tenant, f"{ident}/versions/1", headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    other = get(tenant, f"{ident}/versions/2", headers={"If-None-Match": etag})
    assert (other.status_code, other.headers["etag"]) == (200, f'"{second["digest"]}"')
    problem(get(tenant, f"{ident}/versions/3"), 404, "not-found")
    stranger = tenant.house.tenant("stranger")
    problem(stranger.call(SCOPE, "GET", f"/v1/questionnaires/{ident}/versions/1", headers={"If-None-Match": etag}), 404,
            "not-found")  # fmt: skip
    for number in ("0", "-1", "1001", "x", "1.5", "9" * 400):
        problem(get(tenant, f"{ident}/versions/{number}"), 422, "invalid")


def test_a_campaign_keeps_its_version_and_a_new_one_takes_the_latest(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    (mine,) = ok(tenant.call(SCOPE, "GET", "/v1/questionnaires"))["data"]
    ok(add(tenant, mine["id"], titled("Two")), 201)
    shown = ok(tenant.call(None, "GET", f"/v1/respond/{wave.address}", params={"language": "en"}))
    assert shown["questionnaire"]["title"] == "Small questionnaire"
    assert a_campaign(tenant)["questionnaire_version"] == 2
    old = ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns/{wave.campaign}"))
    assert old["questionnaire_version"] == 1


def test_changes_between_versions(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    second = deepcopy(QUESTIONNAIRE)
    second["items"][0]["text"]["en"] = "My load is bearable"
    second["items"][4] |= {"id": "seniority"}
    second["items"].append(second["items"].pop(2))
    ok(add(tenant, ident, second), 201)
    ok(add(tenant, ident, second | {"title": {"fr": "Trois", "en": "Three"}}), 201)
    found = ok(get(tenant, f"{ident}/versions/2/changes?since=1"))
    assert (found["since"], found["version"], found["languages"]) == (1, 2, ["fr", "en"])
    items = {one["id"]: (one["change"], one["trended"]) for one in found["items"]}
    assert items == {
        "load": ("changed", False),
        "help": ("same", True),
        "place": ("moved", True),
        "tools": ("same", True),
        "seniority": ("added", False),
        "years": ("removed", False),
        "comment": ("same", True),
    }
    load = found["items"][0]["reasons"]
    assert [(one["what"], one["breaks_trend"], one["languages"]) for one in load] == [("text", True, ["en"])]
    (climate,) = found["scales"]
    assert (climate["trended"], climate["reasons"][0]["what"], climate["reasons"][0]["ids"]) == (
        False,
        "part",
        ["load"],
    )
    assert ok(get(tenant, f"{ident}/versions/2/changes")) == found  # the version before
    third = ok(get(tenant, f"{ident}/versions/3/changes"))
    assert ({one["change"] for one in third["items"]}, third["since"]) == ({"same"}, 2)
    assert [one["what"] for one in third["document"]] == ["title"]
    back = ok(get(tenant, f"{ident}/versions/1/changes?since=2"))
    turned = {one["id"]: (one["change"], one["trended"]) for one in back["items"]}
    assert turned == items | {"seniority": ("removed", False), "years": ("added", False)}
    assert ok(get(tenant, f"{ident}/versions/2/changes?since=2"))["scales"][0]["change"] == "same"


def test_changes_since_what_is_no_version_are_refused(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    for path in ("1/changes", "1/changes?since=2", "1/changes?since=0", "1/changes?since=x", "1/changes?since=99999"):
        told = problem(get(tenant, f"{ident}/versions/{path}"), 422, "invalid")
        assert list(places(told)) == ["query:since"]
    problem(get(tenant, f"{ident}/versions/2/changes?since=1"), 404, "not-found")


def test_a_document_is_looked_at_without_being_kept(tenant: TenantUnderTest) -> None:
    assert ok(validate(tenant, QUESTIONNAIRE))["faults"] == []
    assert "/scales/0/items" in {hint["pointer"] for hint in ok(validate(tenant, QUESTIONNAIRE))["hints"]}
    bad = deepcopy(QUESTIONNAIRE)
    bad["items"][0]["points"], bad["title"], bad["surprise"] = 12, {"fr": "x"}, 1
    found = ok(validate(tenant, bad))
    assert {one["pointer"] for one in found["faults"]} == {"/items/0/points", "/title", "/surprise"}
    assert found["hints"] == []
    assert ok(tenant.call(SCOPE, "GET", "/v1/questionnaires"))["data"] == []
    assert tenant.sql("SELECT count(*) FROM audit_entry WHERE action LIKE 'questionnaire%'") == [(0,)]


def deep(levels: int) -> str:
    return '{"items":' + "[" * levels + "]" * levels + "}"


ODD = {
    "a list": "[]",
    "a word": '"canari"',
    "a number": "5",
    "nothing in it": "{}",
    "deep": deep(900),
    "half a surrogate": '{"key":"\\ud800","\\ud800":1}',
    "NUL": '{"key":"\\u0000"}',
    "a huge number": '{"items":[{"points":' + "9" * 4000 + "}]}",
    "10,000 items": json.dumps({"items": [{"id": "a"}] * 10_000}),
    "10,000 whole items": json.dumps(QUESTIONNAIRE | {"items": [{"id": "a", "type": "text", "text": {}}] * 10_000}),
    "200 languages": json.dumps(
        QUESTIONNAIRE | {"languages": [f"a{a}{b}" for a in "abcdefghij" for b in "abcdefghijklmnopqrst"]}
    ),
    "a circle": json.dumps(
        QUESTIONNAIRE
        | {
            "items": [
                QUESTIONNAIRE["items"][0] | {"visible_if": {"item": "help", "at_least": 3}},
                QUESTIONNAIRE["items"][1] | {"visible_if": {"item": "load", "at_least": 3}},
            ]
        }
    ),
    "itself": json.dumps(
        QUESTIONNAIRE | {"items": [QUESTIONNAIRE["items"][0] | {"visible_if": {"item": "load", "at_least": 3}}]}
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_faults_of_the_document_are_no_error_of_the_call(tenant: TenantUnderTest, name: str) -> None:
    headers = {"content-type": "application/json"}
    answer = tenant.call(SCOPE, "POST", "/v1/questionnaires/validate", content=ODD[name].encode(), headers=headers)
    found = ok(answer, 200)
    assert 0 < len(found["faults"]) <= 1000
    assert "canari" not in answer.text
    for path in ("/v1/questionnaires", "/v1/questionnaires/imports?format=json"):
        assert tenant.call(SCOPE, "POST", path, content=ODD[name].encode(), headers=headers).status_code in {200, 422}


@pytest.mark.parametrize("body", ['{"key":1,"key":2}', deep(20_000), "{", '{"a":1e999}', "\xff"])
def test_what_is_no_json_is_malformed(tenant: TenantUnderTest, body: str) -> None:
    headers = {"content-type": "application/json"}
    for path in ("validate", ""):
        target = f"/v1/questionnaires/{path}".rstrip("/")
        answer = tenant.call(SCOPE, "POST", target, content=body.encode("latin-1"), headers=headers)
        problem(answer, 400, "malformed")


def test_an_unsound_document_repeats_no_value(tenant: TenantUnderTest) -> None:
    canary = "Zora Canari 7731"
    ident = a_questionnaire(tenant)["id"]
    bad = QUESTIONNAIRE | {"key": canary, "items": [{"id": canary, "type": canary, canary: canary}], canary: [canary]}
    assert ok(validate(tenant, bad))["faults"]
    answers = [
        validate(tenant, bad),
        add(tenant, ident, bad),
        add(tenant, ident, QUESTIONNAIRE | {"key": "canari"}),
        get(tenant, f"{ident}/versions/1/changes?since={canary}"),
        get(tenant, f"{ident}/versions?cursor={canary}"),
        get(tenant, f"{ident}/versions/{canary}"),
    ]
    for answer in answers:
        assert "canari" not in answer.text.lower()


def test_nothing_is_looked_at_for_who_may_not_write(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking takes seconds: nobody else's, and no connection of ours."""
    seen: list[object] = []
    monkeypatch.setattr(Document, "parse", seen.append)
    for path in ("/v1/questionnaires", "/v1/questionnaires/validate"):
        problem(tenant.call("admin", "POST", path, json=QUESTIONNAIRE), 403, "forbidden")
        problem(tenant.call(None, "POST", path, json=QUESTIONNAIRE), 401, "unauthenticated")
    assert seen == []


def _counting(whole: Callable[[object], Document], pool: Any, taken: list[int], raw: object) -> Document:
    taken.append(pool.checkedout())
    return whole(raw)


def test_no_connection_is_held_while_a_document_is_looked_at(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = tenant.house.client.app.state.database.engine.pool  # type: ignore[attr-defined]  # Starlette types the app as a callable
    taken: list[int] = []
    for name in ("parse", "stored"):
        monkeypatch.setattr(Document, name, partial(_counting, getattr(Document, name), pool, taken))
    ident = a_questionnaire(tenant)["id"]
    ok(add(tenant, ident, titled("Two")), 201)
    ok(validate(tenant, QUESTIONNAIRE))
    ok(get(tenant, f"{ident}/versions/2/changes"))
    ok(get(tenant, f"{ident}/versions/2/export?format=json"))
    draft = ok(tenant.call(SCOPE, "POST", "/v1/questionnaire-drafts", json={"document": titled("Three")}), 201)["id"]
    ok(tenant.call(SCOPE, "GET", f"/v1/questionnaire-drafts/{draft}"))
    ok(tenant.call(SCOPE, "POST", f"/v1/questionnaire-drafts/{draft}/publish", headers={"If-Match": '"1"'}), 201)
    assert len(taken) == 8
    assert set(taken) == {0}


def test_a_version_that_a_later_rule_refuses_is_compared_and_exported_all_the_same(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    ok(add(tenant, ident, titled("Two")), 201)
    tenant.sql(
        """UPDATE questionnaire_version SET document = jsonb_set(document, '{title,en}', '"About {{nothing|this}}"') """
        "WHERE number = 1"
    )
    for path in ("2/changes", "1/export?format=json", "1/export/report"):
        ok(get(tenant, f"{ident}/versions/{path}"))


def test_a_campaign_can_be_made_of_a_version_added(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 12})
    ident = a_questionnaire(tenant)["id"]
    ok(add(tenant, ident, titled("Two")), 201)
    campaign = a_campaign(tenant)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    answer = raw(tenant.house, "GET", f"/v1/campaigns/{campaign['id']}/contract",
                 headers={"authorization": b"Bearer " + tenant.keys["campaigns:write"].encode()})  # fmt: skip
    assert answer.json()["contract"]["questionnaire"]["version"] == 2


def test_a_stored_version_that_is_sound_no_more_is_no_fault_of_ours(tenant: TenantUnderTest) -> None:
    ident = a_questionnaire(tenant)["id"]
    ok(add(tenant, ident, titled("Two")), 201)
    tenant.sql("""UPDATE questionnaire_version SET document = document - 'title' WHERE number = 1""")
    for path in ("2/changes", "1/export?format=html", "1/export/report"):
        assert list(places(problem(get(tenant, f"{ident}/versions/{path}"), 422, "invalid"))) == ["/title"]
    ok(get(tenant, f"{ident}/versions/1"))
