"""Earlier answers inside texts: `{{team|your team}}` is the option chosen of item `team`, else the words after the bar.

The browser puts them in: the service never knows a text with an answer in it. Pure.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_PIPE = re.compile(r"\{\{([^{}]*)\}\}")
_FORM = re.compile(r"([a-z][a-z0-9_]{0,62})\|(\s*[^|\s][^|]*)")


class Pipe(NamedTuple):
    """One place in a text; `item` is None where it does not have the form."""

    item: str | None
    otherwise: str


def pipes(text: str) -> Iterator[Pipe]:
    """Every `{{...}}` of a text; what does not have the form is text as any other, and pointed out by a hint."""
    for found in _PIPE.finditer(text):
        form = _FORM.fullmatch(found[1])
        yield Pipe(None, "") if form is None else Pipe(form[1], form[2])
