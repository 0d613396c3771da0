"""Every screen of the widget, one after the other, in one language."""

from collections.abc import Iterator, Sequence

from playwright.sync_api import Route, expect

from tests.make.browser import Window
from tests.make.live import Live
from tests.make.pulse_page import ANSWERS, PAGES, Respondent
from tests.make.widget_world import Pulse

_REFUSED = '{{"type":"urn:pouls:problem:{}","title":"Refused","status":{}}}'
# By the name of the screen: the problem that the service answers with, and what then stands above, in both languages.
STOPS = {
    "code used": ("code-spent", 409, "This code has already been used", "Ce code a déjà été utilisé"),
    "survey closed": ("wave-not-open", 409, "The survey has closed", "L\u2019enquête est close"),
    "code expired": ("code-refused", 403, "Your link has expired", "Votre lien a expiré"),
    "not accepted": (
        "way-not-promised", 409, "You cannot take part this way", "Vous ne pouvez pas participer de cette façon",
    ),
}  # fmt: skip
BEFORE = {
    "code refused": ("code-refused", 403, "This link is not valid", "Ce lien n\u2019est pas valable"),
    "not open": ("wave-not-open", 409, "This survey is not open", "Cette enquête n\u2019est pas ouverte"),
    "way": ("way-not-promised", 409, *STOPS["not accepted"][2:]),
    "too many": ("too-many-wrong-codes", 429, "Too many wrong codes", "Trop de codes erronés"),
    "origin": (
        "origin-not-allowed", 403, "The survey cannot be shown on this page",
        "L\u2019enquête ne peut pas être affichée sur cette page",
    ),
}  # fmt: skip


class Screens:
    """A walk on one page; the window's page has a clock that a test may stop."""

    def __init__(self, window: Window, service: Live, pulse: Pulse, language: str) -> None:
        self.window = window
        self.page = window.page
        self.service = service
        self.pulse = pulse
        self.person = Respondent(window.page, language)
        self.address = f"{service.url}/embed/{pulse.address}?language={language}"

    def all(self) -> Iterator[str]:
        """The name of each screen, while it is to be seen."""
        yield from self._to_the_review()
        yield from self._sent()
        yield from self._refused()
        yield from self._not_begun()
        yield from self._at_a_kiosk()

    def _opened(self, fragment: str = "", query: str = "") -> None:
        self.page.goto("about:blank")  # a new fragment alone is no new page
        self.page.goto(f"{self.address}{query}{fragment}")

    def _to_the_review(self) -> Iterator[str]:
        person = self.person
        self._opened(f"#{self.pulse.code()}")
        expect(person.button("begin")).to_be_visible()
        yield "before"
        for summary in person.place.locator("summary").all():
            summary.click()
        yield "before, all of it"
        person.begin()
        yield "page 1"
        person.answer("place", "home")
        person.answer("tools", ["chat", "call", "board"])
        person.button("next").click()
        expect(person.place.get_by_role("group").get_by_role("link").first).to_be_visible()
        yield "page 1, mistakes"
        for number, items in enumerate(PAGES, 1):
            if number > 1:
                yield f"page {number}"
            if number == 1:
                person.group("tools").get_by_role("checkbox", name=person.option("tools", "call")).uncheck()
            person.answer_page([one for one in items if one not in {"place", "tools"}], ANSWERS)
            yield f"page {number}, answered"
            person.button("next").click()
        person.reads("review")
        yield "review"

    def _sent(self) -> Iterator[str]:
        person = self.person
        self.service.hold()
        person.button("send").click()
        person.reads("sending")
        yield "sending"
        self.service.accidents.loses_replies = True
        self.service.go_on()
        expect(person.button("now")).to_be_visible()
        yield "not known"
        self.service.accidents.loses_replies = False
        person.button("now").click()
        person.is_done()
        yield "done"

    def _refused(self) -> Iterator[str]:
        for name, (slug, status, *titles) in STOPS.items():
            self._quickly_to_the_review()
            with self._answered("**/v1/respond", slug, status):
                self.person.button("send").click()
                self.person.reads(self._said(titles))
                yield name
        self._quickly_to_the_review()
        self.window.context.set_offline(True)
        self.person.button("send").click()
        expect(self.person.button("now")).to_be_visible()
        yield "not sent"
        self.window.context.set_offline(False)
        self.person.is_done()

    def _said(self, titles: Sequence[str]) -> str:
        return titles[self.person.language == "fr"]

    def _quickly_to_the_review(self) -> None:
        self._opened(f"#{self.pulse.code()}")
        self.person.to_the_review({"load": 3})

    def _not_begun(self) -> Iterator[str]:
        self._opened()
        self.page.clock.run_for(11_000)
        expect(self.person.place.get_by_role("heading", level=1)).to_be_visible()
        yield "no code"
        code = self.pulse.code()
        for name, (slug, status, *titles) in BEFORE.items():
            with self._answered("**/v1/respond/context", slug, status):
                self._opened(f"#{code}")
                self.person.reads(self._said(titles))
                yield name
        self.window.context.route("**/v1/respond/**", lambda route: route.abort())
        self._opened(f"#{code}")
        expect(self.person.place.get_by_role("button")).to_have_count(1)
        yield "not reached"
        self.window.context.unroute("**/v1/respond/**")

    def _at_a_kiosk(self) -> Iterator[str]:
        person = self.person
        field = person.place.locator("#code-field")
        self._opened(query="&mode=kiosk")
        expect(field).to_be_visible()
        yield "kiosk"
        field.press("Enter")
        expect(field).to_have_attribute("aria-invalid", "true")
        yield "kiosk, mistake"
        field.press_sequentially(self.pulse.short_code())
        field.press("Enter")
        expect(person.button("begin")).to_be_visible()
        self.page.clock.run_for(61_000)
        expect(person.place.locator("dialog, [role=dialog], [role=alertdialog]").first).to_be_visible()
        yield "kiosk, nobody there"
        person.place.locator("dialog button, [role=dialog] button, [role=alertdialog] button").first.click()
        person.sends({"load": 3})
        person.is_done()
        yield "kiosk, done"

    def _answered(self, address: str, slug: str, status: int) -> "_Answered":
        return _Answered(self.window, address, _REFUSED.format(slug, status), status)


class _Answered:
    """Meanwhile the service refuses."""

    def __init__(self, window: Window, address: str, body: str, status: int) -> None:
        self.window = window
        self.address = address
        self.body = body
        self.status = status

    def __enter__(self) -> None:
        self.window.context.route(self.address, self._refuse)

    def __exit__(self, *_: object) -> None:
        self.window.context.unroute(self.address, self._refuse)

    def _refuse(self, route: Route) -> None:
        route.fulfill(status=self.status, content_type="application/problem+json", body=self.body)
