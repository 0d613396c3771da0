"""The command's edges: keys from wherever, refusals in one line, a table for people."""

import io
import json
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console

from service.cli import replay_result
from service.cli.client import told
from service.cli.replay import SCOPES, _keys
from service.cli.replay_result import Figure, Released


def test_one_key_may_hold_all_scopes() -> None:
    assert _keys(["pouls_k"], None) == dict.fromkeys(SCOPES, "pouls_k")


def test_keys_by_scope_come_over_those_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = json.dumps({"url": "http://h", "keys": {scope: f"of {scope}" for scope in SCOPES} | {"later:scope": "x"}})
    (tmp_path / "line.json").write_text(line, encoding="utf-8")
    expected = {scope: f"of {scope}" for scope in SCOPES} | {"people:write": "mine"}
    assert _keys(["people:write=mine"], tmp_path / "line.json") == expected
    monkeypatch.setattr(sys, "stdin", io.StringIO(line))
    assert _keys(["people:write=mine"], Path("-")) == expected


def test_a_missing_scope_is_told_but_admin_is_not_needed() -> None:
    texts = [f"{scope}=k" for scope in SCOPES if scope != "admin"]
    assert set(_keys(texts, None)) == set(SCOPES) - {"admin"}
    with pytest.raises(typer.BadParameter, match="no key for people:write"):
        _keys(texts[1:], None)
    with pytest.raises(typer.BadParameter) as refused:
        _keys(["secret=k"], None)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"title": "No"}, "409 No"),
        ({"title": "No", "detail": "Not now."}, "409 No: Not now."),
        (
            {"title": "No", "errors": [{"pointer": "/a", "reason": "is bad"}, {"parameter": "b", "reason": "too"}]},
            "409 No: /a is bad; b too",
        ),
        ({"detail": "x"}, "409"),
        ([], "409"),
    ],
)
def test_a_problem_in_one_line(body: object, said: str) -> None:
    assert told(409, json.dumps(body).encode()) == said
    assert told(502, b"<html>") == "502"


def test_the_table_shows_what_is_known_and_no_more() -> None:
    def figures(share: str | None, bound: str, low: int | None, high: int | None) -> dict[str, Figure]:
        return {"climate": Figure(share, bound, low, high)}

    released = Released(
        "r",
        figures("58.0", "", 1234, 1234),
        {
            "[bold]A": figures("90", "at_least", 25, 29),
            "B": figures(None, "", None, None),
            "C": figures("5", "at_most", 40, 40),
        },
        {"mean": {"published": 1500, "withheld": 2}},
    )
    out = Console(file=io.StringIO(), width=160, highlight=False)
    replay_result.show(out, released, "all", 1234, {"read": 0.25, "total": 1.0}, {"replay": 99.5, "service": None})
    assert isinstance(out.file, io.StringIO)
    shown = out.file.getvalue()
    for part in (
        "58.0 (1,234)", "[bold]A", "≥ 90 (25 to 29)", "withheld", "≤ 5 (40)", "mean cells: 1,500 published, 2 withheld",
        "1,234 respondents, release r", "seconds: read 0.2, total 1.0", "peak memory: replay 100 MB\n",
    ):  # fmt: skip
        assert part in shown
    told_to_scripts = replay_result.as_dict(released, 1234, {}, {})
    assert told_to_scripts["top"] == {"climate": 58.0}
    assert told_to_scripts["units"] == {"[bold]A": {"climate": 90}, "B": {"climate": None}, "C": {"climate": 5}}
    assert told_to_scripts["detail"]["units"]["[bold]A"]["climate"]["bound"] == "at_least"


@pytest.mark.parametrize(
    ("shown", "unit"), [("'=1", "=1"), ("'-", "-"), ("'a", "'a"), ("'", "'"), ("", ""), ("A", "A")]
)
def test_names_that_spreadsheets_would_run_come_back(shown: str, unit: str) -> None:
    assert replay_result._unescaped(shown) == unit
