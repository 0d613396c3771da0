"""`pouls questionnaire`: check, import, export and look at questionnaire documents, without a service."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from service.kit.mendable import Mendable
from service.kit.reasons import Fault
from service.questionnaires import schema as published
from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.formats import choose, own, printable, xlsform_write
from service.questionnaires.formats.report import Report, Unreadable, Written
from service.questionnaires.formats.tags import tag_of
from service.questionnaires.lint.hints import Hint, hints

FINE, FAULTY, UNUSABLE = 0, 1, 2


class _InOurWords(TyperGroup):
    """Says what is wrong with an option without the words that pydantic puts before it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


questionnaire = typer.Typer(
    name="questionnaire", cls=_InOurWords, help="Questionnaire documents as files.", no_args_is_help=True
)
DocumentFile = Annotated[Path, typer.Argument(metavar="DOCUMENT", help="JSON file of a document")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON line")]
Language = Annotated[str | None, typer.Option(help="one of the document's, such as fr; its first if absent")]
Force = Annotated[bool, typer.Option("--force", help="write over the file if there is one")]
_ENDS = "Ends with 0 if all is well, 1 if the document has faults, 2 if a file can not be used."


class Unusable(Mendable):
    """A file can not be read or written, or an option is none."""


@questionnaire.command("lint", epilog=_ENDS)
def lint(file: DocumentFile, as_json: Json = False) -> None:
    """Name every fault of a document, each with its JSON pointer; and hints, where it has none."""
    with _told():
        raw = own.read(_bytes(file)).document
    document = _parsed(raw)
    advice: Sequence[Hint] = hints(document) if isinstance(document, Document) else ()
    faults = () if isinstance(document, Document) else document
    if as_json:
        _line({"faults": [one.as_dict() for one in faults], "hints": [one.as_dict() for one in advice]})
    else:
        _tell_faults(faults)
        for one in advice:
            _say(f"[yellow]hint[/yellow]   {escape(one.pointer or '/')}: {escape(one.reason)}")
        _say(f"{len(faults)} fault(s), {len(advice)} hint(s)")
    raise typer.Exit(FAULTY if faults else FINE)


@questionnaire.command("import", epilog=_ENDS)
def import_(
    file: Annotated[Path, typer.Argument(help="XLSForm workbook, LimeSurvey .lss, SurveyJS JSON, or a document")],
    out: Annotated[Path, typer.Option(help="file for the document")],
    kind: Annotated[
        Literal["auto", "xlsform", "lss", "surveyjs", "json"], typer.Option("--format", help="of the file")
    ] = "auto",
    language: Annotated[str, typer.Option(help="of texts for which the file names none")] = "fr",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make a document of a questionnaire of another program, and say what could not be carried over.

    The document is written even if it has faults, so that they can be mended there.
    """
    with _told():
        _free(out, force=force)
        found = choose.read(_bytes(file), kind, _tag(language))
        _write(out, (json.dumps(found.document, ensure_ascii=False, indent=2) + "\n").encode())
    document = _parsed(found.document)
    faults = () if isinstance(document, Document) else document
    if as_json:
        _line({"report": found.report.as_list(), "faults": [one.as_dict() for one in faults]})
    else:
        _tell_report(found.report)
        _tell_faults(faults)
        _say(f"{escape(str(out))}: {len(found.report)} thing(s) not carried over as they are, {len(faults)} fault(s)")
    raise typer.Exit(FAULTY if faults else FINE)


@questionnaire.command("export", epilog=_ENDS)
def export(
    file: DocumentFile,
    kind: Annotated[Literal["xlsform", "json", "canonical", "html"], typer.Option("--format", help="to write")],
    out: Annotated[Path, typer.Option(help="file to write")],
    language: Language = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a document for other programs, or for paper (html, in one language)."""
    with _told():
        _free(out, force=force)
        document = _sound(file, as_json=as_json)
        written = _written(document, kind, language)
        _write(out, written.data)
    if as_json:
        _line({"report": written.report.as_list(), "file": str(out)})
    else:
        _tell_report(written.report)
        _say(escape(str(out)))


@questionnaire.command("preview", epilog=_ENDS)
def preview(
    file: DocumentFile,
    language: Language = None,
    out: Annotated[Path | None, typer.Option(help="file to write; a temporary one if absent")] = None,
    as_json: Json = False,
) -> None:
    """Write the document as a page for a browser or paper, and print where it is."""
    with _told():
        written = _written(_sound(file, as_json=as_json), "html", language)
        if out is None:
            out = _temporary(written.data)
        else:
            _write(out, written.data)
    if as_json:
        _line({"page": str(out)})
    else:
        typer.echo(str(out))


@questionnaire.command("schema")
def schema(
    out: Annotated[Path | None, typer.Option(help="write to this file instead of standard output")] = None,
    check: Annotated[Path | None, typer.Option(help="exit 1 if this file differs")] = None,
) -> None:
    """Print the JSON Schema of documents."""
    text = published.text()
    with _told():
        if check is not None:
            if _bytes(check) != text.encode():
                typer.echo(f"{check.name} is out of date: run `pouls questionnaire schema --out {check}`", err=True)
                raise typer.Exit(FAULTY)
        elif out is not None:
            _write(out, text.encode())
        else:
            typer.echo(text, nl=False)


@contextmanager
def _told() -> Iterator[None]:
    """A file that can not be used is one line, and an exit code of its own."""
    try:
        yield
    except (Unusable, Unreadable) as error:
        Console(stderr=True).print(f"[red]pouls:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(UNUSABLE) from None


def _bytes(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too large."""
    try:
        with path.open("rb") as handle:
            return handle.read(own.MAX_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{path} can not be read: {_cause(path, error, 'not found')}") from None


def _cause(path: Path, error: OSError, missing: str) -> str:
    """Why a file can not be used, in words; `missing` where the path leads nowhere."""
    if _is_directory(path):
        return "it is a directory"
    if isinstance(error, FileNotFoundError):
        return missing
    return "no permission" if isinstance(error, PermissionError) else error.strerror or "the system does not say why"


def _is_directory(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - false where nobody may look, and no exception


def _free(out: Path, *, force: bool) -> None:
    """Raises Unusable where something would be written over that nobody wants gone."""
    if not force and os.path.lexists(out) and not _is_directory(out):
        raise Unusable(f"{out} is there already: give --force to write over it")


def _write(path: Path, data: bytes) -> None:
    """The file as a whole or not at all."""
    if _is_directory(path):
        raise Unusable(f"{path} can not be written: it is a directory")
    draft = path.with_name(path.name + ".draft")
    try:
        draft.write_bytes(data)
        os.replace(draft, path)  # noqa: PTH105 - the same, and says what it does
    except OSError as error:
        raise Unusable(f"{path} can not be written: {_cause(path, error, 'its folder is not there')}") from None


def _temporary(data: bytes) -> Path:
    """A new file that its owner alone reads."""
    try:
        with tempfile.NamedTemporaryFile(prefix="pouls-", suffix=".html", delete=False) as handle:
            handle.write(data)
    except OSError as error:
        raise Unusable(f"a temporary file can not be written: {error.strerror}") from None
    return Path(handle.name)


def _tag(language: str) -> str:
    found = tag_of(language)
    if found is None:
        raise Unusable("--language is the code of a language, such as fr or pt-BR")
    return found


def _parsed(raw: object) -> Document | Sequence[Fault]:
    try:
        return Document.parse(raw)
    except DocumentRefused as error:
        return error.faults


def _sound(file: Path, as_json: bool = False) -> Document:
    """The document of a file; ends the command where it has faults."""
    found = _parsed(own.read(_bytes(file)).document)
    if isinstance(found, Document):
        return found
    return _refused(found, as_json)


def _refused(faults: Sequence[Fault], as_json: bool) -> NoReturn:
    if as_json:
        _line({"faults": [one.as_dict() for one in faults]})
    else:
        _tell_faults(faults)
    raise typer.Exit(FAULTY)


def _written(document: Document, kind: str, language: str | None) -> Written:
    tongue = None if language is None else _tag(language)
    if tongue is not None and tongue not in document.languages:
        raise Unusable(f"the document is not in {tongue}: it has {', '.join(document.languages)}")
    if kind == "html":
        return printable.write(document, tongue)
    return {"xlsform": xlsform_write.write, "json": own.write, "canonical": own.write_canonical}[kind](document)


def _tell_report(report: Report) -> None:
    if not len(report):
        return
    table = Table(box=None, pad_edge=False)
    for head in ("in the file", "", "what could not be carried over"):
        table.add_column(head, overflow="fold")
    for entry in report:
        table.add_row(escape(entry.place), entry.severity, escape(entry.reason))
    Console().print(table)


def _tell_faults(faults: Sequence[Fault]) -> None:
    for one in faults:
        _say(f"[red]fault[/red]  {escape(one.pointer or '/')}: {escape(one.reason)}")


def _say(line: str) -> None:
    Console().print(line, highlight=False, soft_wrap=True)


def _line(content: object) -> None:
    print(json.dumps(content))  # noqa: T201 - the option's purpose
