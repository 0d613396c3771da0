"""A release as people read it: a page that tells of every cell, whoever reads, in which language, with which names."""

import hashlib
import re
from base64 import b64encode
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from service.questionnaires.catalogue import page as catalogue_page
from service.releases.report import page as report_page
from service.releases.report.tongue import Tongue
from tests.api.test_keys_of_units import limited
from tests.api.test_releases import odd_release
from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ, withdraw
from tests.make.recuts import REGION, a_released_wave, made
from tests.make.reports import Page, as_reported, figures_in, number, texts_of
from tests.make.reports_read import told_by
from tests.make.wire import problem
from tests.make.world import (
    LaunchedWave,
    a_campaign,
    a_launched_wave,
    a_questionnaire,
    an_org,
    cells_of,
    codes_of,
    ok,
)

Released = tuple[TenantUnderTest, str]
TEAMS = {"A": 40, "B": 12, "C": 12, "D": 12, "E": 6, "F": 3}
HOSTILE = '</title><script>alert(1)</script><b a="&amp;'


@pytest.fixture(scope="module")
def released(house: House) -> Released:
    tenant = house.tenant()
    return tenant, odd_release(a_launched_wave(tenant, TEAMS, name="Listening"))


@pytest.fixture(scope="module")
def nested(house: House) -> Released:
    """TOP above NORTH (N1, N2) and SOUTH (S1), with names that no page should believe."""
    tenant = house.tenant()
    parents = {"NORTH": "TOP", "SOUTH": "TOP", "N1": "NORTH", "N2": "NORTH", "S1": "SOUTH"}
    units: list[dict[str, Any]] = [{"external_id": "TOP", "name": f"Everyone {HOSTILE}"}]
    units += [{"external_id": unit, "name": f"{unit} {HOSTILE}", "parent": above} for unit, above in parents.items()]
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    people = [{"external_id": f"{unit}-{n}", "unit": unit} for unit in ("N1", "N2", "S1") for n in range(30)]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=people))
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, name=f"Name {HOSTILE}")
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    return tenant, odd_release(
        LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))
    )


def get(tenant: TenantUnderTest, release: str, what: str = "report", **request: Any) -> Any:
    return tenant.call(READ, "GET", f"/v1/releases/{release}/{what}", **request)


def read(tenant: TenantUnderTest, release: str, **params: str) -> Page:
    answer = get(tenant, release, params=params)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def unit_name(tenant: TenantUnderTest, release: str, unit: str) -> str:
    return str(cells_of(tenant, release, unit=unit)[0]["unit_name"])


def check_cells(tenant: TenantUnderTest, release: str, unit: str, language: Any) -> set[str]:
    """The page tells of each cell of the unit, and of no other; the states that it met."""
    spoken = Tongue(language)
    cells = cells_of(tenant, release, unit=unit, breakdown="org")
    said = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))["manifest"]["measures"]
    options: dict[str, list[str]] = {}
    for one in said:
        points = [str(point) for point in range(1, 6)] if one.get("type") == "rating" else []
        options[one["id"]] = [option["id"] for option in one.get("options", [])] or points
    page = read(tenant, release, unit=unit, language=language)
    name = unit_name(tenant, release, unit)
    found = told_by(page, said, spoken, options, name)
    wanted = {(cell["measure"], cell["family"]): as_reported(cell, spoken.words.reasons["protected"]) for cell in cells}
    assert found == wanted
    return {cell["status"] for cell in cells}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("unit", ["TOP", "A", "B", "F"])
def test_a_report_tells_of_each_cell_of_its_unit(released: Released, unit: str, language: str) -> None:
    tenant, release = released
    states = check_cells(tenant, release, unit, language)
    assert ("published" in states) == (unit in {"TOP", "A"}) or unit == "B"
    assert ("withheld" in states) == (unit != "TOP") or unit == "A"


def test_a_report_that_tells_another_cell_would_be_seen(released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, release = released
    straight = report_page._field

    def another(entry: Any) -> str:
        return straight(entry).replace("3", "4")

    monkeypatch.setattr(report_page, "_field", another)
    with pytest.raises(AssertionError):
        check_cells(tenant, release, "TOP", "en")


def test_no_figure_in_it_is_of_anything_else(released: Released) -> None:
    tenant, release = released
    whole = ok(tenant.call(READ, "GET", f"/v1/releases/{release}"))
    shown = {str(number(one)) for cell in cells_of(tenant, release) for one in figures_of(cell)}
    shown |= {
        str(float(end))
        for one in whole["manifest"]["measures"]
        for end in (one.get("lowest"), one.get("highest"))
        if end is not None
    }
    shown |= {str(number(one)) for one in figures_in([repr(whole["statistics"] or "")])}
    page = read(tenant, release, language="fr")
    fields = [one.text for table in page.tables for _, row in table.rows for one in row]
    told = {str(number(one)) for one in figures_in(fields)}
    assert told <= shown
    assert len(told) > 20
    drawn = [text for one in page.drawings for text in texts_of(one) if re.fullmatch("[0-9].*|[≤≥].*", text)]
    drawn = [text for text in drawn if not re.fullmatch("[1-5]", text)]  # points in keys
    assert {str(number(one)) for one in figures_in(drawn)} <= told


def figures_of(cell: dict[str, Any]) -> list[str]:
    found = [cell[name] for name in ("n_from", "n_to", "mean", "sd", "low", "high", "rwg", "enps")]
    found += [cell[name] for name in ("favourable", "neutral", "unfavourable")]
    found += [share["value"] for share in cell["distribution"] or ()]
    return [str(one).replace("-", "\u2212") for one in found if one is not None]


def test_units_below_are_told_score_by_score(released: Released) -> None:
    tenant, release = released
    page = read(tenant, release, language="en")
    cells = cells_of(tenant, release, kind="scale", family="mean", breakdown="org")
    (table,) = [one for one in page.tables if one.caption == "Scores of the units below Everyone"]
    wanted = {cell["unit_name"]: cell for cell in cells if cell["unit"] != "TOP"}
    assert [name for name, _ in table.rows] == list(wanted)  # as they stand in the organisation, not by score
    hidden = 0
    for name, (shown,) in table.rows:
        if wanted[name]["status"] == "withheld":
            hidden += 1
            assert (shown.is_withheld, shown.text) == (True, "protected")
        else:
            assert (shown.is_withheld, number(shown.text)) == (False, wanted[name]["mean"])
    assert 0 < hidden < len(wanted)


def test_a_page_is_built_for_everybody(released: Released) -> None:
    tenant, release = released
    for language in ("fr", "en"):
        page = read(tenant, release, language=language)
        tags = [tag for tag, _ in page.elements]
        assert page.elements[0] == ("html", {"lang": language})
        assert [tags.count(one) for one in ("h1", "main", "header", "title")][:3] == [1, 1, 1]
        levels = [level for level, _ in page.headings]
        assert all(after - before <= 1 for before, after in pairwise(levels))
        skip = next(attributes for tag, attributes in page.elements if tag == "a")
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert (skip["href"] or "").lstrip("#") in ids
        for tag, attributes in page.elements:
            if tag == "th":
                assert attributes["scope"] in {"row", "col"}
            if tag == "svg":
                assert attributes["role"] == "img"
            if "aria-labelledby" in attributes:
                assert attributes["aria-labelledby"] in ids
        assert all(table.caption for table in page.tables)


def test_texts_are_in_the_language_asked_for(released: Released) -> None:
    tenant, release = released
    asked = [
        ({"params": {"language": "fr"}}, "fr"),
        ({"headers": {"Accept-Language": "de, fr-CA;q=0.8, en;q=0.5"}}, "fr"),
        ({"headers": {"Accept-Language": "en-GB"}}, "en"),
        ({"headers": {"Accept-Language": "de"}}, "en"),
        ({"params": {"language": "en"}, "headers": {"Accept-Language": "fr"}}, "en"),
        ({}, "en"),
    ]
    for request, language in asked:
        answer = get(tenant, release, **request)
        assert answer.headers["content-language"] == language
        assert "Accept-Language" in answer.headers["vary"]
        assert ("Ma charge est tenable" in answer.text) == (language == "fr")
        assert ("Qui a répondu" in answer.text) == (language == "fr")
        assert ("Votre organisation vous invite" in answer.text) == (language == "fr")
    problem(get(tenant, release, params={"language": "de"}), 422, "invalid")


def test_a_page_may_have_its_own_style_and_nothing_else(released: Released) -> None:
    tenant, release = released
    answer = get(tenant, release)
    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = Page(answer.text)
    tags = {tag for tag, _ in page.elements}
    assert tags & {"script", "iframe", "object", "embed", "link", "img", "image", "use", "form"} == set()
    for _, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on")} | ({"style", "src"} & set(attributes))
    assert policy == catalogue_page.headers_of(answer.content)["Content-Security-Policy"]


def test_names_are_text_and_nothing_else(nested: Released) -> None:
    tenant, release = nested
    page = read(tenant, release)
    assert {"script", "b"} & {tag for tag, _ in page.elements} == set()
    said = "".join(page.texts)
    assert said.count(f"Name {HOSTILE}") == 3  # in the title, above all, and in the contract
    assert f"N1 {HOSTILE}" not in said
    assert f"NORTH {HOSTILE}" in said
    check_cells(tenant, release, "NORTH", "en")


def test_what_a_reader_holds_is_not_sent_again(released: Released) -> None:
    tenant, release = released
    answers = [get(tenant, release, params=params) for params in ({}, {"language": "fr"}, {"unit": "A"})]
    tags = [answer.headers["etag"] for answer in answers]
    assert len(set(tags)) == len(tags)
    for answer, params in zip(answers, ({}, {"language": "fr"}, {"unit": "A"}), strict=True):
        assert answer.headers["cache-control"] == "private, no-cache"
        assert answer.headers["last-modified"].endswith("GMT")
        again = get(tenant, release, params=params, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
    head = tenant.call(READ, "HEAD", f"/v1/releases/{release}/report")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == tags[0]
    assert get(tenant, release).content == answers[0].content


def test_who_may_not_read_it(released: Released) -> None:
    tenant, release = released
    for what in ("report", "report.pdf", "charts/means.svg"):
        problem(tenant.house.tenant().call(READ, "GET", f"/v1/releases/{release}/{what}"), 404, "not-found")
        problem(tenant.call(None, "GET", f"/v1/releases/{release}/{what}"), 401, "unauthenticated")
        problem(tenant.call("campaigns:write", "GET", f"/v1/releases/{release}/{what}"), 403, "forbidden")
        for params in ({"unit": "nowhere"}, {"source": "other"}, {"unit": "A", "source": "other"}, {"unit": "a\x00"}):
            problem(get(tenant, release, what, params=params), 422, "invalid")


def test_a_key_of_a_unit_reads_its_own_and_what_is_below(nested: Released) -> None:
    tenant, release = nested
    north = limited(tenant, "NORTH")
    own = Page(get(north, release).text)
    assert own.headings[1:] == read(tenant, release, unit="NORTH").headings[1:]
    (table,) = [one for one in own.tables if one.caption.startswith("Scores of the units below")]
    assert [name[:2] for name, _ in table.rows] == ["N1", "N2"]
    said = "".join(own.texts)
    assert not {"SOUTH", "S1 ", "Everyone"} & set(re.findall(r"SOUTH|S1 |Everyone", said))
    assert get(north, release, params={"unit": "N2"}).status_code == 200
    for unit in ("TOP", "SOUTH", "S1"):
        for what in ("report", "report.pdf", "charts/means.svg"):
            problem(get(north, release, what, params={"unit": unit}), 422, "invalid")
    assert get(north, release).headers["etag"] != get(tenant, release, params={"unit": "NORTH"}).headers["etag"]


def test_of_everybody_together_nothing_is_told_to_a_unit(nested: Released) -> None:
    tenant, release = nested
    told = '{"statistics": {"scales": [{"scale": "climate", "n": 90, "measures": ["climate"], "alpha": 0.71}]}}'
    tenant.sql("UPDATE release SET manifest = manifest || CAST(:told AS jsonb)", told=told)
    whole, part = read(tenant, release), Page(get(limited(tenant, "NORTH"), release).text)
    (table,) = [one for one in whole.tables if one.caption == "How reliable the scales are"]
    assert [(name, [one.text for one in row]) for name, row in table.rows] == [("Climate", ["90", "0.71", "\u2013"])]
    assert not [one for one in part.tables if one.caption == "How reliable the scales are"]


def test_a_withdrawn_release_is_not_shown(house: House) -> None:
    tenant = house.tenant()
    release = odd_release(a_launched_wave(tenant, {"A": 12}))
    tag = get(tenant, release).headers["etag"]
    withdraw(tenant, release)
    for what in ("report", "report.pdf", "charts/means.svg"):
        problem(get(tenant, release, what, headers={"If-None-Match": tag}), 410, "release-withdrawn")


def test_a_refused_release_has_no_report(house: House) -> None:
    tenant = house.tenant()
    wave = a_launched_wave(tenant, {"A": 12})
    for person in sorted(wave.codes)[:8]:
        ok(wave.submit(person, {"load": 4}), 201)
    tenant.sql("DELETE FROM sealed_batch")
    release = wave.release()
    assert release["status"] == "refused"
    for what in ("report", "report.pdf", "charts/means.svg"):
        problem(get(tenant, release["id"], what), 404, "not-found")


def test_a_recut_has_no_report(house: House) -> None:
    wave = a_released_wave(house)
    recut = made(wave, [REGION], [["org", "region"]])
    assert recut["status"] == "published"
    for what in ("report", "report.pdf", "charts/means.svg"):
        problem(get(wave.tenant, recut["release_id"], what), 404, "not-found")


def test_contract_and_certificate_are_told_and_checked(house: House) -> None:
    tenant = house.tenant()
    wave = a_launched_wave(tenant, {"A": 30})
    release = odd_release(wave)
    page = read(tenant, release, language="en")
    said = "".join(page.texts)
    contract = ok(tenant.call("campaigns:write", "GET", f"/v1/waves/{wave.wave}/contract"))
    for sentence in contract["sentences"]:
        assert sentence["text"] in said
    signed = ok(get(tenant, release, "certificate"))
    for told in (
        contract["digest"],
        signed["signature"],
        signed["public_key"],
        signed["certificate"]["release"]["digest"],
    ):
        assert told in said
    assert "safe: no group that is too small" in said
    tenant.sql("UPDATE release_certificate SET signed = jsonb_set(signed, '{certificate,auditor,verdict}', '\"fine\"')")
    altered = "".join(read(tenant, release, language="en").texts)
    assert "does not verify" in altered
    assert "Its verdict" not in altered
    tenant.sql("DELETE FROM release_certificate")
    assert "has no certificate" in "".join(read(tenant, release, language="en").texts)
    tenant.sql("UPDATE wave SET contract = jsonb_set(contract, '{retention_days}', '9')")
    problem(get(tenant, release), 409, "contract-broken")
    problem(get(tenant, release, "report.pdf"), 409, "contract-broken")


def test_reading_is_counted(released: Released) -> None:
    tenant, release = released
    for what in ("report", "report.pdf", "charts/means.svg"):
        assert get(tenant, release, what).status_code == 200
    tenant.house.write_readings()
    counted: list[Any] = tenant.sql("SELECT DISTINCT operation FROM read_access WHERE subject = :of", of=release)
    assert {"releases.report", "releases.report_pdf", "releases.chart"} <= {row.operation for row in counted}


def test_a_report_of_a_questionnaire_without_scales_compares_items(house: House) -> None:
    tenant = house.tenant()
    an_org(tenant, {"A": 20, "B": 20})
    a_questionnaire(tenant, BARE)
    campaign = a_campaign(tenant, questionnaire="bare")
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    made = LaunchedWave(tenant, campaign["id"], wave["id"], wave["address"], codes_of(tenant, wave["id"]))
    for number_, person in enumerate(sorted(made.codes)):
        ok(made.submit(person, {"load": 1 + number_ % 5}), 201)
    page = read(tenant, str(made.release()["id"]))
    (table,) = [one for one in page.tables if one.caption == "Scores of the units below Everyone"]
    assert table.head == ["Unit", "My load is fine"]


BARE: dict[str, Any] = {
    "format": "pouls/1",
    "key": "bare",
    "languages": ["en"],
    "title": {"en": "Bare"},
    "items": [{"id": "load", "type": "rating", "text": {"en": "My load is fine"}, "points": 5}],
}


def test_a_report_of_interim_results_says_so(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 40, "B": 40}, interim={"hours_after_opening": [24, 48]})
    for person in sorted(wave.codes)[:60]:
        ok(wave.submit(person, {"load": 4, "help": 3, "place": "home"}), 201)
    tenant.house.clock.shift += timedelta(hours=25)
    tenant.house.sweep()
    (first,) = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave.wave}"))["data"]
    assert "interim results no. 1" in read(tenant, first["id"], language="en").texts
    ok(wave.close())
    tenant.house.sweep()
    assert "From wave to wave" not in "".join(read(tenant, first["id"], language="en").texts)
    last = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave.wave}"))["data"][-1]
    assert "interim" not in "".join(read(tenant, last["id"], language="en").texts[:40])
