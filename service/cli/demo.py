"""`pouls demo`: a whole Pouls on one machine, with a fictional organisation, ready to be tried."""

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from importlib import resources
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console
from rich.progress import Progress

from service.campaigns.plan import TREE_ALONE
from service.cli import campaign_run, local
from service.cli.admin import make_tenant, registrar_of
from service.cli.client import Client, Stopped
from service.cli.demo_organisation import answers, organisation
from service.cli.serve import Data, Host, Json, Port, settings_with
from service.kit.crypto import write_new
from service.kit.db import Database
from service.kit.postgres import Postgres
from service.settings import Settings
from service.telemetry import logs

PULSES = 4
Plan = list[list[str]]
NAME = "demo"


def demo(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    as_json: Json = False,
    empty: Annotated[bool, typer.Option("--empty", help="a tenant and its keys only, no organisation")] = False,
    child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """Start everything on this machine with a fictional organisation; run it again and it resumes."""
    settings = settings_with(host, port, data)
    # One person at one terminal: not a line of log for each request.
    quiet = settings.log.level if settings.log.level != "info" else "warning"
    settings = settings.model_copy(update={"log": settings.log.model_copy(update={"level": quiet})})
    logs.configure(quiet)
    listening = local.listen(settings.http.host, settings.http.port)
    Console(stderr=True).print("Starting the database")
    with local.database(settings) as postgres:
        uvloop.run(_demo(settings, postgres, listening, as_json=as_json, empty=empty, child=child))


async def _demo(
    settings: Settings, postgres: Postgres, listening: Any, *, as_json: bool, empty: bool, child: bool
) -> None:
    from service.main import create_app  # noqa: PLC0415 - as in `serve`

    with local.stopping_on_signals() as stop, local.stopping_with_parent(stop, watch=child):
        local.prepare_keys(settings)
        await local.prepare_database(postgres)
        identity = await _identity(settings, postgres)
        app = create_app(local.acting_as(settings, postgres, "pouls_app"))
        async with local.worker_child(settings, postgres), local.serving(app, listening, settings) as ready:
            story = None if empty else await _tell(ready.url, identity, stop)
            if stop.is_set():
                return
            if as_json:
                line = {"url": ready.url, "tenant": identity["tenant"], "keys": identity["keys"]}
                print(json.dumps(line), flush=True)  # noqa: T201 - the option's purpose
            else:
                _show(ready.url, identity, story)
            await stop.wait()


async def _identity(settings: Settings, postgres: Postgres) -> dict[str, Any]:
    """The demo's tenant and keys, made once; kept in a file since the database holds hashes only."""
    file = settings.data.dir / "demo.json"
    if not file.exists():
        database = Database(postgres.url("pouls_app"), "pouls_app", settings.database)
        try:
            tenant, keys = await make_tenant(database, registrar_of(settings), NAME)
        finally:
            await database.close()
        made = {"tenant": str(tenant), "keys": keys, "nonces": secrets.token_hex(32)}
        write_new(file, json.dumps(made).encode())
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


async def _tell(url: str, identity: dict[str, Any], stop: asyncio.Event) -> dict[str, Any] | None:
    """Tell the story in a thread of its own, as a caller like any other; None where somebody stopped it."""
    stopping = threading.Event()

    async def pass_on() -> None:
        await stop.wait()
        stopping.set()

    watch = asyncio.create_task(pass_on())
    try:
        return await asyncio.to_thread(_story, url, identity, stopping)
    except Stopped:
        return None
    finally:
        watch.cancel()


def _story(url: str, identity: dict[str, Any], stop: threading.Event) -> dict[str, Any]:
    client = Client(url, identity["keys"], stop)
    secret = bytes.fromhex(identity["nonces"])
    firm = organisation()
    by_id = {person["external_id"]: person for person in firm.people}
    try:
        with _told() as (begin, advance):
            begin("People and org units", None)
            client.call("people:write", "PUT", "/v1/dimensions", json=firm.dimensions)
            client.upsert("/v1/org-units", firm.units)
            client.upsert("/v1/people", firm.people)
            top = next(unit["external_id"] for unit in firm.units if unit["parent"] is None)
            by_dimension = [["org"], *(["org", dimension["name"]] for dimension in firm.dimensions)]
            chapters: list[tuple[str, str, int, Plan]] = [("Care diagnostic", "care_diagnostic", 0, by_dimension)]
            chapters += [
                (f"Team temperature, week {week}", "team_temperature", week, TREE_ALONE)
                for week in range(1, PULSES + 1)
            ]
            documents = {key: _catalogue(key) for key in ("care_diagnostic", "team_temperature")}
            releases = []
            for name, key, week, plan in chapters:
                begin(name, len(by_id))
                releases.append(
                    _chapter(
                        client, _campaign(name, key, top, plan), documents[key], secret,
                        partial(_answer_of, documents[key], by_id, week),
                        lambda _: advance(), partial(begin, f"{name}: results", None),
                    )
                )  # fmt: skip
            open_wave = campaign_run.ensure_launched(
                client, _campaign(f"Team temperature, week {PULSES + 1}", "team_temperature", top, TREE_ALONE)
            )
            with closing(client.codes(open_wave["id"])) as codes:
                _, code = next(codes)
        return {"release": releases[0]["id"], "open_wave": open_wave["address"], "code": code}
    finally:
        client.close()


@contextmanager
def _told() -> Iterator[tuple[Callable[[str, int | None], None], Callable[[], None]]]:
    """What is under way, on standard error: a bar, or a line for each step where nobody would see a bar move."""
    errors = Console(stderr=True, highlight=False)
    with Progress(console=errors, disable=not errors.is_terminal, transient=True) as progress:

        def begin(step: str, total: int | None) -> None:
            for done in progress.task_ids:
                progress.remove_task(done)  # a task that has a total can not lose it
            progress.add_task(step, total=total)
            if not errors.is_terminal:
                errors.print(step, markup=False)

        yield begin, lambda: progress.advance(progress.task_ids[0])


def _answer_of(
    document: dict[str, Any], people: dict[str, dict[str, Any]], week: int, person: str
) -> dict[str, Any] | None:
    return answers(document, people[person], week)


def _chapter(
    client: Client,
    campaign: dict[str, Any],
    document: dict[str, Any],
    secret: bytes,
    answers_of: campaign_run.Answers,
    acknowledged: Callable[[str], None],
    answered: Callable[[], None],
) -> dict[str, Any]:
    campaign_run.ensure_questionnaire(client, document)
    wave = campaign_run.ensure_launched(client, campaign)
    if wave["state"] == "open":
        campaign_run.answer(client, wave, secret, answers_of, acknowledged)
    answered()
    return campaign_run.close(client, wave)


def _campaign(name: str, questionnaire: str, top: str, plan: Plan) -> dict[str, Any]:
    audience = {"source": NAME, "units": [top]}
    return {"name": name, "questionnaire": questionnaire, "audience": audience, "plan": {"breakdowns": plan}}


def _catalogue(key: str) -> dict[str, Any]:
    text = resources.files("service.questionnaires").joinpath("catalogue", f"{key}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _show(url: str, identity: dict[str, Any], story: dict[str, Any] | None) -> None:
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"[bold]Pouls[/bold] is ready at [bold]{url}[/bold] (reference: {url}/docs). Ctrl-C stops it.")
    out.print(f"tenant {identity['tenant']}, one key for each scope:")
    for scope, key in identity["keys"].items():
        out.print(f"  {scope:<22} {key}")
    if story is None:
        return
    reader = identity["keys"]["aggregates:read"]
    release = f"{url}/v1/releases/{story['release']}"
    bearer = f"-H 'Authorization: Bearer {reader}'"
    out.print("\nTry:")
    out.print("  # the diagnostic's indices for the whole organisation")
    out.print(f"  curl {bearer} '{release}/cells?kind=index&unit=D0&breakdown=org'", markup=False)
    out.print("  # its scales for every unit and site, as a table")
    out.print(f"  curl {bearer} '{release}/cells.csv?kind=scale&breakdown=org*site'", markup=False)
    out.print("  # this week's questionnaire, as a respondent's browser gets it")
    out.print(f"  curl '{url}/v1/respond/{story['open_wave']}?language=fr'", markup=False)
    out.print("\nAnswer this week's pulse as somebody who is asked, in a browser:")
    out.print(f"  {url}/embed/{story['open_wave']}#{story['code']}", markup=False)
