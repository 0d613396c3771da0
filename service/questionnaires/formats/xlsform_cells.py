"""What our columns and sheet add to an XLSForm, so that a document comes back as it was. Both ways; pure.

Other tools leave out columns and sheets that they do not know. A cell of ours counts only where the cell that they read
still says what it was written with: whoever edits a label in the workbook gets the label.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.questionnaires.elements import Condition
from service.questionnaires.formats.own import value
from service.questionnaires.formats.plain import plain, without_answers
from service.questionnaires.formats.report import Unreadable
from service.questionnaires.formats.workbook_write import storable
from service.questionnaires.languages import text_in

OURS = "pouls_"
SHEET = "pouls"
IN_SHEET = ("title", "support", "scales", "indices", "outcome")
"""Fields of a document that stand in our sheet."""
MAX_DEPTH = 8
_NOT_IN_XML = re.compile("[\ufffe\uffff]")


def cell_of(texts: Mapping[str, str], language: str) -> str:
    """The words as other tools show them, without earlier answers; `${` would begin a mention of theirs."""
    return storable(without_answers(text_in(texts, language)).replace("${", "$ {"))


def told_apart(texts: Mapping[str, str], languages: Sequence[str]) -> bool:
    """Whether the words would come back as others, so that they have to be kept as well."""
    return {language: plain(cell_of(texts, language)) for language in languages} != dict(texts)


def kept_texts(cell: str, shown: Mapping[str, str]) -> dict[str, str] | None:
    """The words kept in a cell, if they are those shown; None where a person has changed them since."""
    texts = value_of(cell)
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        return None
    try:
        same = all(cell_of(texts, language).strip() == text.strip() for language, text in shown.items())
    except (StopIteration, RuntimeError):
        return None
    return texts if same and texts else None


def json_cell(content: object) -> str:
    """JSON that a cell can hold."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def value_of(cell: str) -> object:
    """What such a cell says; None for what is no JSON."""
    try:
        return value(cell.encode())
    except (Unreadable, UnicodeEncodeError):
        return None


def xpath(condition: Condition, kinds: Mapping[str, str]) -> str:
    """The condition as XLSForm writes it; types of items by their ids."""
    return _unwrapped(_xpath(condition, kinds))


def _xpath(condition: Condition, kinds: Mapping[str, str]) -> str:
    if condition.negated is not None:
        return f"not({_unwrapped(_xpath(condition.negated, kinds))})"
    if condition.item is None:
        word = " and " if condition.every is not None else " or "
        return _wrapped([_xpath(one, kinds) for one in condition.every or condition.some or ()], word)
    name = f"${{{condition.item}}}"
    if condition.chosen is None:
        sizes = ((">=", condition.at_least), ("<=", condition.at_most))
        return _wrapped([f"{name} {sign} {limit}" for sign, limit in sizes if limit is not None], " and ")
    match kinds[condition.item]:
        case "multiple_choice":
            facts = [f"selected({name}, '{one}')" for one in condition.chosen]
        case "single_choice":
            facts = [f"{name} = '{one}'" for one in condition.chosen]
        case _:
            facts = [f"{name} = {one}" for one in condition.chosen]
    return _wrapped(facts, " or ")


def _wrapped(parts: Sequence[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else f"({word.join(parts)})"


def _unwrapped(text: str) -> str:
    """Without the brackets around the whole; facts themselves begin with none."""
    if not text.startswith("("):
        return text
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return text[1:-1] if at == len(text) - 1 else text
    return text


def leaves(content: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    """Values by JSON pointer; a list of plain values is one value."""
    if isinstance(content, dict) and content:
        for name, inner in content.items():
            yield from leaves(inner, f"{pointer}/{name}")
    elif isinstance(content, list) and any(isinstance(inner, dict | list) for inner in content):
        for place, inner in enumerate(content):
            yield from leaves(inner, f"{pointer}/{place}")
    else:
        yield pointer, content


def put(whole: dict[str, Any], pointer: str, content: object) -> bool:
    """Put a value back at its pointer; False where the pointer is none of ours."""
    steps = pointer.split("/")[1:]
    if not 1 <= len(steps) <= MAX_DEPTH or steps[0] not in IN_SHEET or steps[0].isdigit():
        return False
    target: Any = whole
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        fresh: Any = content if after is None else [] if after.isdigit() else {}
        if isinstance(target, list):
            if not (step.isascii() and step.isdigit()) or len(step) > len(str(len(target))) or int(step) > len(target):
                return False
            if int(step) == len(target):
                target.append(fresh)
            target = target[int(step)]
        elif isinstance(target, dict) and step and not step.isdigit():
            target = target.setdefault(step, fresh)
        else:
            return False
    return True
