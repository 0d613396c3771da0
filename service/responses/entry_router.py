"""Ways to a code for people without a link: a short code typed at a kiosk, or the company's own sign-in. Public."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import ConfigDict, Field

from service.campaigns import participation, short_codes
from service.campaigns.codes import ADDRESS_LENGTH, wave_behind
from service.campaigns.contract import Notary
from service.campaigns.handing_out import participation_of
from service.campaigns.kiosk import Kiosk
from service.campaigns.participation import ParticipationOut
from service.campaigns.problems import ContractBroken, NotInvited, WayNotPromised
from service.campaigns.rules import rules_of
from service.campaigns.sign_in import TOKEN_LIMIT, SignIn, SignInRefused, person_behind
from service.campaigns.tables import Wave
from service.kit.db import Database
from service.kit.limits import FailureLimit
from service.kit.strict import api_router
from service.kit.text import Wire
from service.problems import Invalid, Malformed, NotFound, problems
from service.responses.problems import CodeMistyped, CodeRefused, SignInNotAccepted, TooManyWrongCodes, WaveNotOpen
from service.responses.waves import LaunchedWave, Waves
from service.tenants.principals import Now, now_of

router = api_router()
Address = Annotated[str, Field(min_length=ADDRESS_LENGTH, max_length=ADDRESS_LENGTH, description="the wave's address")]


class TypedCode(Wire):
    """What somebody typed at a kiosk; case, spaces and dashes do not matter."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"wave": "A" * ADDRESS_LENGTH, "code": "7K3M-9PQR-2XZA"}]}
    )

    wave: Address
    code: Annotated[str, Field(min_length=1, max_length=64)]


class SignedIn(Wire):
    """An ID token of the company's sign-in, as the browser got it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"wave": "A" * ADDRESS_LENGTH, "id_token": "eyJ..."}]})

    wave: Address
    id_token: Annotated[str, Field(min_length=1, max_length=TOKEN_LIMIT)]


@router.post(
    "/respond/kiosk",
    status_code=201,
    operation_id="responses.kiosk",
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
    right = participation.short_lived(wave.tenant_id, wave.wave_id, *found, now)
    return _told(request, response, right, now)


@router.post(
    "/respond/sign-in",
    status_code=201,
    operation_id="responses.sign_in",
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
    ),
)
async def exchange_id_token(request: Request, response: Response, now: Now, signed_in: SignedIn) -> ParticipationOut:
    """The company's ID token for a code that answers, good for an hour. Which check a token fails is not told."""
    wave = await _open(request, signed_in.wave, "sign_in")
    database: Database = request.app.state.database
    notary: Notary = request.app.state.notary
    async with database.transaction(wave.tenant_id) as tx:
        given = (await rules_of(tx, wave.tenant_id)).sign_in
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
    """The open wave of this address, whose contract names the way. Raises NotFound, WaveNotOpen, WayNotPromised."""
    waves: Waves = request.app.state.waves
    tenant, wave_id = _ids(address)
    if not await waves.takes_answers(tenant, wave_id, now_of(request)):
        raise WaveNotOpen
    launched = await waves.get(tenant.bytes + wave_id.bytes)
    if way not in participation_of(launched.contract)["ways"]:
        raise WayNotPromised
    return launched


def _ids(address: str) -> tuple[UUID, UUID]:
    try:
        return wave_behind(address)
    except ValueError:
        raise NotFound from None


def _count_failure(request: Request, address: str) -> None:
    limit: FailureLimit = request.app.state.entry_limit
    if not limit.allows(address):
        raise TooManyWrongCodes(headers={"Retry-After": "60"})


def _told(request: Request, response: Response, right: Any, now: datetime) -> ParticipationOut:
    response.headers["Cache-Control"] = "no-store"
    base = request.app.state.settings.http.public_url or str(request.base_url)
    return participation.told(right, request.app.state.codes, base.rstrip("/"), now)
