"""Publishing a questionnaire: every fault at once and by its place, a key once, a document that never changes."""

from copy import deepcopy
from typing import Any

from service.questionnaires.document import Document
from tests.fixtures.house import TenantUnderTest
from tests.make.statements import statements
from tests.make.wire import places, problem
from tests.make.world import QUESTIONNAIRE, a_launched_wave, a_questionnaire, ok


def post(tenant: TenantUnderTest, document: Any) -> Any:
    return tenant.call("questionnaires:write", "POST", "/v1/questionnaires", json=document)


def listed(tenant: TenantUnderTest, **params: Any) -> Any:
    return ok(tenant.call("questionnaires:write", "GET", "/v1/questionnaires", params=params))


def test_a_published_questionnaire_is_listed(tenant: TenantUnderTest) -> None:
    made = a_questionnaire(tenant)
    assert (made["key"], made["version"]) == ("small", 1)
    assert made["digest"] == Document.parse(QUESTIONNAIRE).digest()
    assert listed(tenant) == {"data": [made], "next": None}


def test_a_list_loads_no_document(tenant: TenantUnderTest) -> None:
    made = a_questionnaire(tenant)
    with statements(tenant.house) as sent:
        assert listed(tenant)["data"] == [made]
    (statement,) = (one for one in sent if "FROM questionnaire" in one)
    assert "digest" in statement
    assert "document" not in statement


def test_every_fault_is_named_at_once(tenant: TenantUnderTest) -> None:
    bad = deepcopy(QUESTIONNAIRE)
    bad["format"] = "pouls/2"
    bad["surprise"] = True
    del bad["title"]["en"]
    bad["items"][0]["points"] = 12
    bad["items"][1]["id"] = "load"
    bad["items"][2]["options"] = bad["items"][2]["options"][:1]
    bad["items"][3]["max_choices"] = 3
    bad["items"][4] |= {"minimum": 10, "maximum": 10}
    bad["items"][5]["max_length"] = 2001
    bad["scales"][0]["items"] = ["load", "nothing", "years"]
    bad["indices"] = [{"id": "index", "title": {"fr": "i", "en": "i"}, "scales": ["nothing"]}]
    told = places(problem(post(tenant, bad), 422, "invalid"))
    assert set(told) == {
        "/format",
        "/surprise",
        "/title",
        "/items/0/points",
        "/items/1/id",
        "/items/2/options",
        "/items/3/max_choices",
        "/items/4/maximum",
        "/items/5/max_length",
        "/scales/0/items/1",
        "/scales/0/items/2",
        "/indices/0/scales/0",
    }
    assert told["/items/0/points"] == "must be at most 11"
    assert told["/scales/0/items/2"] == "must be a rating item"
    assert listed(tenant)["data"] == []


def test_another_shape_is_refused(tenant: TenantUnderTest) -> None:
    for body in ([], [QUESTIONNAIRE], "small", 5, None, {}, {"document": QUESTIONNAIRE}):
        problem(post(tenant, body), 422, "invalid")
    assert listed(tenant)["data"] == []


def test_a_key_is_given_once(tenant: TenantUnderTest) -> None:
    first = a_questionnaire(tenant)
    problem(post(tenant, QUESTIONNAIRE), 409, "questionnaire-key-taken")
    problem(post(tenant, QUESTIONNAIRE | {"title": {"fr": "Autre", "en": "Other"}}), 409, "questionnaire-key-taken")
    assert listed(tenant)["data"] == [first]
    # Another organisation's keys are its own.
    assert a_questionnaire(tenant.house.tenant("other"))["key"] == first["key"]


def test_a_long_document_is_refused(tenant: TenantUnderTest) -> None:
    text = "x" * 2000
    rating = QUESTIONNAIRE["items"][0]

    def document(items: int) -> dict[str, Any]:
        made = [rating | {"id": f"i{number}", "text": {"fr": text, "en": text}} for number in range(items)]
        return {key: QUESTIONNAIRE[key] for key in ("format", "key", "languages", "title")} | {"items": made}

    assert post(tenant, document(301)).status_code == 413
    problem(post(tenant, document(250) | {"items": [rating] * 301}), 422, "invalid")
    ok(post(tenant, document(240)), 201)


def test_pages(tenant: TenantUnderTest) -> None:
    keys = [f"q{number}" for number in range(5)]
    for key in keys:
        a_questionnaire(tenant, QUESTIONNAIRE | {"key": key})
    found: list[str] = []
    address = "/v1/questionnaires?limit=2"
    sizes = []
    while address:
        answer = tenant.call("questionnaires:write", "GET", address)
        page = ok(answer)
        found += [row["key"] for row in page["data"]]
        sizes.append(len(page["data"]))
        link = answer.headers.get("link", "")
        assert bool(link) == bool(page["next"])
        assert not link or link.endswith('; rel="next"')
        address = link.removeprefix("<").partition(">")[0]
    assert found == keys
    assert sizes == [2, 2, 1]


def test_respondents_see_it_in_their_language_and_no_scoring(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)

    def shown(**request: Any) -> Any:
        return ok(tenant.call(None, "GET", f"/v1/respond/{wave.address}", **request))

    by_header = {"": "fr", "en": "en", "en-GB,fr;q=0.5": "en", "de,en;q=0.2": "en", "de": "fr", "*": "fr"}
    for header, language in by_header.items():
        assert shown(headers={"Accept-Language": header})["language"] == language
    assert shown(params={"language": "en"}, headers={"Accept-Language": "fr"})["language"] == "en"
    body = shown(params={"language": "en-US"})
    assert body["questionnaire"]["title"] == "Small questionnaire"
    assert body["languages"] == ["fr", "en"]
    assert [item["id"] for item in body["questionnaire"]["items"]] == [item["id"] for item in QUESTIONNAIRE["items"]]
    assert "scales" not in body["questionnaire"]
    contract = ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{wave.wave}/contract"))
    assert (body["contract"], body["contract_digest"]) == (contract["contract"], contract["digest"])


def test_the_questionnaire_is_cacheable(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    path = f"/v1/respond/{wave.address}"
    first = tenant.call(None, "GET", path)
    assert first.headers["cache-control"] == "public, max-age=300"
    again = tenant.call(None, "GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = tenant.call(None, "GET", path, headers={"If-None-Match": first.headers["etag"], "Accept-Language": "en"})
    assert other.status_code == 200
    assert other.headers["etag"] != first.headers["etag"]
    assert "accept-language" in other.headers["vary"].lower()
