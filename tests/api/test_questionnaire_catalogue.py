"""The catalogue: to list, to look at as a document and as a page, and to copy."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import pytest

from service.questionnaires.catalogue.page import page
from service.questionnaires.catalogue.shipped import catalogue, copied
from service.questionnaires.document import Document
from service.questionnaires.languages import text_in
from service.questionnaires.lint.checked import Sound
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import places, problem
from tests.make.world import QUESTIONNAIRE, ok

SCOPE = "questionnaires:write"
FILES = sorted(
    (one for one in (resources.files("service.questionnaires") / "catalogue").iterdir() if one.name.endswith(".json")),
    key=lambda one: one.name,
)
KEYS = [one.name.removesuffix(".json") for one in FILES]


@pytest.fixture(scope="module")
def anyone(house: House) -> TenantUnderTest:
    return house.tenant()


def get(tenant: TenantUnderTest, path: str, **request: Any) -> Any:
    return tenant.call(SCOPE, "GET", f"/v1/catalogue{path}", **request)


def copy(tenant: TenantUnderTest, key: str, body: Any = None) -> Any:
    request = {} if body is None else {"json": body}
    return tenant.call(SCOPE, "POST", f"/v1/catalogue/{key}/copy", **request)


def test_the_catalogue_lists_its_files(anyone: TenantUnderTest) -> None:
    found = ok(get(anyone, ""))
    assert [one["key"] for one in found] == KEYS
    assert len(KEYS) >= 7
    for one, file in zip(found, FILES, strict=True):
        written = json.loads(file.read_text(encoding="utf-8"))
        assert (one["title"], one["languages"]) == (written["title"], written["languages"])
        assert (one["items"], one["scales"]) == (len(written["items"]), len(written.get("scales", [])))
        assert one["indices"] == len(written.get("indices", []))
        assert one["digest"] == Document.parse(written).digest()


@pytest.mark.parametrize("key", KEYS)
def test_a_document_of_the_catalogue(anyone: TenantUnderTest, key: str) -> None:
    answer = get(anyone, f"/{key}")
    assert ok(answer) == json.loads(FILES[KEYS.index(key)].read_text(encoding="utf-8"))
    again = get(anyone, f"/{key}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("key", ["nothing", "ENPS", "enps.json", "..", "%2e%2e", "a" * 63, "%00"])
def test_an_unknown_key_is_404(anyone: TenantUnderTest, key: str) -> None:
    for answer in (get(anyone, f"/{key}/page"), copy(anyone, key), get(anyone, f"/{key}x")):
        problem(answer, 404, "not-found")


def test_a_copy_is_a_questionnaire_of_the_tenant(tenant: TenantUnderTest) -> None:
    made = ok(copy(tenant, "enps"), 201)
    listed = {one["key"]: one for one in ok(get(tenant, ""))}
    assert (made["key"], made["version"], made["digest"]) == ("enps", 1, listed["enps"]["digest"])
    got = tenant.call(SCOPE, "GET", f"/v1/questionnaires/{made['id']}/versions/1")
    assert ok(got) == ok(get(tenant, "/enps"))
    assert "another `key`" in problem(copy(tenant, "enps"), 409, "questionnaire-key-taken")["detail"]
    problem(copy(tenant, "enps", {}), 409, "questionnaire-key-taken")
    problem(copy(tenant, "team_temperature", {"key": "enps"}), 409, "questionnaire-key-taken")
    other = ok(copy(tenant, "enps", {"key": "mine", "languages": ["en"]}), 201)
    document = ok(tenant.call(SCOPE, "GET", f"/v1/questionnaires/{other['id']}/versions/1"))
    assert (document["key"], document["languages"], list(document["title"])) == ("mine", ["en"], ["en"])
    assert len(ok(tenant.call(SCOPE, "GET", "/v1/questionnaires"))["data"]) == 2
    found = ok(tenant.call("admin", "GET", "/v1/audit-log"))["data"]
    published = [one["detail"] for one in found if one["action"] == "questionnaire.published"]
    assert published[1] == {"key": "mine", "version": 1, "catalogue": "enps"}


def texts_in(value: Any) -> Iterator[dict[str, str]]:
    """Every set of texts of a document of the catalogue, whose texts are in French at least or in English."""
    if isinstance(value, dict) and value.keys() <= {"fr", "en"}:
        yield value
    elif isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from texts_in(entry)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("languages", [["fr"], ["en"], ["en", "fr"]])
def test_a_copy_has_the_languages_it_was_asked_for(key: str, languages: list[str]) -> None:
    shipped = catalogue()[key]
    made = copied(shipped, None, languages)
    assert list(made.document.languages) == languages
    before, after = list(texts_in(shipped.raw)), list(texts_in(made.raw))
    assert after == [{tag: texts[tag] for tag in languages} for texts in before]
    assert len(after) > len(made.document.items)
    if languages == ["en", "fr"]:
        assert made.raw | {"languages": shipped.raw["languages"]} == shipped.raw


def test_a_variant_takes_along_the_texts_it_falls_back_on() -> None:
    whole = QUESTIONNAIRE | {"languages": ["fr", "en", "fr-CA"], "title": {"fr": "a", "en": "b", "fr-CA": "c"}}
    sound = Sound(whole, Document.parse(whole))
    alone = copied(sound, "other", ["fr-CA"])
    assert alone.raw["title"] == {"fr-CA": "c"}
    assert alone.raw["items"][0]["text"] == {"fr-CA": QUESTIONNAIRE["items"][0]["text"]["fr"]}
    both = copied(sound, None, ["fr-CA", "fr"])
    assert both.raw["items"][0]["text"] == {"fr": QUESTIONNAIRE["items"][0]["text"]["fr"]}


@pytest.mark.parametrize(
    "body",
    [
        {"key": "Not a key"}, {"key": ""}, {"key": 5}, {"languages": []}, {"languages": ["canari"]}, {"more": 1},
        {"languages": ["de"]}, {"languages": ["fr", "fr"]}, {"languages": "fr"}, {"languages": ["fr"] * 11}, [], "enps",
    ],
)  # fmt: skip
def test_a_copy_that_can_not_be_is_refused(anyone: TenantUnderTest, body: Any) -> None:
    answer = copy(anyone, "enps", body)
    problem(answer, 422, "invalid")
    assert "canari" not in answer.text


# -- the page ------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Tags and attributes of a page, and whether each element is closed where it should be."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("key", KEYS)
def test_the_page_says_all_of_a_document(anyone: TenantUnderTest, key: str, language: str) -> None:
    answer = get(anyone, f"/{key}/page?language={language}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    document = catalogue()[key].document
    tags = Tags(answer.text)
    assert tags.open == []
    assert not {"script", "img", "link", "iframe", "form"} & set(tags.names)
    assert not [name for name in tags.attributes if name.startswith("on") or name in {"style", "src"}]
    said = re.sub(r"<[^>]*>", " ", answer.text.replace("<br>", "\n"))
    for measure in (*document.scales, *document.indices):
        assert escaped(text_in(measure.title, language)) in said
        for band in measure.bands or ():
            assert escaped(text_in(band.title, language)) in said
            assert band.text is None or escaped(text_in(band.text, language)) in said
    for item in document.items:
        assert escaped(re.sub(r"\{\{[^|]*\|(.*?)\}\}", r"\1", text_in(item.text, language))) in said
    assert document.digest() in said
    assert ("pour ce projet" if language == "fr" else "for this project") in said


def escaped(text: str) -> str:
    return (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&#x27;")
        .replace('"', "&quot;")
    )


def test_the_page_may_have_its_own_style_alone(anyone: TenantUnderTest) -> None:
    answer = get(anyone, "/enps/page")
    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    assert {"sandbox", "frame-ancestors", "form-action", "base-uri"} <= policy.keys()
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_is_in_a_language_of_the_document(anyone: TenantUnderTest) -> None:
    first = get(anyone, "/enps/page").text
    assert f'<html lang="{catalogue()["enps"].document.languages[0]}"' in first
    assert '<html lang="en"' in get(anyone, "/enps/page?language=en").text
    for language in ("de", "canari", "", "a" * 36):
        answer = get(anyone, f"/enps/page?language={language}")
        assert list(places(problem(answer, 422, "invalid"))) == ["query:language"]
        assert "canari" not in answer.text


EVERYTHING: dict[str, Any] = QUESTIONNAIRE | {
    "title": {"fr": "<script>alert(1)</script>", "en": "</main></body>"},
    "items": [
        *QUESTIONNAIRE["items"][:2],
        *(QUESTIONNAIRE["items"][0] | {"id": f"r{n}", "reverse": n == 1} for n in (1, 2)),
    ],
    "scales": [
        {
            "id": "a", "title": {"fr": "A<b>", "en": "A&"}, "items": ["load", "help"], "weights": [1, 3],
            "score": "mean", "favourable": "low",
            "bands": [
                {"id": "low", "title": {"fr": "Bas", "en": "Low"}, "text": {"fr": "peu", "en": "little"}},
                {"id": "mid", "title": {"fr": "Moyen", "en": "Middle"}, "at_least": 2.5},
                {"id": "high", "title": {"fr": "Haut", "en": "High"}, "at_least": 4},
            ],
        },
        {"id": "b", "title": {"fr": "B", "en": "B"}, "items": ["r1", "r2"]},
    ],
    "indices": [
        {
            "id": "i", "title": {"fr": "I", "en": "I"}, "scales": ["a", "b"],
            "bands": [
                {"id": "one", "title": {"fr": "Un", "en": "One"}, "when": {"a": {"at_least": 3}, "b": {"below": 2.5}}},
                {"id": "two", "title": {"fr": "Deux", "en": "Two"}},
            ],
        }
    ],
}  # fmt: skip


def test_scoring_in_words() -> None:
    document = Document.parse(EVERYTHING)
    english, french = page(document, "en").decode(), page(document, "fr").decode()
    for html in (english, french):
        assert Tags(html).open == []
        assert "<script" not in html
        assert html.count("</main>") == 1
    for words in ("Questions: 1*, 2*.", "from 1 to 5", "weigh 1, 3,", "the worse the situation", "3*, 4", "asterisk",
                  "below 2.5", "from 2.5 to below 4", "4 or more", "A&amp;: 3 or more; B: below 2.5",
                  "in all other cases", "Mean of: A&amp;, B.", "little"):  # fmt: skip
        assert words in english, words
    for words in ("de 2,5 à moins de 4", "en sens inverse", "dans les autres cas", "A&lt;b&gt;"):
        assert words in french, words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"score": "sum", "weights": [1, 3]}, "the sum of the answers, from 4 to 20"),
        ({"score": "percent"}, "from 0 to 100"),
        ({"rule": "group"}, "Each question’s mean comes first"),  # noqa: RUF001
        ({"answered": 1}, "At least 1 of these questions"),
    ],
)
def test_scoring_of_a_scale_in_words(change: dict[str, Any], words: str) -> None:
    scale = {"id": "a", "title": {"fr": "A", "en": "A"}, "items": ["load", "help"]} | change
    assert words in page(Document.parse(QUESTIONNAIRE | {"scales": [scale]}), "en").decode()
