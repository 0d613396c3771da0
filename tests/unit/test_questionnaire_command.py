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

    @pytest.mark.parametrize(
        ("content", "cause"),
        [
            (b"", "the file is empty"),
            (b" \n", "the file is empty"),
            (b"{", "line 1, column 2: not JSON"),
            (b'{"key": "k",\n "languages": [\n  "fr", "en", "de", "it" "pt"\n]}', "line 3, column 26: not JSON"),
            (b'\xef\xbb\xbf{"a" 1}', "line 1, column 6: not JSON"),
            (b"[]", "the file is no JSON object"),
            (b"\xff", "line 1: not UTF-8"),
            (b'{"a": 1,\n"b": "\xe9"}', "line 2: not UTF-8"),
            (b'{"a":1,"a":2}', "a name comes twice in an object"),
            (b'{"a": NaN}', "NaN is no JSON, nor is Infinity"),
            (b'{"a": -Infinity}', "NaN is no JSON, nor is Infinity"),
            (b'{"a": 1e999}', "a number of the JSON is too large"),
            (b'{"a": 1' + b"0" * 5_000 + b"}", "a number of the JSON is too large"),
            (b"[" * 100_000, "the JSON is nested too deep"),
            (bytes(3 << 20), "the file has more than 2 MiB"),
        ],
        ids=range(15),
    )
    def test_what_is_no_document(self, content: bytes, cause: str, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_bytes(content)
        done = call("lint", tmp_path / "x.json")
        assert (done.exit_code, done.stderr, done.stdout) == (UNUSABLE, f"pouls: {cause}\n", "")

    def test_files_that_can_not_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        absent = tmp_path / "absent.json"
        for path, cause in ((absent, "not found"), (tmp_path, "it is a directory")):
            done = call("lint", path)
            assert (done.exit_code, done.stderr) == (UNUSABLE, f"pouls: {path} can not be read: {cause}\n")

        def refused(*_: Any, **__: Any) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refused)
        assert call("lint", absent).stderr == f"pouls: {absent} can not be read: no permission\n"
        monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        assert call("lint", absent).stderr == f"pouls: {absent} can not be read: Input/output error\n"


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
        said = one_line(call("import", SAMPLES / name, "--out", out, "--force", "--json"))
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

    def test_an_option_that_is_none_is_told_in_plain_words(self, tmp_path: Path) -> None:
        done = call("import", SAMPLES / "pulse_en.xlsx", "--out", tmp_path / "document.json", "--format", "doc")
        assert "Value error" not in done.stderr
        assert "'doc' is not one of 'auto'" in done.stderr

    def test_an_old_workbook(self, tmp_path: Path) -> None:
        file, magic = tmp_path / "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        file.write_bytes(magic + bytes(4_000))
        for more in ([], ["--format", "xlsform"]):
            done = call("import", file, "--out", tmp_path / "document.json", *more)
            said = "pouls: the file is an old Excel file (.xls): save it as .xlsx\n"
            assert (done.exit_code, done.stderr) == (UNUSABLE, said)
        file.write_bytes(magic + bytes(4_000) + "EncryptedPackage".encode("utf-16-le"))
        done = call("import", file, "--out", tmp_path / "document.json")
        assert done.stderr == "pouls: the workbook is protected by a password\n"

    def test_nothing_is_written_over_unless_it_is_said(self, tmp_path: Path) -> None:
        out = tmp_path / "document.json"
        out.write_text("mine", encoding="utf-8")
        words = ("import", SAMPLES / "team_climate.lss", "--out", out)
        done = call(*words)
        assert (done.exit_code, done.stdout) == (UNUSABLE, "")
        assert done.stderr == f"pouls: {out} is there already: give --force to write over it\n"
        assert out.read_text(encoding="utf-8") == "mine"
        assert call(*words, "--force").exit_code == FINE
        assert out.read_text(encoding="utf-8") != "mine"

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
        assert call("export", file, "--format", "canonical", "--out", out, "--force").exit_code == FINE
        assert out.read_bytes() == document.canonical()
        assert call("export", file, "--format", "json", "--out", out).exit_code == UNUSABLE
        assert out.read_bytes() == document.canonical()
        assert call("export", file, "--format", "json", "--out", out, "--force").exit_code == FINE
        assert out.read_text(encoding="utf-8").startswith('{\n  "format": "pouls/1",\n')
        assert call("export", file, "--format", "html", "--language", "en", "--out", out, "--force").exit_code == FINE
        assert '<html lang="en">' in out.read_text(encoding="utf-8")
        assert {path.name for path in tmp_path.iterdir()} == {"document.json", "out"}  # no draft is left

    def test_what_is_not_carried_over_is_told(self, tmp_path: Path) -> None:
        file, out = written(tmp_path), tmp_path / "out.xlsx"
        assert "scales" in call("export", file, "--format", "xlsform", "--out", out).stdout
        said = one_line(call("export", file, "--format", "xlsform", "--out", out, "--force", "--json"))
        assert [(entry["place"], entry["severity"]) for entry in said["report"]] == [("scales", "changed")]
        assert said["file"] == str(out)

    def test_a_document_with_faults_is_not_exported(self, tmp_path: Path) -> None:
        file, out = written(tmp_path, key=""), tmp_path / "out.xlsx"
        done = call("export", file, "--format", "xlsform", "--out", out)
        assert (done.exit_code, out.exists()) == (FAULTY, False)
        assert "fault  /key" in done.stdout
        assert one_line(call("export", file, "--format", "json", "--out", out, "--json"))["faults"]

    def test_places_that_can_not_be_written(self, tmp_path: Path) -> None:
        places = ((tmp_path / "absent" / "out.xlsx", "its folder is not there"), (tmp_path, "it is a directory"))
        for out, cause in places:
            done = call("export", written(tmp_path), "--format", "xlsform", "--out", out)
            assert (done.exit_code, done.stderr) == (UNUSABLE, f"pouls: {out} can not be written: {cause}\n")
        assert [path.name for path in tmp_path.iterdir()] == ["document.json"]  # no draft is left

    @pytest.mark.parametrize("language", ["de", "fr-CA"])
    def test_a_language_that_the_document_does_not_have(self, language: str, tmp_path: Path) -> None:
        file, out = written(tmp_path), tmp_path / "out.html"
        for words in (["export", file, "--format", "html", "--out", out], ["preview", file, "--out", out]):
            done = call(*words, "--language", language)
            assert (done.exit_code, out.exists()) == (UNUSABLE, False)
            assert done.stderr == f"pouls: the document is not in {language}: it has fr, en\n"


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

    def test_where_the_page_is_as_json(self, tmp_path: Path) -> None:
        out = tmp_path / "page.html"
        assert one_line(call("preview", written(tmp_path), "--out", out, "--json")) == {"page": str(out)}
        assert out.is_file()
        said = one_line(call("preview", written(tmp_path, key=""), "--out", out, "--json"))
        assert [fault["pointer"] for fault in said["faults"]] == ["/key"]


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
