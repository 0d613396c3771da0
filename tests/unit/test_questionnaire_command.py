"""`pouls questionnaire` on files: what it says, what it writes, and how it ends."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from service.cli import app
from service.questionnaires import schema
from service.questionnaires.document import Document
from service.questionnaires.formats import xlsform_read

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "questionnaires"
FINE, FAULTY, UNUSABLE = 0, 1, 2


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["questionnaire", *map(str, words)], catch_exceptions=False)


def one_line(done: Result) -> Any:
    return json.loads(done.stdout)


def written(folder: Path, **changed: Any) -> Path:
    file = folder / "document.json"
    file.write_text(json.dumps(schema.EXAMPLE | changed), encoding="utf-8")
    return file


class TestLint:
    def test_a_sound_document(self, tmp_path: Path) -> None:
        done = call("lint", written(tmp_path))
        assert (done.exit_code, done.stdout) == (FINE, "0 fault(s), 0 hint(s)\n")

    def test_faults_are_named_by_their_pointers(self, tmp_path: Path) -> None:
        file = written(tmp_path, key="Not An Id", scales=[{"id": "s", "title": {"fr": "x"}, "items": ["nothing"]}])
        done = call("lint", file)
        assert done.exit_code == FAULTY
        assert "fault  /key: does not have the required form\n" in done.stdout
        assert "fault  /scales/0/items/0: is not an item of this document\n" in done.stdout
        said = one_line(call("lint", file, "--json"))
        assert {"pointer": "/key", "reason": "does not have the required form"} in said["faults"]
        assert said["hints"] == []

    def test_hints_do_not_fail(self, tmp_path: Path) -> None:
        file = written(tmp_path, introduction={"fr": "Un et/ou deux.", "en": "One"})
        done = call("lint", file)
        assert done.exit_code == FINE
        assert "hint   /introduction/fr: joins two things" in done.stdout
        assert [hint["pointer"] for hint in one_line(call("lint", file, "--json"))["hints"]] == ["/introduction/fr"]

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 100_000, bytes(3 << 20)])
    def test_what_is_no_document(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_bytes(content)
        done = call("lint", tmp_path / "x.json")
        assert done.exit_code == UNUSABLE
        assert done.stderr.startswith("pouls: the file ")
        assert done.stdout == ""

    def test_files_that_can_not_be_read(self, tmp_path: Path) -> None:
        for path in (tmp_path / "absent.json", tmp_path):
            done = call("lint", path)
            assert (done.exit_code, done.stderr) == (UNUSABLE, "pouls: the file can not be read\n")


class TestImport:
    @pytest.mark.parametrize("name", ["climat_travail.xlsx", "team_climate.lss", "week.surveyjs.json"])
    def test_a_file_of_another_program(self, name: str, tmp_path: Path) -> None:
        out = tmp_path / "document.json"
        done = call("import", SAMPLES / name, "--out", out)
        assert done.exit_code == FINE
        assert "lost" in done.stdout
        assert " fault(s)" in done.stdout
        Document.parse(json.loads(out.read_text(encoding="utf-8")))
        expected = json.loads((SAMPLES / "expected" / f"{name}.json").read_text(encoding="utf-8"))
        said = one_line(call("import", SAMPLES / name, "--out", out, "--json"))
        assert [list(entry.values()) for entry in said["report"]] == expected["report"]
        assert said["faults"] == []

    def test_a_document_with_faults_is_written_to_be_mended(self, tmp_path: Path) -> None:
        out = tmp_path / "document.json"
        done = call("import", SAMPLES / "pulse_en.xlsx", "--out", out, "--language", "en")
        assert done.exit_code == FAULTY
        assert "fault  /items/5: is never asked" in done.stdout
        assert json.loads(out.read_text(encoding="utf-8"))["languages"] == ["en"]

    def test_options_that_are_none(self, tmp_path: Path) -> None:
        out = tmp_path / "document.json"
        assert call("import", SAMPLES / "pulse_en.xlsx", "--out", out, "--language", "x").exit_code == UNUSABLE
        assert call("import", SAMPLES / "pulse_en.xlsx", "--out", out, "--format", "doc").exit_code == UNUSABLE
        assert call("import", SAMPLES / "pulse_en.xlsx", "--out", out, "--format", "lss").exit_code == UNUSABLE
        assert not out.exists()

    def test_a_file_too_large_is_not_read_to_its_end(self, tmp_path: Path) -> None:
        with (tmp_path / "large.xlsx").open("wb") as handle:
            handle.write(b"PK")
            handle.truncate(1 << 40)
        done = call("import", tmp_path / "large.xlsx", "--out", tmp_path / "document.json")
        assert (done.exit_code, done.stderr) == (UNUSABLE, "pouls: the workbook has more than 2 MiB\n")

    def test_names_of_a_file_are_not_taken_for_markup(self, tmp_path: Path) -> None:
        survey = {"elements": [{"type": "file", "name": "[red]x[/nope]\x1b[2J"}, {"type": "comment", "name": "q"}]}
        (tmp_path / "s.json").write_text(json.dumps(survey), encoding="utf-8")
        done = call("import", tmp_path / "s.json", "--out", tmp_path / "document.json")
        assert done.exit_code == FINE
        assert "[red]x[/nope]" in done.stdout
        assert "\x1b[2J" not in done.stdout


class TestExport:
    def test_each_format(self, tmp_path: Path) -> None:
        file, out = written(tmp_path), tmp_path / "out"
        document = Document.parse(schema.EXAMPLE)
        assert call("export", file, "--format", "xlsform", "--out", out).exit_code == FINE
        assert Document.parse(xlsform_read.read(out.read_bytes()).document) == document
        assert call("export", file, "--format", "canonical", "--out", out).exit_code == FINE
        assert out.read_bytes() == document.canonical()
        assert call("export", file, "--format", "json", "--out", out).exit_code == FINE
        assert out.read_text(encoding="utf-8").startswith('{\n  "format": "pouls/1",\n')
        assert call("export", file, "--format", "html", "--language", "en", "--out", out).exit_code == FINE
        assert '<html lang="en">' in out.read_text(encoding="utf-8")
        assert {path.name for path in tmp_path.iterdir()} == {"document.json", "out"}  # no draft is left

    def test_what_is_not_carried_over_is_told(self, tmp_path: Path) -> None:
        file, out = written(tmp_path), tmp_path / "out.xlsx"
        assert "scales" in call("export", file, "--format", "xlsform", "--out", out).stdout
        said = one_line(call("export", file, "--format", "xlsform", "--out", out, "--json"))
        assert [(entry["place"], entry["severity"]) for entry in said["report"]] == [("scales", "changed")]
        assert said["file"] == str(out)

    def test_a_document_with_faults_is_not_exported(self, tmp_path: Path) -> None:
        file, out = written(tmp_path, key=""), tmp_path / "out.xlsx"
        done = call("export", file, "--format", "xlsform", "--out", out)
        assert (done.exit_code, out.exists()) == (FAULTY, False)
        assert "fault  /key" in done.stdout
        assert one_line(call("export", file, "--format", "json", "--out", out, "--json"))["faults"]

    def test_places_that_can_not_be_written(self, tmp_path: Path) -> None:
        for out in (tmp_path / "absent" / "out.xlsx", tmp_path):
            done = call("export", written(tmp_path), "--format", "xlsform", "--out", out)
            assert (done.exit_code, done.stderr) == (UNUSABLE, "pouls: the file can not be written\n")


class TestPreview:
    def test_a_page_in_a_file_of_its_own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        done = call("preview", written(tmp_path), "--language", "en")
        page = Path(done.stdout.strip())
        assert done.exit_code == FINE
        assert page.parent == tmp_path
        assert "The week in short" in page.read_text(encoding="utf-8")
        if os.name == "posix":
            assert not stat.S_IMODE(page.stat().st_mode) & 0o077

    def test_a_page_in_a_given_file(self, tmp_path: Path) -> None:
        out = tmp_path / "page.html"
        assert call("preview", written(tmp_path), "--out", out).stdout == f"{out}\n"
        assert '<html lang="fr">' in out.read_text(encoding="utf-8")
        assert call("preview", written(tmp_path), "--language", "?", "--out", out).exit_code == UNUSABLE
        assert call("preview", written(tmp_path, items=[]), "--out", out).exit_code == FAULTY


class TestSchema:
    def test_it_is_printed_written_and_compared(self, tmp_path: Path) -> None:
        out = tmp_path / "schema.json"
        assert call("schema").stdout == schema.text()
        assert call("schema", "--out", out).exit_code == FINE
        assert call("schema", "--check", out).exit_code == FINE
        out.write_text("{}", encoding="utf-8")
        assert call("schema", "--check", out).exit_code == FAULTY
        assert call("schema", "--check", tmp_path / "absent").exit_code == UNUSABLE


@pytest.mark.slow
def test_the_program_ends_with_these_codes(tmp_path: Path) -> None:
    for file, code in ((written(tmp_path), FINE), (tmp_path / "absent", UNUSABLE)):
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", "questionnaire", "lint", str(file)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == code
        assert "Traceback" not in done.stderr
