"""The feed itself: what it says it holds, who may read it, how answers are kept by readers, and files that open it."""

import json
from base64 import b64encode
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from service.odata.model import ENTITY_SETS
from tests.fixtures.house import House
from tests.make.access_tokens import token_for
from tests.make.odata import READ, ROOT, Feed, a_feed, by, refused
from tests.make.world import ok

NAMES = ["Campaigns", "Waves", "Releases", "OrgUnits", "Items", "Scales", "Scores", "Shares", "Distributions"]
NAMES += ["Participation"]
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
EDMX = "{http://docs.oasis-open.org/odata/ns/edmx}"
POWER_QUERY = (
    "application/json;odata.metadata=minimal;q=1.0,application/json;odata.streaming=true;q=0.9,"
    "application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"
)
PYTHON_OF = {"Edm.String": str, "Edm.Double": float, "Edm.Int32": int, "Edm.Boolean": bool, "Edm.DateTimeOffset": str}


@pytest.fixture(scope="module")
def feed(house: House) -> Feed:
    return a_feed(house)


def schema_of(feed: Feed) -> Element:
    answer = feed.get("$metadata")
    assert answer.headers["content-type"].startswith("application/xml")
    root: Element = fromstring(answer.content)
    schema = root.find(f"{EDMX}DataServices/{EDM}Schema")
    assert schema is not None
    return schema


def test_the_service_document_names_every_entity_set(feed: Feed) -> None:
    answer = feed.get("")
    assert answer.headers["odata-version"] == "4.0"
    assert answer.headers["content-type"].startswith("application/json;odata.metadata=minimal")
    body = ok(answer)
    assert body["@odata.context"] == f"{ROOT}$metadata"
    assert body["value"] == [{"name": name, "kind": "EntitySet", "url": name} for name in NAMES]
    for name in NAMES:
        assert feed.ok(f"{name}?$top=1")["@odata.context"] == f"{ROOT}$metadata#{name}"


def test_without_its_slash_the_root_leads_to_itself(feed: Feed) -> None:
    answer = feed.tenant.call(READ, "GET", "/odata", follow_redirects=True)
    assert ok(answer)["value"][0]["name"] == "Campaigns"


@pytest.mark.parametrize("accept", ["application/json", "text/html", POWER_QUERY, "*/*"])
def test_the_metadata_is_xml_whatever_is_accepted(feed: Feed, accept: str) -> None:
    answer = feed.get("$metadata", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["odata-version"] == "4.0"
    assert fromstring(answer.content).get("Version") == "4.0"


def test_the_metadata_keeps_the_rules_of_csdl(feed: Feed) -> None:
    schema = schema_of(feed)
    namespace = schema.get("Namespace")
    types = {one.get("Name"): one for one in schema.findall(f"{EDM}EntityType")}
    sets = schema.findall(f"{EDM}EntityContainer/{EDM}EntitySet")
    assert [one.get("Name") for one in sets] == NAMES
    assert {one.get("EntityType") for one in sets} == {f"{namespace}.{name}" for name in types}
    for entity in types.values():
        properties = [one.get("Name") for one in entity.findall(f"{EDM}Property")]
        assert len(set(properties)) == len(properties)
        (key,) = entity.findall(f"{EDM}Key/{EDM}PropertyRef")
        assert key.get("Name") == "Id"
        for one in entity.findall(f"{EDM}Property"):
            assert one.get("Type") in PYTHON_OF
            assert one.get("Name") != "Id" or one.get("Nullable") == "false"
            said = one.find(f"{EDM}Annotation[@Term='Org.OData.Core.V1.Description']")
            assert said is not None
            assert len(said.get("String", "")) > 5
    used = {str(one.get("Term")).rpartition(".")[0] for one in schema.iter(f"{EDM}Annotation")}
    root = fromstring(feed.get("$metadata").content)
    included = {one.get("Namespace") for one in root.findall(f"{EDMX}Reference/{EDMX}Include")}
    assert used == included


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_as_the_metadata_says(feed: Feed, name: str) -> None:
    schema = schema_of(feed)
    kind = next(one.kind for one in ENTITY_SETS if one.name == name)
    (entity,) = [one for one in schema.findall(f"{EDM}EntityType") if one.get("Name") == kind]
    declared = {str(one.get("Name")): one for one in entity.findall(f"{EDM}Property")}
    rows = feed.rows(name)
    assert rows
    for row in rows:
        assert list(row) == list(declared)
        for column, value in row.items():
            facets = declared[column]
            if value is None:
                assert facets.get("Nullable") != "false", column
            else:
                assert type(value) is PYTHON_OF[str(facets.get("Type"))], column
                assert not isinstance(value, str) or len(value) <= int(facets.get("MaxLength", 10**6)), column
    keys = [row["Id"] for row in rows]
    assert len(set(keys)) == len(keys)


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"anybody:{password}".encode()).decode()}


@pytest.mark.parametrize("path", ["", "$metadata", "Scores", "Scores/$count", "connect.pbids", "Nothing"])
def test_who_shows_no_key_is_asked_for_one(feed: Feed, path: str) -> None:
    for headers in ({}, basic("wrong"), {"Authorization": "Bearer wrong"}, {"Authorization": "Negotiate x"}):
        answer = feed.tenant.call(None, "GET", f"/odata/{path}", headers=headers)
        refused(answer, 401, "Unauthenticated")
        assert 'Basic realm="pouls"' in answer.headers["www-authenticate"]


def test_a_key_is_taken_as_bearer_as_password_and_behind_a_token(feed: Feed) -> None:
    for headers in (basic(feed.tenant.keys[READ]), {"Authorization": f"Bearer {token_for(feed.tenant, READ)}"}):
        answer = feed.tenant.call(None, "GET", "/odata/Releases", headers=headers)
        assert len(ok(answer, 200)["value"]) == 2
        assert "ratelimit" in answer.headers
    refused(feed.tenant.call("admin", "GET", "/odata/Scores"), 403, "Forbidden")


def test_a_revoked_key_reads_nothing(feed: Feed) -> None:
    made = ok(feed.tenant.call("admin", "POST", "/v1/api-keys", json={"name": "bi", "scopes": [READ]}), 201)
    assert ok(feed.tenant.call(None, "GET", "/odata/Scores/$count", headers=basic(made["key"])), 200)
    ok(feed.tenant.call("admin", "DELETE", f"/v1/api-keys/{made['id']}"))
    refused(feed.tenant.call(None, "GET", "/odata/Scores/$count", headers=basic(made["key"])), 401, "Unauthenticated")


def test_another_tenant_sees_nothing(feed: Feed, house: House) -> None:
    other = Feed(house.tenant(), [], [])
    for name in NAMES:
        assert other.rows(name) == []
        assert other.get(f"{name}/$count").text == "0"
        refused(other.get(f"{name}('{feed.rows(name)[0]['Id']}')"), 404, "NotFound")


def test_an_answer_is_kept_by_its_reader(feed: Feed) -> None:
    paths = ["", "$metadata", "connect.odc", "connect.pbids", *NAMES, "Scores?$top=3", "Scores?$top=4"]
    paths += ["Scores/$count", "Scores?language=en", f"Waves('{feed.waves[0].wave}')"]
    tags = {}
    for path in paths:
        answer = feed.get(path)
        tags[path] = answer.headers["etag"]
        assert answer.headers["cache-control"] == "private, no-cache"
        assert {"Authorization", "Accept-Language"} <= set(answer.headers["vary"].split(", "))
        assert feed.get(path).headers["etag"] == tags[path]
    assert len(set(tags.values())) == len(paths)
    for path, tag in tags.items():
        answer = feed.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
        assert answer.headers["odata-version"] == "4.0"
        assert feed.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    french = feed.get("Items", headers={"Accept-Language": "fr"}).headers["etag"]
    assert french != feed.get("Items", headers={"Accept-Language": "en"}).headers["etag"]
    refused(feed.tenant.call(None, "GET", "/odata/Scores", headers={"If-None-Match": "*"}), 401, "Unauthenticated")


def test_a_head_is_an_answer_without_its_body(feed: Feed) -> None:
    for path in ("", "Scores?$top=2", "$metadata"):
        whole, head = feed.get(path), feed.tenant.call(READ, "HEAD", f"/odata/{path}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == whole.headers["etag"]


def test_power_bi_and_excel_are_led_to_the_feed(feed: Feed) -> None:
    answer = feed.get("connect.pbids")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="pouls.pbids"'
    (connection,) = answer.json()["connections"]
    assert connection["details"] == {"protocol": "odata", "address": {"url": ROOT}}
    answer = feed.get("connect.odc")
    assert answer.headers["content-type"].startswith("text/x-ms-odc")
    assert answer.headers["content-disposition"] == 'attachment; filename="pouls.odc"'
    page = fromstring(answer.content)
    (mashup,) = [one for one in page.iter() if one.tag.endswith("PowerQueryMashupData")]
    formula = next(one for one in fromstring(mashup.text or "").iter() if one.tag.endswith("Formula"))
    assert f'OData.Feed("{ROOT}", null, [Implementation="2.0"])' in (formula.text or "")
    for text in (answer.text, feed.get("connect.pbids").text):
        assert feed.tenant.keys[READ] not in unescape(text)


def test_what_is_read_is_counted(feed: Feed) -> None:
    feed.tenant.house.write_readings()

    def counted() -> dict[str, int]:
        feed.tenant.house.write_readings()
        rows = ok(feed.tenant.call("admin", "GET", "/v1/read-access"))["data"]
        return {row["subject"]: row["reads"] for row in rows if row["operation"] == "odata.read"}

    before = counted()
    feed.ok("Scales?$top=1")
    feed.ok("Scales/$count")
    feed.get("Scales?$top=nothing")
    feed.ok("")
    after = counted()
    assert after["Scales"] - before.get("Scales", 0) == 2
    assert set(after) <= set(NAMES)


def test_a_double_is_read_as_clients_of_sap_write_it(feed: Feed) -> None:
    for compared in ("Mean ge {}", "Mean in ({},3)", "{} lt Mean"):
        wanted = feed.rows("Scores", params=by(filter=compared.format("1.5")))
        assert wanted
        assert feed.rows("Scores", params=by(filter=compared.format("1.5D"))) == wanted
    for text in ("Mean ge 1.5DD", "Mean ge D", "Mean ge 1.5Dx", "Mean ge 1.5D1", "Mean ge 1.5F", "Unit eq 1D"):
        refused(feed.get("Scores", params=by(filter=text)), 400, "BadRequest")


def test_metrics_know_templates_alone(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("service.telemetry.observe.log.info", lambda _, **said: seen.append(said["route"]))
    key = feed.rows("Scores?$top=1&$select=Id")[0]["Id"]
    seen.clear()
    for path in ("", "Scores", f"Scores('{key}')", "Scores/$count", "Secret", f"Scores('{key}')/Mean", "$batch"):
        feed.get(path)
    assert seen == [
        "/odata/",
        "/odata/{entity_set}",
        "/odata/{entity_set}({key})",
        "/odata/{entity_set}/$count",
        *["/odata/{other}"] * 3,
    ]


def test_who_calls_by_another_name_is_answered_with_it(feed: Feed) -> None:
    answer = feed.get("Scores", params=by(top="1"), headers={"Host": "elsewhere.test"})
    assert json.loads(answer.text)["@odata.context"] == "http://elsewhere.test/odata/$metadata#Scores"
