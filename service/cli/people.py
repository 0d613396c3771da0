"""`pouls people import`: a file of people, sent to a service that runs, and what it changes as a table."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Annotated, Any, Literal, Self

import httpx2
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from service.cli.client import told

FINE, PARTLY, UNUSABLE = 0, 1, 2
SCOPE = "people:write"
CREATED, CONFLICT = 201, 409
PIECE = 1 << 16
READ_S = 600.0
LISTED = 20
UNBROKEN = 100_000
"""Characters of a line."""
MEDIA = {
    ".csv": "text/csv",
    ".txt": "text/csv",
    ".tsv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
KINDS = {
    "joiners": "[green]joins[/green]",
    "returners": "[green]comes back[/green]",
    "movers": "[yellow]moves[/yellow]",
    "leavers": "[red]leaves[/red]",
    "changed": "changes",
}
people = typer.Typer(name="people", help="The organisation's people.", no_args_is_help=True)
_ENDS = (
    "Ends with 0 if every line was taken, 1 if lines or the whole import were refused, "
    "2 if the file, an option or the service can not be used."
)


class _Unusable(Exception):
    """Something that this command needs is not there; the text says what."""


@people.callback()
def _group() -> None:
    """The organisation's people."""


@people.command("import", epilog=_ENDS)
def import_(
    file: Annotated[Path, typer.Argument(help="CSV in any usual encoding, or .xlsx")],
    url: Annotated[str, typer.Option(help="the service, such as https://pouls.example.org")],
    mode: Annotated[
        Literal["full", "partial"], typer.Option(help="full: whoever of the source is in no line has left")
    ],
    source: Annotated[str, typer.Option(help="whose ids these are")] = "hris",
    key: Annotated[
        str | None,
        typer.Option(help=f"an API key that holds {SCOPE}; `-`: on standard input; or POULS_KEY", envvar="POULS_KEY"),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="file with the line that `pouls demo --json` prints; `-`: standard input")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would change, and change nothing")] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(help="JSON: which column is what; kept for the source from now on, unless with --dry-run"),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="of CSV; found out if absent")] = None,
    separator: Annotated[str | None, typer.Option(help="semicolon, comma or tab; found out if absent")] = None,
    max_leavers_percent: Annotated[int | None, typer.Option(min=0, max=100)] = None,
    max_movers_percent: Annotated[int | None, typer.Option(min=0, max=100)] = None,
    accept_risk: Annotated[bool, typer.Option("--accept-risk", help="whatever the thresholds say")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the import as one JSON line")] = False,
) -> None:
    """Send a file of people, and show who joins, moves, leaves and changes, and which lines were refused."""
    asked = {
        "mode": mode,
        "source": source,
        "dry_run": str(dry_run).lower(),
        "accept_risk": str(accept_risk).lower(),
        "encoding": encoding,
        "separator": separator,
        "max_leavers_percent": max_leavers_percent,
        "max_movers_percent": max_movers_percent,
    }
    query = {name: str(value) for name, value in asked.items() if value is not None}
    try:
        with _service(url, _key(key, keys)) as client:
            if mapping is not None and dry_run:
                query["mapping"] = _mapping(mapping)
            elif mapping is not None:
                _send_mapping(client, source, mapping)
            answer = _send(client, file, query)
            body = _body(answer, client)
    except _Unusable as error:
        _complain(str(error))
        raise typer.Exit(UNUSABLE) from None
    except httpx2.HTTPError as error:
        _complain(f"the service can not be reached ({type(error).__name__})")
        raise typer.Exit(UNUSABLE) from None
    if as_json:
        print(json.dumps(body))  # noqa: T201 - the option's purpose
    else:
        show(on_standard_output(), body)
    if answer.status_code != CREATED:
        _complain(told(answer.status_code, answer.content))
    raise typer.Exit(FINE if answer.status_code == CREATED and not body["counts"]["refused"] else PARTLY)


def _service(url: str, key: str) -> httpx2.Client:
    if not url.startswith(("http://", "https://")):
        raise _Unusable("--url begins with http:// or https://")
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.Client(base_url=url.rstrip("/"), headers=headers, timeout=httpx2.Timeout(READ_S, connect=10.0))


def _key(key: str | None, keys: Path | None) -> str:
    """The key to use. No message repeats one."""
    if key is None and keys is None:
        raise _Unusable("give --key, --keys or POULS_KEY")
    if key is not None and keys is None:
        found: Any = sys.stdin.readline().strip() if key == "-" else key
    else:
        try:
            text = sys.stdin.read() if str(keys) == "-" else Path(str(keys)).read_text(encoding="utf-8")
            found = json.loads(text)["keys"][SCOPE]
        except (OSError, ValueError, TypeError, LookupError):
            found = None
    if not isinstance(found, str) or not found.isascii() or not found.isprintable() or not found:
        raise _Unusable(f"there is no key for {SCOPE} in what was given")
    return found


def _mapping(file: Path) -> str:
    """As short as JSON can be: a dry run has it in its address."""
    try:
        return json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
    except OSError as error:
        raise _Unusable(f"{file} can not be read: {error.strerror}") from None
    except ValueError:
        raise _Unusable(f"{file} is not JSON") from None


def _send_mapping(client: httpx2.Client, source: str, mapping: Path) -> None:
    headers = {"Content-Type": "application/json"}
    path = f"/v1/people/import-mappings/{source}"
    answer = client.put(path, content=_mapping(mapping).encode(), headers=headers)
    if answer.is_error:
        raise _Unusable(f"the mapping is refused: {told(answer.status_code, answer.content)}")


def _send(client: httpx2.Client, file: Path, query: dict[str, str]) -> httpx2.Response:
    media = MEDIA.get(file.suffix.lower())
    if media is None:
        raise _Unusable(f"{file.name} is neither .csv nor .xlsx")
    try:
        size = file.stat().st_size
        handle = file.open("rb")
    except OSError as error:
        raise _Unusable(f"{file} can not be read: {error.strerror}") from None
    headers = {"Content-Type": media, "Content-Length": str(size)}
    then = "comparing" if query["dry_run"] == "true" else "comparing and writing"
    with handle, Phases(Console(stderr=True), size, then) as phases:
        pieces = phases.sent(handle)
        return client.post("/v1/people/imports", params=query, content=pieces, headers=headers)


class Phases:
    """What a terminal shows meanwhile: a bar of what is sent; then that the service works, and for how long.

    How far it is then, only the service knows, and it says so at the end.
    """

    def __init__(self, console: Console, size: int, then: str) -> None:
        off = not console.is_terminal
        words, passed = TextColumn("{task.description}"), TimeElapsedColumn()
        self._sending = Progress(
            words, BarColumn(), DownloadColumn(), passed, console=console, transient=True, disable=off
        )
        self._working = Progress(SpinnerColumn(), words, passed, console=console, transient=True, disable=off)
        self._size = size
        self._then = then

    def sent(self, handle: IO[bytes]) -> Iterator[bytes]:
        """The file, a piece at a time."""
        with self._sending as bar:
            task = bar.add_task("sending", total=self._size)
            while piece := handle.read(PIECE):
                yield piece
                bar.advance(task, len(piece))
        self._working.add_task(self._then, total=None)
        self._working.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._working.stop()


def _body(answer: httpx2.Response, client: httpx2.Client) -> dict[str, Any]:
    """The import; of one that was too risky, as it is kept. Raises _Unusable for any other refusal."""
    kept = answer.headers.get("location", "")
    if answer.status_code == CONFLICT and kept.startswith("/v1/people/imports/"):
        answer = client.get(kept)
    if answer.is_error:
        raise _Unusable(told(answer.status_code, answer.content))
    body: dict[str, Any] = answer.json()
    return body


def on_standard_output() -> Console:
    """As wide as the terminal; what another program reads is never broken into shorter lines."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else UNBROKEN)


def show(out: Console, body: dict[str, Any]) -> None:
    """The import for people to read."""
    counts = body["counts"]
    _show_file(out, body["file"])
    if body["people"] is not None:
        _show_people(out, body["people"], counts)
    _show_refusals(out, body["refusals"], counts["refused"])
    said = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count and name != "lines"]
    state = {"previewed": "nothing was changed (dry run)", "refused": "nothing was changed"}.get(body["state"], "done")
    out.print(f"{counts['lines']:,} lines: {', '.join(said) or 'nothing to do'}; {state}")
    out.print(f"import {body['id']}")
    for one in body["file"]["left_out"]:
        out.print(f"column {one['column']} {escape(one['reason'])}")
    for risk in body["risks"]:
        out.print(f"[red]risk[/red]  {escape(risk)}")


def _show_file(out: Console, file: dict[str, Any]) -> None:
    """What the file was taken for, and how it was read."""
    kind = ", ".join(file[name] for name in ("format", "encoding", "separator") if file[name])
    mapping = file["mapping"]
    columns = {name: head for name, head in mapping["columns"].items() if head} | mapping["dimensions"]
    read = [f"{name} = {' + '.join(head) if isinstance(head, list) else head}" for name, head in columns.items()]
    units = [f"units by {mapping['unit_by']}"] if "unit" in columns else []
    units += ["unknown units are made"] if mapping["create_units"] else []
    out.print(escape(f"read as {kind}: {', '.join(read + units)}"))


def _show_people(out: Console, people: dict[str, Any], counts: dict[str, int]) -> None:
    table = Table(box=None, pad_edge=False)
    for head in ("", "line", "person", "from", "to", "changed"):
        table.add_column(head, overflow="fold")
    for kind, word in KINDS.items():
        for one in people[kind][:LISTED]:
            line = "" if one["line"] is None else str(one["line"])
            units = [escape(one[name] or "") for name in ("from_unit", "to_unit")]
            table.add_row(word, line, escape(one["external_id"]), *units, ", ".join(one["changed"]))
        if counts[kind] > LISTED:
            table.add_row(word, "", f"and {counts[kind] - min(LISTED, len(people[kind])):,} more", "", "", "")
    if table.row_count:
        out.print(table)


def _show_refusals(out: Console, refusals: list[dict[str, Any]], lines: int) -> None:
    for one in refusals[:LISTED]:
        column = "" if one["column"] is None else f", column {one['column']}"
        out.print(f"[red]refused[/red]  line {one['line']}{column} ({escape(one['field'])}): {escape(one['reason'])}")
    if len(refusals) > LISTED:
        out.print(f"[red]refused[/red]  {lines:,} lines in all")


def _complain(sentence: str) -> None:
    Console(stderr=True).print(f"[red]pouls:[/red] {escape(sentence)}", highlight=False, soft_wrap=True)
