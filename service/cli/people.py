"""`pouls people import`: a file of people, sent to a service that runs, and what it changes as a table."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Annotated, Any, Literal, Self

import httpx2
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from service.cli.people_shown import on_standard_output, refusal, show

FINE, PARTLY, UNUSABLE = 0, 1, 2
SCOPE = "people:write"
CREATED, NOT_FOUND, CONFLICT = 201, 404, 409
BUSY = frozenset({409, 429, 503})
"""With `Retry-After`: nothing was done, and in a moment it may be."""
PATIENCE_S = 120.0
PIECE = 1 << 16
READ_S = 600.0
LONGEST_MAPPING = 4000
"""Characters, as many as the service takes beside a file."""
Encoding = Literal["utf-8", "utf-16", "windows-1252", "iso-8859-15", "macintosh"]
Separator = Literal["semicolon", "comma", "tab"]
MEDIA = {
    ".csv": "text/csv",
    ".txt": "text/csv",
    ".tsv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_ZIPPED, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""How workbooks begin, .xlsx and those of before."""
people = typer.Typer(name="people", help="The organisation's people.", no_args_is_help=True)
_ENDS = (
    "Ends with 0 if every line was taken, 1 if lines or the whole import were refused (with --dry-run: would be), "
    "2 if the file, an option or the service can not be used."
)


class _Unusable(Exception):
    """Something that this command needs is not there; the text says what."""


@people.callback()
def _group() -> None:
    """The organisation's people."""


@people.command("import", epilog=_ENDS)
def import_(
    ctx: typer.Context,
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
        typer.Option(help="JSON: which column is what; kept for the source once a file was taken so, not by --dry-run"),
    ] = None,
    encoding: Annotated[Encoding | None, typer.Option(help="of CSV; found out if absent")] = None,
    separator: Annotated[Separator | None, typer.Option(help="of CSV; found out if absent")] = None,
    max_leavers_percent: Annotated[
        int | None, typer.Option(min=0, max=100, help="10 if absent; of fewer than 20 people, half may leave")
    ] = None,
    max_movers_percent: Annotated[
        int | None, typer.Option(min=0, max=100, help="25 if absent; of fewer than 20 people, all may move")
    ] = None,
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
        with _service(url, _key(_given(ctx, key, keys), keys)) as client:
            said = _mapping(mapping) if mapping is not None else None
            answer = _patiently(client, file, query | ({"mapping": said} if said is not None else {}))
            body = _body(answer, client)
            kept = said is None or dry_run or answer.status_code != CREATED or _keep(client, source, said)
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
    risky = bool(body["risks"]) and not accept_risk
    if risky:
        would = "would be refused" if dry_run else "was refused"
        look = "" if dry_run else "see whom with --dry-run; "
        _complain(f"the import {would}: {'; '.join(body['risks'])}; {look}if it is meant, send it with --accept-risk")
    raise typer.Exit(PARTLY if risky or not kept or body["counts"]["refused"] else FINE)


def _given(ctx: typer.Context, key: str | None, keys: Path | None) -> str | None:
    """The option `--key`. A file of keys goes before the environment, and beside the option it is a mistake."""
    source = ctx.get_parameter_source("key")
    if keys is not None and source is not None and source.name == "COMMANDLINE":
        raise _Unusable("give --key or --keys, not both")
    return key


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
    """As short as JSON can be: it goes in the address, beside the file."""
    try:
        said = json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
    except OSError as error:
        raise _Unusable(f"{file} can not be read: {error.strerror}") from None
    except ValueError:
        raise _Unusable(f"{file} is not JSON") from None
    if len(said) > LONGEST_MAPPING:
        raise _Unusable(
            f"{file} has more than {LONGEST_MAPPING:,} characters: send it by PUT /v1/people/import-mappings/SOURCE, "
            "and leave --mapping out"
        )
    return said


def _keep(client: httpx2.Client, source: str, mapping: str) -> bool:
    """Keep a mapping by which a file was taken: one that fits no file would stand in the way of the next."""
    headers = {"Content-Type": "application/json"}
    try:
        answer = client.put(f"/v1/people/import-mappings/{source}", content=mapping.encode(), headers=headers)
        wrong = refusal(answer.status_code, answer.content) if answer.is_error else None
    except httpx2.HTTPError as error:
        wrong = f"the service can not be reached ({type(error).__name__})"
    if wrong is not None:
        _complain(f"the import is done, but its mapping is not kept: {wrong}")
    return wrong is None


def _patiently(client: httpx2.Client, file: Path, query: dict[str, str]) -> httpx2.Response:
    """Send the file, and again where somebody else is writing, for two minutes."""
    waited = 0.0
    while True:
        answer = _send(client, file, query)
        after = answer.headers.get("retry-after", "")
        pause = min(float(after), PATIENCE_S - waited) if after.isascii() and after.isdigit() else 0.0
        if answer.status_code not in BUSY or pause <= 0:
            return answer
        _complain(f"{refusal(answer.status_code, answer.content)}; nothing was done, sent again in {pause:.0f} s")
        time.sleep(pause)
        waited += pause


def _send(client: httpx2.Client, file: Path, query: dict[str, str]) -> httpx2.Response:
    try:
        handle = file.open("rb")
    except OSError as error:
        raise _Unusable(f"{file} can not be read: {error.strerror}") from None
    with handle:
        media = _media(file, handle)
        size = file.stat().st_size
        headers = {"Content-Type": media, "Content-Length": str(size)}
        then = "comparing" if query["dry_run"] == "true" else "comparing and writing"
        with Phases(Console(stderr=True), size, then) as phases:
            pieces = phases.sent(handle)
            return client.post("/v1/people/imports", params=query, content=pieces, headers=headers)


def _media(file: Path, handle: IO[bytes]) -> str:
    """What the file is, by its name. Raises _Unusable, also where it begins as something else does."""
    media = MEDIA.get(file.suffix.lower())
    begin = handle.read(len(_ZIPPED))
    handle.seek(0)
    if media is None or begin == _OLD:
        raise _Unusable(f"{file.name} is neither text (.csv, .txt, .tsv) nor .xlsx: save it as .xlsx or CSV")
    if begin == _ZIPPED and media == MEDIA[".csv"]:
        raise _Unusable(f"{file.name} is a workbook: rename it to {file.stem}.xlsx")
    return media


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
        said = refusal(answer.status_code, answer.content)
        if answer.status_code in BUSY and "retry-after" in answer.headers:
            said += "; nothing was done, send it again"
        elif answer.status_code == NOT_FOUND:
            said += "; is --url the service's address, without /v1?"
        raise _Unusable(said)
    body: dict[str, Any] = answer.json()
    return body


def _complain(sentence: str) -> None:
    Console(stderr=True).print(f"[red]pouls:[/red] {escape(sentence)}", highlight=False, soft_wrap=True)
