"""What `pouls demo` says while it is not ready: on standard error, whatever its output is."""

import pytest

from service.cli.demo import _told


def test_each_step_is_a_line_where_nobody_would_see_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with _told() as (begin, advance):
        begin("People", None)
        begin("Answers", 3)
        advance()
        said = capsys.readouterr()
    assert said.err.splitlines() == ["People", "Answers"]
    assert said.out == ""


def test_on_a_terminal_it_is_a_bar_that_goes_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # how rich is told that it writes to one
    with _told() as (begin, advance):
        begin("Answers", 2)
        advance()
    said = capsys.readouterr()
    assert "50%" in said.err
    assert said.out == ""
