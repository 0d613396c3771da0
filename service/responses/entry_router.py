"""Ways to a code for people without a link: a short code typed at a kiosk, or the company's own sign-in. Public."""

from datetime import datetime

from fastapi import Request, Response

from service.campaigns.codes import Right
from service.campaigns.problems import (
    ContractBroken,
    NotInvited,
    OriginNotAllowed,
    RulesAltered,
    WaveNotOpen,
    WayNotPromised,
)
from service.campaigns.promises.contract import Notary, participation_of
from service.campaigns.rules.origins import Origins
from service.campaigns.rules.queries import rules_of
from service.campaigns.tables import Wave
from service.campaigns.taking_part import openings, participation, short_codes
from service.campaigns.taking_part.addressed import wave_at
from service.campaigns.taking_part.kiosk import Kiosk
from service.campaigns.taking_part.schemas import ParticipationOut, SignedIn, TypedCode
from service.campaigns.taking_part.sign_in import SignIn, SignInRefused, person_behind
from service.kit.db import Database
from service.kit.idempotency import SECRET_REPLY
from service.kit.limits import FailureLimit
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, problems
from service.responses.problems import CodeMistyped, CodeRefused, SignInNotAccepted, TooManyWrongCodes
from service.responses.waves import LaunchedWave, Waves
from service.tenants.principals import Now, base_of, now_of

router = api_router()


@router.post(
    "/respond/kiosk",
    status_code=201,
    operation_id="responses.kiosk",
    dependencies=[SECRET_REPLY],
    responses=problems(
        Malformed,
        Invalid,
        NotFound,
        WaveNotOpen,
        WayNotPromised,
        CodeMistyped,
        CodeRefused,
        TooManyWrongCodes,
        ContractBroken,
        OriginNotAllowed,
    ),
)
async def exchange_short_code(request: Request, response: Response, now: Now, typed: TypedCode) -> ParticipationOut:
    """A short code, typed by hand, for a code that answers, good for an hour.

    A slip of the finger is told as such and counts for nothing; wrong codes are counted by wave, not by address.
    """
    wave = await _open(request, typed.wave, "kiosk")
    canonical = short_codes.read(typed.code)
    if canonical is None:
        raise CodeMistyped
    kiosk: Kiosk = request.app.state.kiosk
    database: Database = request.app.state.database
    async with database.transaction(wave.tenant_id) as tx:
        found = await kiosk.behind(tx, wave.tenant_id, wave.wave_id, canonical)
    if found is None:
        _count_failure(request, typed.wave)
        raise CodeRefused
    serial, label = found
    openings.check(wave.later.get(label), now)
    right = participation.short_lived(wave.tenant_id, wave.wave_id, serial, label, now)
    return _told(request, response, right, now)


@router.post(
    "/respond/sign-in",
    status_code=201,
    operation_id="responses.sign_in",
    dependencies=[SECRET_REPLY],
    responses=problems(
        Malformed,
        Invalid,
        NotFound,
        NotInvited,
        WaveNotOpen,
        WayNotPromised,
        SignInNotAccepted,
        TooManyWrongCodes,
        ContractBroken,
        RulesAltered,
        OriginNotAllowed,
    ),
)
async def exchange_id_token(request: Request, response: Response, now: Now, signed_in: SignedIn) -> ParticipationOut:
    """The company's ID token for a code that answers, good for an hour. Which check a token fails is not told."""
    wave = await _open(request, signed_in.wave, "sign_in")
    database: Database = request.app.state.database
    notary: Notary = request.app.state.notary
    async with database.transaction(wave.tenant_id) as tx:
        given = (await rules_of(tx, wave.tenant_id, notary)).sign_in
        person = None if given is None else _person(SignIn(**given.model_dump()), signed_in.id_token, now)
        if given is None or person is None:
            _count_failure(request, signed_in.wave)
            raise SignInNotAccepted
        row = await tx.get_one(Wave, (wave.tenant_id, wave.wave_id))
        right = await participation.right_by_name(tx, row, "sign_in", given.source, person, notary, now)
    return _told(request, response, right, now)


def _person(sign_in: SignIn, token: str, now: datetime) -> str | None:
    try:
        return person_behind(sign_in, token, now)
    except SignInRefused:
        return None


async def _open(request: Request, address: str, way: str) -> LaunchedWave:
    """The open wave of this address, whose contract names the way. Raises those of `problems` above."""
    waves: Waves = request.app.state.waves
    tenant, wave_id = wave_at(address)
    origins: Origins = request.app.state.origins
    await origins.check(request.scope, tenant)
    if not await waves.takes_answers(tenant, wave_id, now_of(request)):
        raise WaveNotOpen
    launched = await waves.get(tenant.bytes + wave_id.bytes)
    if way not in participation_of(launched.contract)["ways"]:
        raise WayNotPromised
    return launched


def _count_failure(request: Request, address: str) -> None:
    limit: FailureLimit = request.app.state.entry_limit
    if not limit.allows(address):
        raise TooManyWrongCodes(headers={"Retry-After": "60"})


def _told(request: Request, response: Response, right: Right, now: datetime) -> ParticipationOut:
    response.headers["Cache-Control"] = "no-store"
    return participation.told(right, request.app.state.codes, base_of(request), now)
