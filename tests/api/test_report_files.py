"""A report on paper, its drawings one by one, and its waves one after another."""

import io
import re
from datetime import timedelta
from typing import Any

import pypdf
import pytest
from defusedxml.ElementTree import fromstring

from service.releases.report import pdf as report_pdf
from service.releases.report import router
from service.releases.report.blocks import Heading, Report
from service.releases.report.tongue import Phrase, Tongue
from tests.api.test_keys_of_units import limited
from tests.api.test_recurring import BEFORE, MONDAY, launched, travel, waves
from tests.api.test_releases import odd_release
from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ, withdraw
from tests.make.reports import SVG, Page, bound, number, span, texts_of
from tests.make.wire import places, problem
from tests.make.world import a_launched_wave, a_questionnaire, an_org, cells_of, codes_of, ok, post

Released = tuple[TenantUnderTest, str]
WAVES = 3


@pytest.fixture(scope="module")
def released(house: House) -> Released:
    tenant = house.tenant()
    return tenant, odd_release(
        a_launched_wave(tenant, {"A": 40, "B": 12, "C": 12, "D": 12, "E": 6, "F": 3}, name="Écoute")
    )


@pytest.fixture(scope="module")
def pulse(house: House) -> tuple[TenantUnderTest, list[str]]:
    """Three waves of 60 people, in the second of which hardly anybody of B answers."""
    tenant = house.tenant()
    shift = house.clock.shift
    an_org(tenant, {"A": 48, "B": 12})
    a_questionnaire(tenant)
    travel(tenant, BEFORE)
    campaign, _ = launched(tenant)
    releases = []
    for number_ in range(WAVES):
        travel(tenant, MONDAY + timedelta(days=7 * number_, minutes=1))
        wave = waves(tenant, campaign)[number_]
        for at, (person, code) in enumerate(sorted(codes_of(tenant, wave["id"]).items())):
            if number_ != 1 or not person.startswith("B") or at % 4 == 0:
                ok(post(tenant, code, {"load": 1 + number_ + at % 3, "help": 1 + at % 4}), 201)
        travel(tenant, MONDAY + timedelta(days=7 * number_, hours=56))
        (release,) = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave['id']}"))["data"]
        releases.append(release["id"])
    house.clock.shift = shift
    return tenant, releases


def get(tenant: TenantUnderTest, release: str, what: str = "report", **params: str) -> Any:
    return tenant.call(READ, "GET", f"/v1/releases/{release}/{what}", params=params)


def paper(answer: Any) -> pypdf.PdfReader:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return pypdf.PdfReader(io.BytesIO(answer.content))


def packed(text: str) -> str:
    """Without spaces, which a PDF sets by distance, and with ligatures taken apart."""
    for joined, apart in (("\ufb03", "ffi"), ("\ufb04", "ffl"), ("\ufb00", "ff"), ("\ufb01", "fi"), ("\ufb02", "fl")):
        text = text.replace(joined, apart)
    return re.sub(r"\s|\u00ad", "", text)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("unit", ["TOP", "A", "B"])
def test_paper_says_what_the_page_says(released: Released, language: str, unit: str) -> None:
    tenant, release = released
    page = Page(get(tenant, release, language=language, unit=unit).text)
    found = paper(get(tenant, release, "report.pdf", language=language, unit=unit))
    text = packed("".join(one.extract_text() for one in found.pages))
    checked = 0
    for table in page.tables:
        for name, row in table.rows:
            fields = [one.text for one in row]
            line = packed(name + "".join(fields))
            if len(line) < 60:  # a longer one is broken into lines, field by field
                assert line in text, line
                checked += 1
    assert checked > 8
    word = packed(Tongue(language).words.reasons["protected"])  # type: ignore[arg-type]  # one of both
    assert text.count(word) >= sum(one.is_withheld for table in page.tables for _, row in table.rows for one in row)


def test_paper_is_tagged_and_has_its_fonts_in_it(released: Released) -> None:
    tenant, release = released
    answer = get(tenant, release, "report.pdf", language="fr")
    found = paper(answer)
    root: Any = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in found.xmp_metadata.stream.get_data()  # type: ignore[union-attr]  # there is some
    assert found.metadata is not None
    assert found.metadata.title == "Écoute"
    kinds = kinds_of(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/L", "/Caption"} <= kinds.keys()
    assert kinds["/Figure"]
    assert all(one.get("/Alt") for one in kinds["/Figure"])
    fonts = [font.get_object() for page in found.pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index,union-attr]  # as pypdf has it
    assert fonts
    for font in fonts:
        (inner,) = font["/DescendantFonts"]
        described = inner.get_object()["/FontDescriptor"].get_object()
        assert described.keys() & {"/FontFile2", "/FontFile3"}
    assert answer.content == get(tenant, release, "report.pdf", language="fr").content


def kinds_of(node: Any) -> dict[str, list[Any]]:
    """Elements of the structure tree by kind."""
    found: dict[str, list[Any]] = {}
    todo = [node]
    while todo:
        one = todo.pop()
        one = one.get_object() if hasattr(one, "get_object") else one
        if isinstance(one, list):
            todo += one
        elif isinstance(one, dict):
            if "/S" in one:
                found.setdefault(str(one["/S"]), []).append(one)
            if "/K" in one:
                todo.append(one["/K"])
    return found


def test_paper_is_kept_by_whoever_reads_it(released: Released) -> None:
    tenant, release = released
    whole = get(tenant, release, "report.pdf")
    assert whole.headers["cache-control"] == "private, no-cache"
    assert f'filename="{release}.pdf"' in whole.headers["content-disposition"]
    path = f"/v1/releases/{release}/report.pdf"
    again = tenant.call(READ, "GET", path, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = tenant.call(READ, "HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    tags = {get(tenant, release, what).headers["etag"] for what in ("report", "report.pdf", "charts/means.svg")}
    assert len(tags) == 3


def test_without_the_library_there_is_no_paper(released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, release = released
    monkeypatch.setattr(router, "find_spec", lambda _: None)
    problem(get(tenant, release, "report.pdf"), 501, "format-not-installed")
    assert get(tenant, release).status_code == 200


def a_report(title: str) -> Report:
    blocks = (Heading(2, Phrase(title)), Heading(3, Phrase("Zwei", "de-CH-1996")))
    return Report("en", title, (title,), "Skip", "Page", blocks)


@pytest.mark.parametrize(
    "title", ["#panic() $x$ *a* _b_ @c <d> \\e `f` = g", '"] + read("/etc/passwd")', "Σίσυφος Ёж שלום"]
)
def test_no_name_is_read_as_markup(title: str) -> None:
    made = report_pdf.pdf(a_report(title), BEFORE)
    found = pypdf.PdfReader(io.BytesIO(made))
    assert found.metadata is not None
    assert found.metadata.title == title
    assert b"pdfuaid:part" in found.xmp_metadata.stream.get_data()  # type: ignore[union-attr]  # there is some


@pytest.mark.parametrize("title", ["研究開発", "R&D 😀", "\x07bell"])
def test_a_name_beyond_our_fonts_is_no_reason_to_refuse(title: str) -> None:
    """It is tagged all the same, and claims no more than is so."""
    made = report_pdf.pdf(a_report(title), BEFORE)
    found = pypdf.PdfReader(io.BytesIO(made))
    root: Any = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    claims = b"pdfuaid:part" in found.xmp_metadata.stream.get_data()  # type: ignore[union-attr]  # there is some
    assert claims == (title == "\x07bell")  # where there is another sign for it


def test_a_drawing_alone_says_all_that_it_shows(released: Released) -> None:
    tenant, release = released
    cells = {(cell["measure"], cell["family"]): cell for cell in cells_of(tenant, release, unit="TOP", breakdown="org")}
    asked: list[tuple[str, dict[str, str]]] = [
        ("means", {}), ("means", {"measure": "load"}), ("distribution", {}), ("distribution", {"measure": "place"}),
        ("distribution", {"measure": "load", "theme": "dark"}), ("heatmap", {}), ("trend", {"measure": "climate"}),
    ]  # fmt: skip
    for chart, params in asked:
        answer = get(tenant, release, f"charts/{chart}.svg", language="en", **params)
        assert answer.headers["content-type"] == "image/svg+xml"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        drawing = fromstring(answer.content)
        assert drawing.get("role") == "img"
        said = drawing[1].text or ""
        for text in texts_of(drawing):
            if "…" not in text and re.search("[0-9]", text) and chart != "trend":
                assert text in said, (chart, text)
        ground = next(one for one in drawing.iter(f"{SVG}rect") if one.get("width") == drawing.get("width"))
        assert ground.get("fill") == ("#1a1a1a" if "theme" in params else "#ffffff")
    climate = cells["climate", "mean"]
    said = fromstring(get(tenant, release, "charts/means.svg", language="en").content)[1].text or ""
    shown, interval = re.fullmatch(r"Climate: (\S+) \((.+)\)", said).groups()  # type: ignore[union-attr]  # it has to
    assert (number(shown), bound(shown), span(interval)) == (climate["mean"], None, (climate["low"], climate["high"]))


def test_withheld_units_are_to_be_seen_in_a_map(released: Released) -> None:
    tenant, release = released
    drawing = fromstring(get(tenant, release, "charts/heatmap.svg", language="fr").content)
    cells = cells_of(tenant, release, measure="climate", family="mean", breakdown="org")
    hidden = [cell for cell in cells if cell["status"] == "withheld"]
    assert hidden
    assert texts_of(drawing).count("protégé") == len(hidden)


def test_what_can_not_be_drawn_is_refused(released: Released) -> None:
    tenant, release = released
    asked: list[tuple[str, dict[str, str], str]] = [
        ("trend", {}, "query:measure"),
        ("trend", {"measure": "place"}, "query:measure"),
        ("means", {"measure": "place"}, "query:measure"),
        ("distribution", {"measure": "years"}, "query:measure"),
        ("means", {"measure": "nothing"}, "query:measure"),
        ("means", {"measure": "a\x00"}, "query:measure"),
        ("heatmap", {"unit": "A"}, "query:unit"),
        ("heatmap", {"measure": "place"}, "query:measure"),
        ("means", {"theme": "pink"}, "query:theme"),
    ]
    for chart, params, at in asked:
        refused = problem(get(tenant, release, f"charts/{chart}.svg", **params), 422, "invalid")
        assert list(places(refused)) == [at], (chart, params)
    problem(get(tenant, release, "charts/pie.svg"), 422, "invalid")
    tag = get(tenant, release, "charts/means.svg").headers["etag"]
    others = ({"theme": "dark"}, {"language": "fr"}, {"measure": "climate"}, {"unit": "A"})
    assert len({tag, *(get(tenant, release, "charts/means.svg", **one).headers["etag"] for one in others)}) == 5


def test_waves_stand_beside_each_other_as_they_were_shown(pulse: tuple[TenantUnderTest, list[str]]) -> None:
    tenant, releases = pulse
    states = set()
    for unit in ("TOP", "B"):
        for upto, release in enumerate(releases, 1):
            page = Page(get(tenant, release, unit=unit, language="en").text)
            tables = [one for one in page.tables if one.caption == "Climate, from wave to wave"]
            assert len(tables) == (upto > 1)
            for table in tables:
                assert [name for name, _ in table.rows] == [str(at) for at in range(1, upto + 1)]
                for (_, row), of in zip(table.rows, releases, strict=False):
                    (cell,) = cells_of(tenant, of, unit=unit, measure="climate", family="mean")
                    states.add(cell["status"])
                    if cell["status"] == "withheld":
                        assert [(one.text, one.is_withheld) for one in row[1:]] == [("protected", True)]
                        continue
                    assert (number(row[2].text), span(row[3].text)) == (cell["mean"], (cell["low"], cell["high"]))
    assert states == {"published", "withheld"}
    drawing = fromstring(get(tenant, releases[-1], "charts/trend.svg", unit="B", measure="climate").content)
    assert texts_of(drawing).count("protected") == 1


def test_a_key_of_a_unit_sees_its_own_waves(pulse: tuple[TenantUnderTest, list[str]]) -> None:
    tenant, releases = pulse
    own = Page(get(limited(tenant, "A"), releases[-1], language="en").text)
    whole = Page(get(tenant, releases[-1], unit="A", language="en").text)
    captions = "Climate, from wave to wave"
    assert own.table(captions).rows == whole.table(captions).rows


def test_a_wave_that_was_withdrawn_is_no_longer_beside(pulse: tuple[TenantUnderTest, list[str]]) -> None:
    """The last of these tests: it takes the first wave away."""
    tenant, releases = pulse
    before = get(tenant, releases[-1], language="en")
    withdraw(tenant, releases[0])
    held = {"If-None-Match": before.headers["etag"]}
    after = tenant.call(READ, "GET", f"/v1/releases/{releases[-1]}/report?language=en", headers=held)
    assert after.status_code == 200
    assert [name for name, _ in Page(after.text).table("Climate, from wave to wave").rows] == ["2", "3"]
