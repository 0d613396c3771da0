"""Drafts: any JSON object, kept as it came, changed by whoever saw what they change, published once it has no fault."""

import asyncio
import json
from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest

from service.questionnaires.document import Document
from service.questionnaires.drafts.actions import MOST_DRAFTS
from service.questionnaires.lint.checked import MOST_LEVELS
from tests.fixtures.house import TenantUnderTest
from tests.make.statements import statements
from tests.make.wire import Sent, ask, places, problem
from tests.make.world import QUESTIONNAIRE, ok

SCOPE = "questionnaires:write"
DRAFTS = "/v1/questionnaire-drafts"
NEXT: dict[str, Any] = QUESTIONNAIRE | {"title": {"fr": "Autre", "en": "Other"}}


def kept(tenant: TenantUnderTest, document: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(tenant.call(SCOPE, "POST", DRAFTS, json={"document": document}), 201)
    return made


def put(tenant: TenantUnderTest, draft: str, document: Any, if_match: str | None) -> Any:
    headers = {} if if_match is None else {"If-Match": if_match}
    return tenant.call(SCOPE, "PUT", f"{DRAFTS}/{draft}", json={"document": document}, headers=headers)


def publish(tenant: TenantUnderTest, draft: str, if_match: str | None = '"1"') -> Any:
    headers = {} if if_match is None else {"If-Match": if_match}
    return tenant.call(SCOPE, "POST", f"{DRAFTS}/{draft}/publish", headers=headers)


def read(tenant: TenantUnderTest, draft: str) -> dict[str, Any]:
    found: dict[str, Any] = ok(tenant.call(SCOPE, "GET", f"{DRAFTS}/{draft}"))
    return found


def acts(tenant: TenantUnderTest) -> list[tuple[str, Any]]:
    found = ok(tenant.call("admin", "GET", "/v1/audit-log"))["data"]
    return [(one["action"], one["detail"]) for one in found if one["action"].startswith("questionnaire")]


def test_a_draft_is_kept_with_its_faults(tenant: TenantUnderTest) -> None:
    document = {"key": "monday", "items": [{"id": "load", "type": "rating", "points": 12}], "odd": [1.50, None, "\x00"]}
    answer = tenant.call(SCOPE, "POST", DRAFTS, json={"document": document})
    made = ok(answer, 201)
    assert (made["key"], made["revision"], answer.headers["etag"]) == ("monday", 1, '"1"')
    got = tenant.call(SCOPE, "GET", f"{DRAFTS}/{made['id']}")
    found = ok(got)
    assert got.headers["etag"] == '"1"'
    assert found["document"] == document
    assert list(found["document"]) == list(document)
    assert {fault["pointer"] for fault in found["faults"]} >= {"/items/0/points", "/odd", "/title"}
    assert found["hints"] == []
    assert {name: found[name] for name in made} == made


def test_a_sound_draft_has_hints_alone(tenant: TenantUnderTest) -> None:
    document = QUESTIONNAIRE | {"introduction": {"fr": "x " * 30 + ".", "en": "x"}}
    found = read(tenant, kept(tenant, document)["id"])
    assert found["faults"] == []
    assert "/introduction/fr" in {hint["pointer"] for hint in found["hints"]}


@pytest.mark.parametrize("key", [None, 5, "", "Mon key", "é", "a" * 64, {"a": 1}])
def test_a_key_that_is_none_is_not_told(tenant: TenantUnderTest, key: Any) -> None:
    assert kept(tenant, {"key": key})["key"] is None


def test_a_list_loads_no_document(tenant: TenantUnderTest) -> None:
    made = [kept(tenant, {"key": f"q{number}"}) for number in range(3)]
    with statements(tenant.house) as sent:
        assert ok(tenant.call(SCOPE, "GET", DRAFTS)) == {"data": made, "next": None}
    (statement,) = (one for one in sent if "FROM questionnaire_draft" in one)
    assert "document" not in statement
    first = ok(tenant.call(SCOPE, "GET", f"{DRAFTS}?limit=2"))
    assert first["data"] == made[:2]
    assert ok(tenant.call(SCOPE, "GET", f"{DRAFTS}?limit=2&cursor={first['next']}"))["data"] == made[2:]


def test_a_draft_is_replaced_by_whoever_saw_it(tenant: TenantUnderTest) -> None:
    draft = kept(tenant, {"key": "one"})["id"]
    problem(put(tenant, draft, {"key": "two"}, None), 428, "revision-missing")
    for stale in ('"0"', '"2"', "1", 'W/"1"', "", "x", '"1" "2"'):
        problem(put(tenant, draft, {"key": "two"}, stale), 412, "draft-moved")
    assert read(tenant, draft)["document"] == {"key": "one"}
    answer = put(tenant, draft, {"key": "two"}, '"7", "1"')
    assert (ok(answer)["revision"], ok(answer)["key"], answer.headers["etag"]) == (2, "two", '"2"')
    problem(put(tenant, draft, {"key": "three"}, '"1"'), 412, "draft-moved")
    assert ok(put(tenant, draft, {}, "*"))["revision"] == 3
    found = read(tenant, draft)
    assert (found["document"], found["key"], found["revision"]) == ({}, None, 3)
    assert found["updated_at"] > found["created_at"]


def test_of_two_that_replace_the_same_revision_one_is_told(tenant: TenantUnderTest) -> None:
    draft = kept(tenant, {"key": "one"})["id"]
    headers = {
        "authorization": b"Bearer " + tenant.keys[SCOPE].encode(),
        "content-type": b"application/json",
        "if-match": b'"1"',
    }

    async def both() -> list[Sent]:
        bodies = [json.dumps({"document": {"key": f"k{number}"}}).encode() for number in range(6)]
        path = f"{DRAFTS}/{draft}"
        return await asyncio.gather(
            *(ask(tenant.house.client.app, "PUT", path, headers=headers, chunks=[body]) for body in bodies)
        )

    answers = tenant.house.run(both)
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 5]
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert read(tenant, draft)["key"] == won["key"]


def test_a_draft_is_deleted(tenant: TenantUnderTest) -> None:
    first, second = (kept(tenant, {})["id"] for _ in range(2))
    problem(tenant.call(SCOPE, "DELETE", f"{DRAFTS}/{first}", headers={"If-Match": '"2"'}), 412, "draft-moved")
    assert tenant.call(SCOPE, "DELETE", f"{DRAFTS}/{first}", headers={"If-Match": '"1"'}).status_code == 204
    assert tenant.call(SCOPE, "DELETE", f"{DRAFTS}/{second}").status_code == 204
    for draft in (first, second, uuid4()):
        problem(tenant.call(SCOPE, "GET", f"{DRAFTS}/{draft}"), 404, "not-found")
        problem(tenant.call(SCOPE, "DELETE", f"{DRAFTS}/{draft}"), 404, "not-found")
        problem(put(tenant, str(draft), {}, None), 404, "not-found")
    assert tenant.sql("SELECT count(*) FROM questionnaire_draft") == [(0,)]


def test_published_a_new_key_is_version_1_and_a_known_one_the_next(tenant: TenantUnderTest) -> None:
    first = kept(tenant, QUESTIONNAIRE)["id"]
    problem(publish(tenant, first, None), 428, "revision-missing")
    problem(publish(tenant, first, '"2"'), 412, "draft-moved")
    made = ok(publish(tenant, first), 201)
    assert (made["key"], made["version"], made["digest"]) == ("small", 1, Document.parse(QUESTIONNAIRE).digest())
    problem(tenant.call(SCOPE, "GET", f"{DRAFTS}/{first}"), 404, "not-found")
    problem(publish(tenant, first), 404, "not-found")
    again = kept(tenant, QUESTIONNAIRE)["id"]
    problem(publish(tenant, again), 409, "questionnaire-unchanged")
    ok(put(tenant, again, NEXT, '"1"'))
    second = ok(publish(tenant, again, '"2"'), 201)
    assert (second["id"], second["version"]) == (made["id"], 2)
    assert ok(tenant.call(SCOPE, "GET", DRAFTS))["data"] == []
    assert acts(tenant) == [
        ("questionnaire_draft.created", {}),
        ("questionnaire.published", {"key": "small", "version": 1, "draft": first}),
        ("questionnaire_draft.created", {}),
        ("questionnaire_draft.replaced", {"revision": 2}),
        ("questionnaire.published", {"key": "small", "version": 2, "draft": again}),
    ]


def test_a_draft_with_faults_is_not_published_and_stays(tenant: TenantUnderTest) -> None:
    bad = deepcopy(QUESTIONNAIRE)
    bad["items"][0]["points"] = 12
    bad["scales"][0]["items"] = ["load", "nothing"]
    draft = kept(tenant, bad)["id"]
    told = places(problem(publish(tenant, draft), 422, "invalid"))
    assert set(told) >= {"/items/0/points", "/scales/0/items/1"}
    assert read(tenant, draft)["revision"] == 1
    assert ok(tenant.call(SCOPE, "GET", "/v1/questionnaires"))["data"] == []


def test_drafts_published_at_once_are_versions_one_after_the_other(tenant: TenantUnderTest) -> None:
    drafts = [kept(tenant, QUESTIONNAIRE | {"title": {"fr": f"T{n}", "en": f"T{n}"}})["id"] for n in range(5)]
    headers = {"authorization": b"Bearer " + tenant.keys[SCOPE].encode(), "if-match": b'"1"'}

    async def all_at_once() -> list[Sent]:
        app = tenant.house.client.app
        paths = [f"{DRAFTS}/{draft}/publish" for draft in drafts for _ in range(2)]
        return await asyncio.gather(*(ask(app, "POST", path, headers=headers) for path in paths))

    answers = tenant.house.run(all_at_once)
    assert sorted(answer.status_code for answer in answers) == [*[201] * 5, *[404] * 5]
    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert sorted(one["version"] for one in made) == [1, 2, 3, 4, 5]
    assert len({one["id"] for one in made}) == 1


def test_a_tenant_has_so_many_drafts_and_no_more(tenant: TenantUnderTest) -> None:
    tenant.sql(
        "INSERT INTO questionnaire_draft SELECT tenant_id, gen_random_uuid(), NULL, '{}', 1, now(), now() "
        "FROM tenant, generate_series(1, :number)",
        number=MOST_DRAFTS - 2,
    )
    headers = {
        "authorization": b"Bearer " + tenant.keys[SCOPE].encode(),
        "content-type": b"application/json",
    }

    async def all_at_once() -> list[Sent]:
        app = tenant.house.client.app
        calls = (ask(app, "POST", DRAFTS, headers=headers, chunks=[b'{"document":{}}']) for _ in range(6))
        return await asyncio.gather(*calls)

    answers = tenant.house.run(all_at_once)
    assert sorted(answer.status_code for answer in answers) == [201, 201, *[409] * 4]
    told = problem(tenant.call(SCOPE, "POST", DRAFTS, json={"document": {}}), 409, "too-many-drafts")
    assert str(MOST_DRAFTS) in told["detail"]
    ok(tenant.house.tenant("other").call(SCOPE, "POST", DRAFTS, json={"document": {}}), 201)


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_what_could_not_be_given_back_is_not_kept(tenant: TenantUnderTest) -> None:
    deep = nested(MOST_LEVELS)
    assert read(tenant, kept(tenant, deep)["id"])["document"] == deep
    draft = kept(tenant, {})["id"]
    for body in (
        json.dumps({"document": nested(MOST_LEVELS + 1)}),
        '{"document":{"a":' + "[" * 500 + "]" * 500 + "}}",
        '{"document":{"a":["\\ud800"]}}',
        '{"document":{"a":{"\\udfff":1}}}',
        '{"document":[]}',
        '{"document":null}',
        '{"document":"x"}',
        '{"document":{},"more":1}',
        "{}",
        "[]",
    ):
        headers = {"content-type": "application/json", "If-Match": '"1"'}
        for method, path in (("POST", DRAFTS), ("PUT", f"{DRAFTS}/{draft}")):
            problem(tenant.call(SCOPE, method, path, content=body.encode(), headers=headers), 422, "invalid")
    for body in ('{"document":{"a":1,"a":2}}', '{"document":{"a":NaN}}', '{"document":' + '{"a":' * 20_000):
        answer = tenant.call(SCOPE, "POST", DRAFTS, content=body.encode(), headers={"content-type": "application/json"})
        problem(answer, 400, "malformed")
    assert len(ok(tenant.call(SCOPE, "GET", DRAFTS))["data"]) == 2


ODD: dict[str, Any] = {
    "10,000 items": QUESTIONNAIRE | {"items": [QUESTIONNAIRE["items"][0]] * 6_000},
    "200 languages": QUESTIONNAIRE
    | {"languages": [f"{a}{b}" for a in "abcdefghijklmn" for b in "abcdefghijklmno"][:200]},
    "a circle": QUESTIONNAIRE
    | {
        "items": [
            one | {"visible_if": {"item": other, "at_least": 3}}
            for one, other in zip(QUESTIONNAIRE["items"][:2], ("help", "load"), strict=True)
        ]
    },
    "conditions inside one another": QUESTIONNAIRE
    | {"items": [QUESTIONNAIRE["items"][0] | {"visible_if": {"not": {"not": {"not": {"not": nested(40)}}}}}]},
    "lists": {name: [[]] for name in QUESTIONNAIRE},
    "large numbers": QUESTIONNAIRE | {"items": [QUESTIONNAIRE["items"][0] | {"points": 10**4000}], "scales": [1e308]},
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_document_is_kept_and_told_of(tenant: TenantUnderTest, name: str) -> None:
    draft = kept(tenant, ODD[name])["id"]
    found = read(tenant, draft)
    assert found["document"] == ODD[name]
    assert 0 < len(found["faults"]) <= 1000
    problem(publish(tenant, draft), 422, "invalid")


def test_no_value_comes_back_in_a_refusal(tenant: TenantUnderTest) -> None:
    canary = "Zora Canari 7731"
    bad = QUESTIONNAIRE | {"key": canary, "items": [{"id": canary, "type": canary, canary: canary}], canary: [canary]}
    draft = kept(tenant, bad)["id"]
    found = read(tenant, draft)
    assert "canari" not in json.dumps([found["faults"], found["hints"], found["key"]]).lower()
    assert "canari" not in publish(tenant, draft).text.lower()
    for answer in (
        put(tenant, draft, bad, canary),
        tenant.call(SCOPE, "POST", DRAFTS, json={canary: canary, "document": canary}),
        tenant.call(SCOPE, "GET", f"{DRAFTS}?cursor={canary}"),
        tenant.call(SCOPE, "GET", f"{DRAFTS}/{canary}"),
    ):
        assert answer.status_code >= 400
        assert "canari" not in answer.text.lower()
