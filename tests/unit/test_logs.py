import json
from pathlib import Path

import pytest

from service.telemetry import logs


class Told:
    def __repr__(self) -> str:
        return "told"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Vélizy\n{", "Vélizy\n{"),
        (1.25, 1.25),
        (None, None),
        (Told(), "told"),
        (Path("a"), "a"),
        ("of a file, \udcff", "of a file, \udcff"),
        ({"a": [1, ("b", Told())]}, {"a": [1, ["b", "told"]]}),
    ],
)
def test_whatever_is_logged_is_a_line_of_json(value: object, shown: object) -> None:
    line = logs.rendered({"event": "request", "value": value})
    assert b"\n" not in line
    assert json.loads(line) == {"event": "request", "value": shown}
