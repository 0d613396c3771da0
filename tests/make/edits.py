"""Edits of the document of `versions`, each with what it changes."""

from tests.make.versions import Edit, item, texts

BREAKING: dict[str, tuple[str, str, Edit]] = {
    "text": ("help", "text", lambda d: item(d, "help")["text"].update(en="other")),
    "points": ("commute", "points", lambda d: item(d, "commute").update(points=7)),
    "reverse": ("help", "reverse", lambda d: item(d, "help").update(reverse=True)),
    "a label's text": ("load", "labels", lambda d: item(d, "load")["labels"]["1"].update(fr="autre")),
    "more labels": ("load", "labels", lambda d: item(d, "load")["labels"].update({"3": texts("so so")})),
    "no labels": ("load", "labels", lambda d: item(d, "load").pop("labels")),
    "eNPS label": ("recommend", "labels", lambda d: item(d, "recommend")["labels"]["0"].update(en="never")),
    "type": ("recommend", "type", lambda d: item(d, "recommend").update(type="rating", points=10, labels=None)),
    "option text": ("place", "options", lambda d: item(d, "place")["options"][0]["text"].update(en="desk")),
    "option more": ("tools", "options", lambda d: item(d, "tools")["options"].append({"id": "n", "text": texts("n")})),
    "option id": ("tools", "options", lambda d: item(d, "tools")["options"][0].update(id="talk")),
    "option order": ("wishes", "options", lambda d: item(d, "wishes")["options"].reverse()),
    "choices": ("tools", "choices", lambda d: item(d, "tools").update(max_choices=1)),
    "any choices": ("tools", "choices", lambda d: item(d, "tools").pop("max_choices")),
    "ranks": ("wishes", "choices", lambda d: item(d, "wishes").update(max_ranks=1)),
    "minimum": ("years", "bounds", lambda d: item(d, "years").update(minimum=1)),
    "maximum": ("years", "bounds", lambda d: item(d, "years").update(maximum=60)),
    "condition": ("commute", "condition", lambda d: item(d, "commute")["visible_if"].update({"is": ["road"]})),
    "no condition": ("commute", "condition", lambda d: item(d, "commute").pop("visible_if")),
    "gate": ("commute", "gate", lambda d: item(d, "place")["text"].update(fr="autre")),
}
"""What ends the trend of an item: its id, what differs, and the edit."""

NOTED: dict[str, tuple[str, str, Edit]] = {
    "required": ("help", "required", lambda d: item(d, "help").update(required=True)),
    "sensitive": ("help", "sensitive", lambda d: item(d, "help").update(sensitive=True)),
    "max_length": ("comment", "max_length", lambda d: item(d, "comment").update(max_length=400)),
}
"""The same for what is noted of an item whose trend goes on."""

SCALE_BREAKING: dict[str, tuple[str, str, Edit]] = {
    "an item more": ("support", "parts", lambda d: d["scales"][1]["items"].append("commute")),
    "an item less": ("strain", "parts", lambda d: d["scales"][0].update(items=["load"], weights=[1])),
    "an item that is another": ("support", "part", lambda d: item(d, "help")["text"].update(en="other")),
    "weights": ("strain", "weights", lambda d: d["scales"][0].update(weights=[2, 1])),
    "favourable": ("support", "favourable", lambda d: d["scales"][1].update(favourable="low")),
}
"""The same for a scale."""

COSMETIC: dict[str, tuple[str, Edit]] = {
    "title": ("title", lambda d: d["scales"][1]["title"].update(en="other")),
    "band text": ("bands", lambda d: d["scales"][1]["bands"][0]["text"].update(fr="autre")),
    "cut-off": ("bands", lambda d: d["scales"][1]["bands"][1].update(at_least=4)),
    "no bands": ("bands", lambda d: d["scales"][1].pop("bands")),
}
"""What differs in the support scale whose trend goes on, and the edit."""
