"""A report read back as its readers find it: tables and drawings of the page, and cells as JSON has them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

NO_FIGURE = "\u2013"
VOID = {"meta", "link", "br"}
SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile("\u2212?[0-9][0-9\u202f]*(?:[.,][0-9]+)?")
_BOUNDS = {"≤": "at_most", "≥": "at_least"}


@dataclass
class Field:
    text: str
    is_withheld: bool
    span: int


@dataclass
class Table:
    """`heading` is the last one above it."""

    heading: str
    caption: str = ""
    head: list[str] = field(default_factory=list)
    rows: list[tuple[str, list[Field]]] = field(default_factory=list)


class Page(HTMLParser):
    """A page of which each element has to be closed where it should; `AssertionError` where one is not."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.headings: list[tuple[int, str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self._said = ""
        self._attributes: dict[str, str | None] = {}
        self.drawings = [fromstring(one) for one in re.findall(r"<svg .*?</svg>", html, re.DOTALL)]
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in VOID:
            return
        self._open.append(tag)
        if tag in {"h1", "h2", "h3", "caption", "th", "td"}:
            self._said, self._attributes = "", dict(attrs)
        if tag == "table":
            self.tables.append(Table(self.headings[-1][1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self._open, tag
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in {"h1", "h2", "h3"}:
            self.headings.append((int(tag[1]), self._said))
        elif tag == "caption":
            self.tables[-1].caption = self._said
        elif tag == "th" and self._attributes["scope"] == "col":
            self.tables[-1].head.append(self._said)
        elif tag == "th":
            self.tables[-1].rows.append((self._said, []))
        elif tag == "td":
            span = int(self._attributes.get("colspan") or 1)
            shown = Field(self._said, self._attributes.get("class") == "withheld", span)
            self.tables[-1].rows[-1][1].append(shown)

    def handle_data(self, data: str) -> None:
        self._said += data
        if "style" not in self._open:
            self.texts.append(data)

    def table(self, caption: str, heading: str | None = None) -> Table:
        """The one with this caption, below this heading where there are several."""
        (found,) = [one for one in self.tables if one.caption == caption and heading in {None, one.heading}]
        return found


def texts_of(drawing: Element) -> list[str]:
    """What is written in a drawing, apart from ends of axes."""
    return [
        one.text or "" for one in drawing.iter(f"{SVG}text") if not (one.get("class") or "").startswith("fill-soft")
    ]


def number(text: str) -> float | None:
    """A figure as it is printed; None for none."""
    if text == NO_FIGURE:
        return None
    bare = text.lstrip("≤≥\u00a0").removesuffix("%").strip("\u00a0")
    assert _NUMBER.fullmatch(bare), text
    return float(bare.replace("\u2212", "-").replace("\u202f", "").replace(",", "."))


def bound(text: str) -> str | None:
    return _BOUNDS.get(text[:1])


def span(text: str) -> tuple[float | None, float | None]:
    """Both ends of what is written as `25 to 29`, or as one number."""
    low, _, high = text.replace(" à ", " to ").partition(" to ")
    return number(low), number(high or low)


def people(text: str) -> tuple[int | None, int | None]:
    """The same of whole numbers, whose digits stand in groups."""
    if text == NO_FIGURE:
        return None, None
    low, _, high = text.replace(" à ", " to ").partition(" to ")
    first, last = (int(re.sub("[^0-9]", "", one)) for one in (low, high or low))
    return first, last


def figures_in(texts: Sequence[str]) -> Iterator[str]:
    """All figures in these texts."""
    for text in texts:
        yield from _NUMBER.findall(text)


ABOUT_MEANS = ("n_from", "n_to", "mean", "mean_bound", "low", "high", "sd", "rwg")
ABOUT_SHARES = (
    "n_from", "n_to", "favourable", "favourable_bound", "neutral", "neutral_bound", "unfavourable",
    "unfavourable_bound", "distribution", "enps", "enps_bound",
)  # fmt: skip


def as_reported(cell: dict[str, Any], reason: str) -> dict[str, Any]:
    """A JSON cell, with what a report tells of it; `reason` is the report's word for it."""
    if cell["status"] == "withheld":
        return {"withheld": reason}
    return {name: cell[name] for name in (ABOUT_MEANS if cell["family"] == "mean" else ABOUT_SHARES)}


def mean_of(row: Sequence[Field], names: Sequence[str]) -> dict[str, Any]:
    """A cell of means, from the fields of a row under these names."""
    if row[0].is_withheld:
        assert row[0].span == len(names)
        return {"withheld": row[0].text}
    shown = dict(zip(names, [one.text for one in row], strict=True))
    (n_from, n_to), (low, high) = people(shown["n"]), span(shown["interval"])
    found = {"n_from": n_from, "n_to": n_to, "low": low, "high": high, "sd": number(shown["sd"])}
    found |= {"mean": number(shown["mean"]), "mean_bound": bound(shown["mean"])}
    return found | {"rwg": number(shown["rwg"]) if "rwg" in shown else None}


def shares_of(shown: dict[str, str], options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A cell of shares, from fields by name; `options` are the id and the text of each answer."""
    n_from, n_to = people(shown["n"])
    found: dict[str, Any] = {"n_from": n_from, "n_to": n_to}
    for name in ("favourable", "neutral", "unfavourable", "enps"):
        text = shown.get(name, NO_FIGURE)
        found |= {name: number(text), f"{name}_bound": bound(text)}
    told = [{"option": one, "value": number(shown[text]), "bound": bound(shown[text])} for one, text in options]
    return found | {"distribution": told or None}
