"""`pouls replay`: a past survey, loaded through the public API alone, from people to release."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from service.cli import campaign_run, replay_file, replay_instance, replay_map, replay_result
from service.cli.client import PATIENCE_S, CallFailed, Client, GivenUp, Stopped, nonce_for, nonce_text
from service.cli.replay_failed import ReplayFailed
from service.cli.replay_state import State
from service.questionnaires.document import Document
from service.tenants.scopes import Scope

__all__ = ["ReplayFailed", "replay"]

SCOPES = (
    Scope.people_write, Scope.questionnaires_write, Scope.campaigns_write, Scope.invitations_read, Scope.aggregates_read
)  # fmt: skip
"""Which a replay acts under."""
PROGRESS_EVERY = 100
PAGE_WIDTH = 160


class Place(NamedTuple):
    """The service to load into."""

    url: str
    keys: dict[str, str]
    ended: threading.Event


def replay(
    file: Annotated[Path, typer.Argument(help="the survey: CSV in UTF-8, one person a row; may be gzipped")],
    given_map: Annotated[Path, typer.Option("--map", help="YAML: which column is what")],
    url: Annotated[str | None, typer.Option(help="a running service; absent: a private one is started")] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="an API key for all scopes, or SCOPE=KEY; may be repeated")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="file with the line that `pouls demo --json` prints; `-`: standard input")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="keep the private service's data here, and go on from there another time")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="what going on needs; default: in the private data, or here as FILE.replay-state.json"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    patience: Annotated[float, typer.Option(min=0, hidden=True)] = PATIENCE_S,
) -> None:
    """Load a past survey through the public API, wait for its release and print it.

    Run again with the same file, map and state, it goes on where it was interrupted.
    """
    _check_options(url, key, keys, data)
    running = None if url is None else Place(url, _keys(key or [], keys), threading.Event())
    again = "; run the same command again to go on" if url is not None or data is not None else ""
    watch = _Watch()
    with _Shown() as shown, ExitStack() as stack:
        past = _read(file, given_map, shown)
        watch.lap("read")
        with ExitStack() as service:
            if running is None:
                folder = stack.enter_context(replay_instance.kept_or_temporary(data))
                shown.phase("starting a private service")
                instance = service.enter_context(replay_instance.private_instance(folder))
                place = Place(instance.url, instance.keys, instance.ended)
                state = state or folder / "replay-state.json"
            else:
                place = running
                state = state or Path(f"{file.name}.replay-state.json")
            watch.lap("start")
            known = service.enter_context(
                State.open(state, file=past.digest, given=past.map.digest(), people=len(past.survey.people))
            )
            client = Client(place.url, place.keys, place.ended, patience)
            service.callback(client.close)
            released, respondents = _load(client, past, known, watch, shown, again)
            shown.phase("stopping")
        watch.lap("stop")
    seconds = watch.seconds()
    memory: dict[str, float | None] = dict(replay_result.peak_memory_mb())
    if running is not None:
        memory["service"] = None  # somebody else's process
    if as_json:
        print(json.dumps(replay_result.as_dict(released, respondents, seconds, memory)))  # noqa: T201 - the option's purpose
        return
    out = Console(highlight=False, width=None if sys.stdout.isatty() else PAGE_WIDTH)
    replay_result.show(out, released, past.map.units.root.id, respondents, seconds, memory)


class _Past(NamedTuple):
    """A file read by its map."""

    map: replay_map.Map
    survey: replay_file.PastSurvey
    digest: str


def _read(file: Path, given_map: Path, shown: "_Shown") -> _Past:
    try:
        text = given_map.read_text(encoding="utf-8")
    except OSError as error:
        raise ReplayFailed(f"{given_map.name} can not be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ReplayFailed(f"{given_map.name} is not UTF-8 text") from None
    found = replay_map.parse(text)
    shown.phase("reading the file")
    digest = replay_file.file_digest(file)
    return _Past(found, replay_file.read(file, found, shown.reached), digest)


def _load(
    client: Client, past: _Past, known: State, watch: "_Watch", shown: "_Shown", again: str
) -> tuple[replay_result.Released, int]:
    try:
        shown.phase("org units and people")
        client.upsert("/v1/org-units", past.survey.units)
        client.upsert("/v1/people", past.survey.person_rows())
        watch.lap("organisation")
        shown.phase("questionnaire and campaign")
        wave = _launched(client, past)
        known.belongs_to(wave["id"])
        watch.lap("campaign")
        if wave["state"] == "open":
            _answer(client, past.survey, wave["id"], known, shown)
        watch.lap("answers")
        shown.phase("waiting for the release")
        release = campaign_run.close(client, wave)
        watch.lap("release")
        released = replay_result.fetch(client, release["id"], past.map.units.root.id)
        watch.lap("result")
    except GivenUp as error:
        raise ReplayFailed(f"{error}{again}") from None
    except CallFailed as error:
        raise ReplayFailed(str(error)) from None
    except Stopped:
        raise ReplayFailed(f"the private service has ended{again}") from None
    return released, known.acknowledged


def _launched(client: Client, past: _Past) -> dict[str, Any]:
    document = past.map.document()
    found = campaign_run.ensure_questionnaire(client, document)
    if found["digest"] != Document.parse(document).digest():
        raise ReplayFailed(f"the service has another questionnaire under the key {document['key']}: change the name")
    units = past.map.units
    campaign = {
        "name": past.map.name,
        "questionnaire": document["key"],
        "audience": {"source": units.source, "units": [units.root.id]},
        "policy": past.map.policy.model_dump(),
    }
    return campaign_run.ensure_launched(client, campaign)


def _answer(client: Client, survey: replay_file.PastSurvey, wave: str, known: State, shown: "_Shown") -> None:
    """Submit the answers of everybody who is not acknowledged, in the roster's order, which is random."""
    places = survey.people.places
    # All codes before the first answer: a stream that is read as fast as answers go would stay open for minutes.
    wanted: list[tuple[int, str]] = []
    for person, code in client.codes(wave):
        place = places.get(person)
        if place is not None and not known.is_done(place):
            wanted.append((place, code))
    if len(wanted) + known.acknowledged < len(places):
        missing = len(places) - len(wanted) - known.acknowledged
        raise ReplayFailed(f"{missing} people of the file are not invited: the campaign was launched without them")
    persons = list(places)
    answers = survey.answers()
    shown.phase("answers", len(places), known.acknowledged)

    def bodies() -> Iterator[tuple[int, bytes]]:
        for place, code in wanted:
            nonce = nonce_text(nonce_for(known.secret, wave, persons[place]))
            head = f'{{"code":"{code}","nonce":"{nonce}","answers":'
            yield place, head.encode("ascii") + answers.json_of(place) + b"}"

    def acknowledged(place: int) -> None:
        known.acknowledge(place)
        if known.acknowledged % PROGRESS_EVERY == 0:
            shown.reached(known.acknowledged)

    try:
        client.send(bodies(), acknowledged)
    finally:
        known.flush()


def _check_options(url: str | None, key: list[str] | None, keys: Path | None, data: Path | None) -> None:
    if url is None and (key or keys):
        raise typer.BadParameter("keys are for a service that runs: give its --url")
    if url is not None and data is not None:
        raise typer.BadParameter("--data is the folder of a private service, which --url excludes")
    if url is not None and not url.startswith(("http://", "https://")):
        raise typer.BadParameter("--url begins with http:// or https://")
    if url is not None and not key and keys is None:
        raise typer.BadParameter("--url needs --key or --keys")


def _keys(texts: list[str], file: Path | None) -> dict[str, str]:
    """A key for each scope. No message repeats one."""
    found: dict[str, str] = {}
    if file is not None:
        try:
            text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
            listed = json.loads(text)["keys"]
            found |= {scope: listed[scope] for scope in SCOPES if isinstance(listed.get(scope), str)}
        except OSError as error:
            raise ReplayFailed(f"{file.name} can not be read: {error.strerror}") from None
        except (ValueError, TypeError, LookupError, AttributeError):
            raise ReplayFailed(f"{file.name} does not hold what `pouls demo --json` prints") from None
    for text in texts:
        scope, separator, key = text.rpartition("=")
        if separator and scope not in SCOPES:
            raise typer.BadParameter(f"a key is given alone or as SCOPE=KEY; scopes are {', '.join(SCOPES)}")
        for one in [scope] if separator else SCOPES:
            found[one] = key
    needed = [scope for scope in SCOPES if scope not in found]
    if needed:
        raise typer.BadParameter(f"no key for {', '.join(needed)}")
    return found


class _Watch:
    """Wall time by phase."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._spent: dict[str, float] = {}

    def lap(self, phase: str) -> None:
        """What passed since the last lap was this phase."""
        now = time.monotonic()
        self._spent[phase] = now - self._last
        self._last = now

    def seconds(self) -> dict[str, float]:
        spent = self._spent | {"total": self._last - self._began}
        return {phase: round(seconds, 2) for phase, seconds in spent.items()}


class _Shown:
    """The progress bar, on standard error."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._progress.add_task("", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def phase(self, name: str, total: int | None = None, completed: int = 0) -> None:
        self._progress.reset(self._task, total=total, completed=completed, description=name)

    def reached(self, completed: int) -> None:
        self._progress.update(self._task, completed=completed)
