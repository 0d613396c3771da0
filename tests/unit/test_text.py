"""Which characters pass where, over all of Unicode: one rule, stricter for names than for prose and answers."""

import sys
import unicodedata
from collections.abc import Callable

import pytest
from pydantic_core import PydanticCustomError

from service.kit.text import plain, prose
from service.questionnaires.elements import TextItem
from service.responses.cells import TextCell

# A million characters, several times over.
pytestmark = pytest.mark.uncounted

CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1)]
HALVES = {one for one in CHARACTERS if unicodedata.category(one) == "Cs"}
CONTROLS = {one for one in CHARACTERS if unicodedata.category(one) == "Cc"} - set("\n\t")
ASCII_CONTROLS = {one for one in CONTROLS if one < " "}


def refused(check: Callable[[str], object]) -> set[str]:
    """The characters that are refused between two others."""
    found = set()
    for one in CHARACTERS:
        try:
            check(f"a{one}b")
        except (PydanticCustomError, LookupError, ValueError):
            found.add(one)
    return found


def test_a_name_holds_no_control_character() -> None:
    assert refused(plain) == CONTROLS | HALVES


def test_prose_and_answers_hold_no_control_character_of_ascii() -> None:
    cell = TextCell(TextItem(id="comment", type="text", text={"en": "A word"}), required=False)
    assert refused(prose) == refused(cell.raw) == ASCII_CONTROLS | HALVES
    assert {one for one in CHARACTERS if cell.refusal(f"a{one}b") is not None} == ASCII_CONTROLS | HALVES


def test_prose_says_something() -> None:
    blank = {one for one in CHARACTERS if one.isspace()}
    assert refused(lambda text: prose(text[1])) == ASCII_CONTROLS | HALVES | blank
