"""The application. Importing this does nothing; `create_app` twice in one process gives two applications."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import QueryParams
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from service import openapi, problems, reference
from service.campaigns.codes import Codes
from service.campaigns.promises.contract import Notary
from service.campaigns.rules.origins import Origins
from service.campaigns.taking_part.kiosk import Kiosk
from service.kit.clock import Clock, system_clock
from service.kit.cross_origin import CrossOrigin
from service.kit.crypto import derive, read_key
from service.kit.db import Database
from service.kit.heads import Heads
from service.kit.kept_files import KeptFiles
from service.kit.limits import FailureLimit
from service.kit.rates import Counter, counter_for
from service.kit.repeats import Repeats
from service.kit.strict import query_faults
from service.odata.application import PREFIX as ODATA
from service.odata.application import ODataApplication
from service.people.imports.upload import Seated
from service.people.spool import Spooling
from service.people.turns import Turns
from service.privacy.readings import COUNTS, Readings
from service.privacy.subjects import Subjects
from service.problems import Invalid, NotFound
from service.releases.kept_answers import KeptAnswers
from service.responses.intake import Intake
from service.responses.respond import PATH, Respond
from service.responses.seal import Seal
from service.responses.waves import Waves
from service.routes import ROUTERS
from service.scim.application import PREFIX as SCIM
from service.scim.application import ScimApplication
from service.settings import LimitsSettings, ReadsSettings, Settings, runtime_root
from service.telemetry import metrics
from service.telemetry.observe import Observe
from service.tenants.access_tokens import AccessTokens
from service.tenants.rate_limits import RateLimits
from service.tenants.registrar import Registrar
from service.tenants.token_key_files import folder_of
from service.tenants.token_keys import TokenKeys
from service.webhooks.endpoint_keys import EndpointKeys

WRONG_CODES_A_MINUTE = 60
ROLE = "pouls_app"


def create_app(settings: Settings, *, clock: Clock = system_clock) -> FastAPI:
    """The API process: reads `keys/api` alone, and holds nothing that opens an answer."""
    if settings.database.url is None:
        raise ValueError("the API needs a database URL; `pouls serve` starts the embedded one and passes its own")
    url = settings.database.url.get_secret_value()
    intake_key = read_key(settings.keys_dir / "api" / "intake.key")
    database = Database(url, ROLE, settings.database)
    codes = Codes(intake_key)
    notary = Notary(intake_key)
    waves = Waves(database, notary)
    counter = _counter(settings.limits)
    token_keys = TokenKeys(folder_of(settings.keys_dir))
    readings = Readings(database)
    intake = Intake(url, ROLE, settings.database, settings.intake, Seal(intake_key), clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        app.state.files.start()
        await intake.start()
        counting = asyncio.create_task(readings.run())
        try:
            yield
        finally:
            counting.cancel()
            await readings.try_write()
            await intake.stop()
            await counter.close()
            await app.state.files.stop()
            await database.close()

    origins = Origins(database, notary, settings.http.public_url)
    app = routed(
        Respond(codes, waves, origins, intake, FailureLimit(WRONG_CODES_A_MINUTE), clock), lifespan, settings.reads
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.database = database
    app.state.codes = codes
    app.state.notary = notary
    app.state.origins = origins
    app.state.registrar = Registrar(intake_key)
    app.state.scim_secret = derive(intake_key, b"pouls scim")
    app.state.endpoint_keys = EndpointKeys(intake_key)
    app.state.repeats = Repeats(intake_key)
    app.state.access_tokens = AccessTokens(token_keys, settings.http.public_url)
    app.state.rate_limits = RateLimits(counter, settings.limits.requests_a_minute, settings.limits.tokens_a_minute)
    app.state.subjects = Subjects(intake_key)
    app.state.readings = readings
    app.state.files = KeptFiles(settings.reads.dir or runtime_root(), settings.reads.files_mib << 20)
    app.state.turns = Turns()
    app.state.seated = Seated()
    app.state.spooling = Spooling()
    app.state.kiosk = Kiosk(intake_key, notary)
    app.state.entry_limit = FailureLimit(WRONG_CODES_A_MINUTE)
    app.state.waves = waves
    return app


def _counter(limits: LimitsSettings) -> Counter:
    return counter_for(None if limits.url is None else limits.url.get_secret_value())


class _Service(FastAPI):
    """The application. The hot route is answered before any layer: the layers cost more than the answer does."""

    def __init__(self, respond: ASGIApp, **settings: Any) -> None:
        super().__init__(**settings)
        self._respond = respond
        self._answer = CrossOrigin(self._behind)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)

    async def _behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
            faults = query_faults(QueryParams(scope["query_string"])) if scope["query_string"] else ()
            if faults:
                metrics.REQUESTS.labels("POST", PATH, Invalid.status).inc()
                await Invalid(faults=faults).response()(scope, receive, send)
            else:
                await self._respond(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def routed(respond: ASGIApp, lifespan: Lifespan[FastAPI] | None = None, reads: ReadsSettings | None = None) -> FastAPI:
    """The application's routes and layers, without anything behind them; enough to describe the API."""
    reads = reads or ReadsSettings()
    app = _Service(
        respond,
        title=openapi.TITLE,
        version=openapi.version(),
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    problems.install(app)
    app.add_middleware(KeptAnswers, reads.known_s, reads.answers_mib << 20)
    app.add_middleware(Heads)
    app.add_middleware(Observe)
    app.router.routes.append(Route(PATH, respond, methods=["POST"]))  # so that other methods get their 405
    app.router.routes.extend(reference.ROUTES)
    app.router.routes.append(Mount(SCIM, ScimApplication()))
    app.router.routes.append(Mount(ODATA, ODataApplication()))
    for mounted in ROUTERS:
        counts = [COUNTS] if mounted.counted else []
        app.include_router(mounted.router, tags=[mounted.audience], dependencies=counts)
    app.openapi = lambda: openapi.build(app)  # type: ignore[method-assign]  # FastAPI's documented way to replace it
    return app


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    await NotFound().response()(scope, receive, send)


def description() -> str:
    """The OpenAPI document as it is committed: stable order, one space of indent."""
    return json.dumps(openapi.build(routed(_nowhere)), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def app_from_environment() -> FastAPI:
    """For `uvicorn --factory`."""
    return create_app(Settings())
