"""The card of a result on a page of somebody else's: one request, the token nowhere but in it, and every state told."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.make import axe
from tests.make.browser import Window, needs_chromium, overflow
from tests.make.node_packages import needs_npm
from tests.make.pulse_page import OPEN_ROOTS
from tests.make.widget_card import API, HEARD, CardPage, script

pytestmark = [pytest.mark.slow, needs_npm, needs_chromium]

Json = dict[str, Any]
Opened = Callable[..., CardPage]
TOKEN = "a-token-that-nobody-else-sees"  # noqa: S105 - of a service that is made up
LOOKS: dict[str, Json] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "small": {"viewport": {"width": 320, "height": 640}},
}


def _point(wave: int, mean: float | None) -> Json:
    is_shown = mean is not None
    low, high = (None, None) if mean is None else (mean - 0.5, mean + 0.5)
    return {
        "wave_number": wave, "released_at": f"2026-0{wave}-15T12:00:00Z", "mean": mean, "mean_bound": None,
        "status": "published" if is_shown else "withheld", "reason": None if is_shown else "protected",
        "n_from": 20 if is_shown else None, "n_to": 24 if is_shown else None, "low": low, "high": high,
        "shares": None, "change": None, "no_change": "withheld",
    }  # fmt: skip


def _trend(*means: float | None) -> Json:
    points = [_point(wave, mean) for wave, mean in enumerate(means, 1)]
    series = {"unit_name": "North", "measure": "team_spirit", "kind": "scale", "lowest": 1, "highest": 5}
    return {"series": [series | {"points": points}]}


SHOWN = _trend(3.5, 3, None, 4, 4.5, 4)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> str:
    return script(tmp_path_factory.mktemp("card"))


@pytest.fixture
def opened(open_window: Callable[..., Window], code: str) -> Opened:
    def make(attributes: str = "", *scripts: str, **look: Any) -> CardPage:
        return CardPage(open_window(HEARD, *(scripts or [OPEN_ROOTS]), **look), code, attributes)

    return make


def test_one_request_is_made_and_nothing_but_it_has_the_token(opened: Opened) -> None:
    here = opened('unit="Nord &amp; Est" measure="team_spirit" waves="6"')
    expect(here.card).to_contain_text("as soon as the page has given you access")
    assert here.asked == []
    here.use(TOKEN)
    here.answer(200, SHOWN)
    expect(here.card.locator(".figure strong")).to_have_text("4")
    ((url, headers),) = here.asked
    assert url == f"{API}/v1/aggregates/trend?campaign=c1&unit=Nord%20%26%20Est&measure=team_spirit&waves=6"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert not {"cookie", "referer"} & headers.keys()
    places = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state, location.href])"
    assert TOKEN not in here.page.content() + here.page.evaluate(places)
    assert here.window.seen.wrong() == []
    assert here.window.seen.said == []


def test_no_page_looks_into_the_card(opened: Opened) -> None:
    here = opened("", "/* closed, as it is */")
    assert here.page.evaluate("document.querySelector('pouls-result').shadowRoot") is None


def test_a_page_that_changes_its_globals_later_sees_no_token(opened: Opened) -> None:
    here = opened()
    here.page.evaluate(
        """() => {
          window.seen = [];
          const spy = (of, name) => {
            const kept = of[name];
            of[name] = function (...given) { window.seen.push(...given.map(String)); return kept.apply(this, given); };
          };
          for (const name of ["fetch", "setTimeout"]) spy(window, name);
          for (const name of ["parse", "stringify"]) spy(JSON, name);
          spy(Response.prototype, "text");
          spy(Headers.prototype, "append");
          Object.defineProperty(Object.prototype, "signal", {
            set(value) { window.seen.push(JSON.stringify(this)); },
            configurable: true,
          });
        }"""
    )
    here.use(TOKEN)
    here.answer(200, SHOWN)
    expect(here.card.locator(".figure strong")).to_have_text("4")
    seen = here.page.evaluate("window.seen")
    assert not [one for one in seen if "token" in one or "team_spirit" in one]


def test_the_line_is_broken_where_nothing_is_shown_and_a_table_says_the_same(opened: Opened) -> None:
    here = opened()
    here.use(TOKEN)
    here.answer(200, SHOWN)
    drawing = here.card.get_by_role("img")
    expect(drawing).to_have_attribute(
        "aria-label",
        "team spirit, wave by wave: Wave 1: 3.5; Wave 2: 3; Wave 3: not shown; Wave 4: 4; Wave 5: 4.5; Wave 6: 4",
    )
    runs = drawing.locator(".run")
    assert [len(run.get_attribute("d").split("L")) for run in runs.all()] == [2, 3]  # type: ignore[union-attr]
    assert drawing.locator(".dot").count() == 5
    here.card.get_by_text("The figures, wave by wave").click()
    rows = here.card.get_by_role("row").all()
    assert [row.get_by_role("cell").nth(1).inner_text() for row in rows[1:]] == [
        "4",
        "4.5",
        "4",
        "not shown",
        "3",
        "3.5",
    ]


def test_a_withheld_figure_says_why_in_plain_words(opened: Opened) -> None:
    here = opened()
    here.use(TOKEN)
    here.answer(200, _trend(None))
    expect(here.card).to_contain_text("Too few people answered, or showing it would give a small group away.")
    expect(here.card.get_by_role("img")).to_have_count(0)


def test_an_expired_token_asks_for_another_one(opened: Opened) -> None:
    here = opened()
    here.use(TOKEN)
    here.refuse(401, "unauthenticated")
    expect(here.card).to_contain_text("Access to this result has ended.")
    assert here.page.evaluate("window.heard") == [["pouls:expired", {"reason": "unauthenticated"}]]
    here.page.evaluate("document.querySelector('pouls-result').setAttribute('measure', 'm')")  # nothing to ask with
    expect(here.card).to_contain_text("Access to this result has ended.")
    here.use("another")
    here.answer(200, SHOWN)
    expect(here.card.locator(".figure strong")).to_have_count(0)  # of the measure that was named since
    assert [headers["authorization"] for _, headers in here.asked] == [f"Bearer {TOKEN}", "Bearer another"]


@pytest.mark.parametrize(
    ("status", "slug", "words", "event"),
    [
        (404, "not-found", "Nothing has been released yet.", None),
        (422, "invalid", "cannot be shown on this page", "pouls:stopped"),
        (403, "origin-not-allowed", "cannot be shown on this page", "pouls:stopped"),
        (403, "forbidden", "Access to this result has ended.", "pouls:expired"),
        (503, "busy", "cannot be reached at the moment", None),
    ],
)
def test_what_the_service_says_is_told(opened: Opened, status: int, slug: str, words: str, event: str | None) -> None:
    here = opened()
    here.use(TOKEN)
    here.refuse(status, slug)
    expect(here.card.get_by_role("status")).to_contain_text(words)
    assert here.page.evaluate("window.heard") == ([] if event is None else [[event, {"reason": slug}]])


def test_a_key_is_no_token_and_is_not_sent(opened: Opened) -> None:
    here = opened()
    here.page.evaluate("document.querySelector('pouls-result').use('pouls_a_b_c')")
    expect(here.card.get_by_role("status")).to_contain_text("cannot be shown on this page")
    assert here.page.evaluate("window.heard") == [["pouls:stopped", {"reason": "no-token"}]]


def test_what_cannot_be_reached_can_be_tried_again(opened: Opened) -> None:
    here = opened()
    here.use(TOKEN)
    here.waiting.pop().abort()
    here.card.get_by_role("button", name="Try again").click()
    here.until_asked(2)
    assert here.page.evaluate("document.activeElement.localName") == "pouls-result"
    here.answer(200, SHOWN)
    expect(here.card.locator(".figure strong")).to_have_text("4")


def test_an_answer_to_what_was_asked_before_is_not_shown(opened: Opened) -> None:
    here = opened()
    here.use(TOKEN)
    here.use("another")
    here.answer(200, _trend(2), at=1)
    expect(here.card.locator(".figure strong")).to_have_text("2")
    with here.page.expect_event("requestfinished"):
        here.answer(200, SHOWN)
    here.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    expect(here.card.locator(".figure strong")).to_have_text("2")


def test_attributes_set_one_after_another_ask_once(opened: Opened) -> None:
    here = opened('language="en"')
    here.use(TOKEN)
    here.answer(200, SHOWN)
    expect(here.card.locator(".figure strong")).to_have_text("4")
    here.page.evaluate(
        """() => {
          const card = document.querySelector("pouls-result");
          card.setAttribute("unit", "u2");
          card.setAttribute("waves", "3");
          card.setAttribute("language", "fr");
          card.setAttribute("label", "Entraide");
        }"""
    )
    here.until_asked(2)
    here.answer(200, SHOWN)
    expect(here.card.get_by_role("heading")).to_have_text("Entraide")
    expect(here.card).to_contain_text("Publié le 15 juin 2026")
    assert [url.partition("?")[2] for url, _ in here.asked] == ["campaign=c1&waves=12", "campaign=c1&unit=u2&waves=3"]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("means", [SHOWN, _trend(3, None)], ids=["shown", "withheld"])
def test_nothing_is_in_anybody_s_way(opened: Opened, look: str, means: Json) -> None:
    here = opened(bypass_csp=True, **LOOKS[look])
    here.use(TOKEN)
    here.answer(200, means)
    here.card.get_by_text("The figures, wave by wave").click()
    expect(here.card.get_by_role("table")).to_be_visible()
    found = axe.asked(here.page)
    assert found.violations == {}
    places = [place for undecided in found.undecided.values() for place in undecided]
    assert [place for place in places if "too short" not in place] == []  # a wave's number, say
    assert {"color-contrast", "svg-img-alt", "td-headers-attr"} <= found.passed
    assert overflow(here.page) <= 0
