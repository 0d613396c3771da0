"""Questionnaires of other programs read, bounded and reported on, and ours written for them."""

import asyncio
import io
import json
import threading
import zipfile
from typing import Any

import pytest

from service.questionnaires.document import Document
from service.questionnaires.formats import readers, xlsform_write
from service.questionnaires.formats.report import Unreadable
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import Sent, ask, places, problem, raw
from tests.make.world import QUESTIONNAIRE, a_questionnaire, ok

SCOPE = "questionnaires:write"
OCTETS = {"content-type": "application/octet-stream"}
IMPORTS = "/v1/questionnaires/imports"


@pytest.fixture(scope="module")
def anyone(house: House) -> TenantUnderTest:
    return house.tenant()


def take(tenant: TenantUnderTest, data: bytes, query: str, headers: Any = OCTETS) -> Any:
    return tenant.call(SCOPE, "POST", f"{IMPORTS}?{query}", content=data, headers=headers)


SURVEYJS = {"title": "Canari", "elements": [{"type": "rating", "name": "load", "title": "My load", "rateMax": 5},
                                            {"type": "signaturepad", "name": "sign"}]}  # fmt: skip


def test_our_own_json_comes_in_as_it_is(tenant: TenantUnderTest) -> None:
    found = ok(take(tenant, json.dumps(QUESTIONNAIRE).encode(), "format=json"))
    assert (found["document"], found["report"], found["faults"]) == (QUESTIONNAIRE, [], [])
    bad = ok(take(tenant, b'{"key":"x","items":[]}', "format=json", {"content-type": "application/json"}))
    assert bad["document"] == {"key": "x", "items": []}
    assert bad["faults"]
    assert ok(tenant.call(SCOPE, "GET", "/v1/questionnaires"))["data"] == []
    assert ok(tenant.call(SCOPE, "GET", "/v1/questionnaire-drafts"))["data"] == []


def test_what_can_not_be_carried_over_is_told(anyone: TenantUnderTest) -> None:
    found = ok(take(anyone, json.dumps(SURVEYJS).encode(), "format=surveyjs&language=en"))
    assert [item["id"] for item in found["document"]["items"]] == ["load"]
    assert found["document"]["items"][0]["text"] == {"en": "My load"}
    assert [(one["place"], one["severity"]) for one in found["report"] if one["severity"] == "lost"] == [
        ("sign", "lost")
    ]


def test_a_version_comes_back_through_a_workbook(tenant: TenantUnderTest) -> None:
    made = a_questionnaire(tenant)
    path = f"/v1/questionnaires/{made['id']}/versions/1/export"
    answer = tenant.call(SCOPE, "GET", f"{path}?format=xlsform")
    assert answer.headers["content-disposition"] == 'attachment; filename="small-1.xlsx"'
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    kind = {"content-type": answer.headers["content-type"]}
    found = ok(take(tenant, answer.content, "format=xlsform", kind))
    assert found["faults"] == []
    assert Document.parse(found["document"]).digest() == made["digest"]
    ok(tenant.call(SCOPE, "POST", "/v1/questionnaire-drafts", json={"document": found["document"]}), 201)


def test_a_version_as_json_and_as_a_page(tenant: TenantUnderTest) -> None:
    made = a_questionnaire(tenant)
    path = f"/v1/questionnaires/{made['id']}/versions/1/export"
    own = tenant.call(SCOPE, "GET", path)
    assert Document.parse(ok(own)).digest() == made["digest"]
    assert own.headers["content-disposition"] == 'attachment; filename="small-1.json"'
    html = tenant.call(SCOPE, "GET", f"{path}?format=html&language=en-GB")
    assert html.headers["content-disposition"] == 'attachment; filename="small-1.html"'
    assert '<html lang="en"' in html.text
    assert "'unsafe-inline'" not in html.headers["content-security-policy"]
    for answer in (own, html):
        report = answer.headers["link"].removeprefix("<").partition(">")[0]
        assert ok(tenant.call(SCOPE, "GET", f"{path.removesuffix('export')}{report}")) == []


def test_a_report_says_what_a_file_lacks(tenant: TenantUnderTest) -> None:
    shuffled = QUESTIONNAIRE | {
        "sections": [{"id": "all", "items": [one["id"] for one in QUESTIONNAIRE["items"]], "order": "random"}]
    }
    made = a_questionnaire(tenant, shuffled)
    path = f"/v1/questionnaires/{made['id']}/versions/1/export/report"
    (told,) = ok(tenant.call(SCOPE, "GET", f"{path}?format=html"))
    assert (told["place"], told["severity"]) == ("all", "changed")


@pytest.mark.parametrize(
    "query", ["format=pdf", "format=", "format=json&language=fr", "format=html&language=canari!", "language=fr"]
)
def test_an_export_that_can_not_be_is_refused(tenant: TenantUnderTest, query: str) -> None:
    path = f"/v1/questionnaires/{a_questionnaire(tenant)['id']}/versions/1/export"
    answer = tenant.call(SCOPE, "GET", f"{path}?{query}")
    assert list(places(problem(answer, 422, "invalid"))) in (["query:format"], ["query:language"])
    assert "canari" not in answer.text


def a_bomb() -> bytes:
    """A workbook whose sheet unpacks to fifty megabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b" " * 50_000_000)
    return out.getvalue()


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "canari"><!ENTITY b "&a;&a;&a;&a;">'
    b'<!ENTITY c SYSTEM "file:///etc/passwd">]><document>&b;&c;</document>'
)
UNREADABLE: dict[str, tuple[str, bytes]] = {
    "nothing": ("json", b""),
    "no JSON": ("json", b"canari"),
    "a list": ("json", b"[1]"),
    "a name twice": ("json", b'{"canari":1,"canari":2}'),
    "deep": ("json", b'{"a":' * 500 + b"1" + b"}" * 500),
    "deeper": ("surveyjs", b"[" * 100_000),
    "half a surrogate": ("json", b'{"a":"\\ud800"}'),
    "not SurveyJS": ("surveyjs", b'{"canari":[]}'),
    "no workbook": ("xlsform", b"canari"),
    "half a workbook": ("xlsform", xlsform_write.write(Document.parse(QUESTIONNAIRE)).data[:900]),
    "a bomb": ("xlsform", a_bomb()),
    "no XML": ("lss", b"canari"),
    "entities": ("lss", ENTITIES),
    "other XML": ("lss", b"<canari/>"),
    "deep XML": ("lss", b"<a>" * 100_000),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_can_not_be_read_says_why(anyone: TenantUnderTest, name: str) -> None:
    kind, data = UNREADABLE[name]
    answer = take(anyone, data, f"format={kind}")
    assert problem(answer, 422, "questionnaire-unreadable")["detail"]
    assert "canari" not in answer.text
    assert "root" not in answer.text


def test_a_file_has_2_mebibytes_at_most(anyone: TenantUnderTest) -> None:
    start, end = b'{"a":"', b'"}'
    for length, status in (((2 << 20), 200), ((2 << 20) + 1, 413)):
        data = start + b"x" * (length - len(start) - len(end)) + end
        assert take(anyone, data, "format=json").status_code == status
    headers = {"authorization": b"Bearer " + anyone.keys[SCOPE].encode(), "content-type": b"application/octet-stream"}
    long = raw(anyone.house, "POST", f"{IMPORTS}?format=lss", headers=headers, chunks=[b"a" * (1 << 16)] * 40)
    problem(long, 413, "too-large")


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("format=xlsform", {"content-type": "application/json"}, 415),
        ("format=json", {"content-type": "text/plain"}, 415),
        ("format=json", {}, 415),
        ("format=json", OCTETS | {"content-encoding": "gzip"}, 415),
        ("format=pdf", OCTETS, 422),
        ("", OCTETS, 422),
        ("format=json&language=canari!", OCTETS, 422),
        ("format=json&language=" + "a" * 36, OCTETS, 422),
        ("format=json&auto=1", OCTETS, 422),
    ],
)
def test_an_import_that_can_not_be_is_refused(
    anyone: TenantUnderTest, query: str, headers: dict[str, str], status: int
) -> None:
    answer = take(anyone, b"{}", query, headers)
    assert answer.status_code == status
    assert "canari" not in answer.text


def test_files_are_read_a_few_at_once(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes meanwhile is told to come again, and everything else goes on."""
    going, inside = threading.Event(), threading.Semaphore(0)

    def slow(*_: object) -> None:
        inside.release()
        assert going.wait(30)
        raise Unreadable("it is a test")

    monkeypatch.setattr("service.questionnaires.formats.choose.read", slow)
    headers = {"authorization": b"Bearer " + tenant.keys[SCOPE].encode(), "content-type": b"application/octet-stream"}

    async def many() -> tuple[list[Sent], Sent, Sent]:
        app = tenant.house.client.app
        target = f"{IMPORTS}?format=json"
        calls = [
            asyncio.ensure_future(ask(app, "POST", target, headers=headers, chunks=[b"{}"]))
            for _ in range(readers.AT_ONCE)
        ]
        for _ in calls:
            await asyncio.to_thread(inside.acquire, timeout=10)
        refused = await ask(app, "POST", target, headers=headers, chunks=[b"{}"])
        listed = await ask(app, "GET", "/v1/catalogue", headers=headers)
        going.set()
        return await asyncio.gather(*calls), refused, listed

    read, refused, listed = tenant.house.run(many)
    problem(refused, 503, "readers-busy")
    assert refused.headers["retry-after"] == "1"
    assert listed.status_code == 200
    for one in read:
        problem(one, 422, "questionnaire-unreadable")
    problem(take(tenant, b"{}", "format=json"), 422, "questionnaire-unreadable")  # the seats are free again


def test_nobody_waits_for_ever_for_a_file(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    going = threading.Event()
    monkeypatch.setattr(readers, "PATIENCE_S", 0.2)
    monkeypatch.setattr("service.questionnaires.formats.choose.read", lambda *_: going.wait(30) and None)
    problem(take(tenant, b"{}", "format=json"), 503, "readers-busy")
    problem(take(tenant, b"{}", "format=json"), 503, "readers-busy")
    monkeypatch.undo()
    problem(take(tenant, b"{}", "format=json"), 503, "readers-busy")  # both seats are taken until their threads end
    going.set()
    for _ in range(200):
        if take(tenant, b"{}", "format=json").status_code == 200:
            break
    else:
        raise AssertionError("the seats are not given back")
