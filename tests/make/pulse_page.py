"""Somebody who answers a questionnaire in a browser: finds everything by its role and by what it is called."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.make.browser import Window
from tests.make.widget_world import ITEMS, Pulse

# Playwright does not see into a closed shadow root. Most tests open it; those of the page as it is do not.
OPEN_ROOTS = """(() => {
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) { return attach.call(this, { ...options, mode: "open" }); };
})()"""
# All texts, values and attributes of a page with open roots, and what a browser keeps of it.
LEFT = """() => {
    const texts = root => [...root.querySelectorAll("*")].flatMap(node => [
        ...(node.shadowRoot ? texts(node.shadowRoot) : []), node.value ?? "",
        ...[...node.attributes].map(one => one.value),
        ...[...node.childNodes].filter(one => one.nodeType === Node.TEXT_NODE).map(one => one.data),
    ]);
    return [...texts(document), location.href, JSON.stringify(history.state), window.name,
            JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie].join("\\n");
}"""
ANSWERS: dict[str, Any] = {
    "load": 4, "recommend": 9, "place": "home", "days": 3, "tools": ["chat", "board"], "heard": 5, "helped": 2,
    "trusted": 1, "calm": 3, "clear": 4, "priorities": ["time", "pay", "room"], "health": 2, "comment": "Fine so far",
}  # fmt: skip
PAGES = [
    ["load", "recommend", "place", "days", "tools"],
    ["heard", "helped", "trusted"],
    ["calm", "clear"],
    ["priorities", "health", "comment"],
]
WORDS = {
    "en": {
        "begin": "Begin", "next": "Next", "back": "Back", "send": "Send my answers", "add": "Add: {}", "colon": ": ",
        "points": "{} of 5", "review": "Check your answers", "done": "Thank you, your answers have arrived",
        "sending": "Sending your answers…", "change": "Change", "now": "Try now", "clear": "Clear the answer",
        "refuse": "I prefer not to answer",
    },
    "fr": {
        "begin": "Commencer", "next": "Suivant", "back": "Retour", "send": "Envoyer mes réponses",
        "add": "Ajouter\u00a0: {}", "colon": "\u00a0: ", "points": "{} sur 5", "review": "Vérifiez vos réponses",
        "done": "Merci, vos réponses sont arrivées", "sending": "Envoi de vos réponses…", "change": "Modifier",
        "now": "Réessayer maintenant", "clear": "Effacer la réponse", "refuse": "Je préfère ne pas répondre",
    },
}  # fmt: skip
NOT_KNOWN = "We do not know whether your answers arrived"
STEM = {"en": "In my team", "fr": "Dans mon équipe"}
_BY_ID = {item["id"]: item for item in ITEMS}
_MATRIX = {"heard", "helped", "trusted"}


class Respondent:
    """In English or French, on a page or in a frame of one."""

    def __init__(self, place: Page | FrameLocator, language: str = "en") -> None:
        self.place = place
        self.language = language
        self.words = WORDS[language]

    def button(self, name: str) -> Locator:
        """By the short name of its words, or by the words themselves."""
        return self.place.get_by_role("button", name=self.words.get(name, name), exact=True)

    def heading(self, name: str) -> Locator:
        return self.place.get_by_role("heading", name=self.words.get(name, name), exact=True)

    def reads(self, name: str) -> None:
        """This heading is there."""
        expect(self.heading(name)).to_be_visible()

    def begin(self) -> None:
        self.button("begin").click()
        expect(self.place.get_by_role("progressbar")).to_be_visible()

    def text(self, item: str) -> str:
        """A question, up to where an earlier answer is put in."""
        found: str = _BY_ID[item]["text"][self.language]
        return found.partition("{{")[0].strip()

    def option(self, item: str, option: str) -> str:
        found: str = next(one for one in _BY_ID[item]["options"] if one["id"] == option)["text"][self.language]
        return found

    def group(self, item: str) -> Locator:
        kind = "group" if _BY_ID[item]["type"] in {"multiple_choice", "ranking"} else "radiogroup"
        return self.place.get_by_role(kind, name=self.text(item))  # type: ignore[arg-type]  # one of both roles

    def radio(self, item: str, point: int) -> Locator:
        """Of a rating, by itself or in a table."""
        label = _BY_ID[item]["labels"].get(str(point))
        # How exactly it reads is another test's business.
        name = re.compile(rf"^{point}\s*, {re.escape(label[self.language])}$" if label else f"^{point}$")
        alone = self.group(item).get_by_role("radio", name=name)
        if item not in _MATRIX:
            return alone
        sentence = STEM[self.language] + self.words["colon"] + self.text(item) + ", " + self.words["points"]
        return self.place.get_by_role("radio", name=sentence.format(point)).or_(alone)

    def field(self, item: str) -> Locator:
        return self.place.get_by_role("textbox", name=self.text(item))

    def answer(self, item: str, answer: Any) -> None:
        match _BY_ID[item]["type"]:
            case "rating" | "enps":
                self.radio(item, answer).check()
            case "single_choice":
                self.group(item).get_by_role("radio", name=self.option(item, answer), exact=True).check()
            case "multiple_choice":
                for one in answer:
                    self.group(item).get_by_role("checkbox", name=self.option(item, one), exact=True).check()
            case "ranking":
                for one in answer:
                    self.button(self.words["add"].format(self.option(item, one))).click()
            case _:
                self.field(item).fill(str(answer))

    def answer_page(self, items: Sequence[str], answers: Mapping[str, Any]) -> None:
        for item in items:
            if item in answers:
                self.answer(item, answers[item])

    def to_the_review(self, answers: Mapping[str, Any] = ANSWERS, at: Callable[[str], None] = lambda _: None) -> None:
        """From the first screen; `at` is called on each page, before anything on it is answered and afterwards."""
        self.begin()
        for number, items in enumerate(PAGES, 1):
            at(f"page {number}")
            self.answer_page(items, answers)
            at(f"page {number} answered")
            self.button("next").click()
        self.reads("review")

    def sends(self, answers: Mapping[str, Any] = ANSWERS) -> None:
        """From the first screen to the button that sends."""
        self.to_the_review(answers)
        self.button("send").click()

    def says(self, *sentences: str) -> None:
        for sentence in sentences:
            expect(self.place.get_by_text(sentence)).to_be_visible()

    def is_done(self) -> None:
        self.reads("done")


def at_the_review(window: Window, service: str, pulse: Pulse) -> Respondent:
    """Somebody who has answered what needs an answer, on the page of a wave."""
    window.page.goto(f"{service}/embed/{pulse.address}?language=en#{pulse.code()}")
    person = Respondent(window.page)
    person.to_the_review({"load": 4})
    return person
