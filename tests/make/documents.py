"""Sound questionnaire documents of every shape, for property tests."""

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from service.questionnaires.document import Document, DocumentRefused

_CONTROLS = "".join(map(chr, (*range(9), 11, 12, *range(13, 32))))
_AWKWARD = [
    "=1+1", "<b>gras</b>", "a < b & c", "&lt;3", "${item_1}", "{{oops}}", "{{a|}}", " padded ", "two\nlines", "2", "0",
    "_x0041_", "x005F_", "'quoted' \"twice\"", "a\u00a0b", "\ufffe", "😀", "<script>alert(1)</script>", "“Oui”", "-",
    "TRUE",
]  # fmt: skip
_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=_CONTROLS), min_size=1, max_size=20)
WORDS = st.one_of(st.sampled_from(_AWKWARD), _WORDS.filter(lambda text: text.strip() != ""))
LANGUAGES = st.sampled_from([["fr"], ["en"], ["fr", "en"], ["en", "fr", "fr-CA"], ["pt-BR", "zh-Hant", "es-419"]])
KINDS = ["rating", "rating", "enps", "single_choice", "multiple_choice", "ranking", "number", "text"]
GATES = {"rating", "enps", "single_choice", "multiple_choice"}


class _Draw:
    """A document under way: languages, and ids that are all different."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.languages: list[str] = draw(LANGUAGES)
        self._ids = 0

    def maybe(self, strategy: st.SearchStrategy[Any]) -> Any:
        return self.draw(st.none() | strategy)

    def id(self, word: str) -> str:
        self._ids += 1
        return f"{word}_{self._ids}"

    def texts(self) -> dict[str, str]:
        own = {language for language in self.languages if language != "fr-CA" or self.draw(st.booleans())}
        return {language: self.draw(WORDS) for language in self.languages if language in own}

    def labels(self, points: range) -> dict[str, Any] | None:
        chosen = self.draw(st.sets(st.sampled_from(list(points)), max_size=len(points)))
        return {str(point): self.texts() for point in sorted(chosen)} or None

    def options(self) -> list[dict[str, Any]]:
        return [{"id": f"o{number}", "text": self.texts()} for number in range(self.draw(st.integers(2, 5)))]

    def answers(self, kind: str) -> dict[str, Any]:
        match kind:
            case "rating":
                points = self.draw(st.integers(2, 11))
                labels = self.labels(range(1, points + 1))
                return {"points": points, "labels": labels, "reverse": self.draw(st.booleans())}
            case "enps":
                return {"labels": self.labels(range(11))}
            case "single_choice":
                return {"options": self.options()}
            case "multiple_choice" | "ranking":
                options = self.options()
                most = "max_choices" if kind == "multiple_choice" else "max_ranks"
                return {"options": options, most: self.maybe(st.integers(1, len(options)))}
            case "number":
                low = self.draw(st.integers(-32_000, 31_999))
                return {"minimum": low, "maximum": self.draw(st.integers(low + 1, 32_000))}
            case _:
                return {"max_length": self.draw(st.integers(1, 2000))}

    def item(self, kind: str) -> dict[str, Any]:
        item = {"id": self.id("item"), "type": kind, "text": self.texts()} | self.answers(kind)
        item["sensitive"] = self.draw(st.booleans())
        item["required"] = not item["sensitive"] and self.draw(st.booleans())
        return item

    def fact(self, gate: dict[str, Any]) -> dict[str, Any]:
        if gate["type"] in {"rating", "enps"}:
            least = 1 if gate["type"] == "rating" else 0
            point = self.draw(st.integers(least, gate.get("points", 10)))
            says = self.draw(st.sampled_from(["is", "at_least", "at_most"]))
            return {"item": gate["id"], says: [point] if says == "is" else point}
        ids = [option["id"] for option in gate["options"]]
        return {"item": gate["id"], "is": self.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))}

    def condition(self, gates: list[dict[str, Any]], depth: int = 0) -> dict[str, Any]:
        if not depth and self.draw(st.integers(0, 3)):  # mostly of one item
            gates = [self.draw(st.sampled_from(gates))]
        how = self.draw(st.sampled_from(["fact", "fact", "not", "all", "any"])) if depth < 2 else "fact"
        if how == "fact":
            return self.fact(self.draw(st.sampled_from(gates)))
        if how == "not":
            return {"not": self.condition(gates, depth + 1)}
        return {how: [self.condition(gates, depth + 1) for _ in range(self.draw(st.integers(1, 3)))]}

    def branch(self, items: list[dict[str, Any]]) -> None:
        """Conditions and mentions of earlier answers, here and there."""
        for at, item in enumerate(items):
            gates = [one for one in items[:at] if one["type"] in GATES]
            if gates and self.draw(st.booleans()):
                item["visible_if"] = self.condition(gates)
            sources = [one["id"] for one in items[:at] if one["type"] in {"single_choice", "number"}]
            if sources and self.draw(st.booleans()):
                mention = f"{{{{{self.draw(st.sampled_from(sources))}|autre}}}}"
                item["text"] = {language: f"{text} {mention} ?" for language, text in item["text"].items()}

    def sections(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found, left = [], list(items)
        while left:
            size = self.draw(st.integers(1, len(left)))
            part, left = left[:size], left[size:]
            section = {"id": self.id("section"), "items": [item["id"] for item in part]}
            section["title"] = self.texts() if self.draw(st.booleans()) else None
            section["text"] = self.texts() if self.draw(st.booleans()) else None
            section["order"] = self.maybe(st.just("random"))
            gates = [one for one in items[: items.index(part[0])] if one["type"] in GATES]
            if gates and self.draw(st.booleans()):
                section["visible_if"] = self.condition(gates)
            if self.draw(st.booleans()) and all(one["type"] == "rating" for one in part):
                section["layout"] = "matrix"
                for one in part:
                    one["points"], one["labels"] = part[0]["points"], part[0].get("labels")
                    one.pop("visible_if", None)
            found.append(section)
        return found

    def bands(self, low: int, high: int) -> list[dict[str, Any]] | None:
        cuts = self.draw(st.sets(st.integers(low * 100 + 1, high * 100), max_size=3))
        if not cuts:
            return None
        first = {"id": "band_0", "title": self.texts()}
        rest = [
            {"id": f"band_{number}", "title": self.texts(), "text": self.texts(), "at_least": cut / 100}
            for number, cut in enumerate(sorted(cuts), 1)
        ]
        return [first, *rest]

    def scales(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = []
        for points in sorted({item["points"] for item in items if item["type"] == "rating"}):
            names = [item["id"] for item in items if item.get("points") == points]
            while names:
                size = self.draw(st.integers(1, len(names)))
                part, names = names[:size], names[size:]
                if self.draw(st.booleans()):
                    found.append(self.scale(part, points))
        return found

    def scale(self, names: list[str], points: int) -> dict[str, Any]:
        scale: dict[str, Any] = {"id": self.id("scale"), "title": self.texts(), "items": names}
        scale["score"] = self.maybe(st.sampled_from(["mean", "sum", "percent"]))
        scale["favourable"] = self.maybe(st.sampled_from(["high", "low"]))
        scale["rule"] = self.maybe(st.sampled_from(["person", "group"]))
        weights = self.maybe(st.lists(st.integers(1, 5), min_size=len(names), max_size=len(names)))
        scale["weights"] = weights
        if scale["rule"] != "group" and not weights:
            scale["answered"] = self.maybe(st.integers(1, len(names)))
        times = sum(weights or [1] * len(names))
        ends = {"percent": (0, 100), "sum": (times, times * points)}.get(scale["score"], (1, points))
        scale["bands"] = self.bands(*ends)
        return scale

    def indices(self, scales: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not scales or self.draw(st.booleans()):
            return []
        names = [scale["id"] for scale in scales[: self.draw(st.integers(1, len(scales)))]]
        index: dict[str, Any] = {"id": self.id("index"), "title": self.texts(), "scales": names}
        index["rule"] = self.maybe(st.sampled_from(["person", "group"]))
        index["combine"] = self.maybe(st.sampled_from(["mean", "ratio"]))
        if self.draw(st.booleans()):
            when = {name: {"at_least": 2.5} for name in names[:10]}
            index["bands"] = [
                {"id": "met", "title": self.texts(), "when": when},
                {"id": "rest", "title": self.texts()},
            ]
        return [index]

    def support(self) -> list[dict[str, Any]]:
        contact = {"name": self.texts(), "detail": self.texts(), "phone": "3114", "url": "https://3114.fr"}
        plain = {"name": self.texts(), "detail": self.texts()}
        return [contact, plain][: self.draw(st.integers(0, 2))]


@st.composite
def documents(draw: Any) -> Document:
    """A sound document; what its parts forbid each other (a condition that nobody meets, say) is taken out again."""
    made = _Draw(draw)
    items = [made.item(kind) for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=7))]
    made.branch(items)
    sections = made.sections(items) if draw(st.booleans()) else None
    scales = made.scales(items)
    raw = {
        "format": "pouls/1",
        "key": draw(st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)),
        "languages": made.languages,
        "title": made.texts(),
        "introduction": made.texts() if draw(st.booleans()) else None,
        "support": made.support(),
        "sections": sections,
        "items": items,
        "scales": scales,
        "indices": made.indices(scales),
    }
    raw["outcome"] = draw(st.none() | st.sampled_from([scale["id"] for scale in scales])) if scales else None
    return _mended(raw, times=5)


def _mended(raw: dict[str, Any], times: int) -> Document:
    try:
        return Document.parse(raw)
    except DocumentRefused as error:
        if not times:
            reject()
        for fault in error.faults:
            _take_out(raw, fault.pointer.split("/")[1:])
        return _mended(raw, times - 1)


def _take_out(raw: dict[str, Any], steps: list[str]) -> None:
    field, at = steps[0], int(steps[1]) if len(steps) > 1 else 0
    if field == "indices":
        raw["indices"] = []
    elif field == "outcome":
        raw["outcome"] = None
    elif field == "items":
        name = raw["items"][at]["id"]
        for section in raw["sections"] or ():
            section["order"] = None
            if name in section["items"] and "visible_if" not in raw["items"][at]:
                section["visible_if"] = None
        raw["items"][at].pop("visible_if", None)
    elif field == "sections":
        raw["sections"][at] |= {"order": None, "visible_if": None, "layout": None}
    else:
        reject()
