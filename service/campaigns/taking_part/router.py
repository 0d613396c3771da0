"""Participation links, handed to whoever delivers them."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from service.campaigns import queries
from service.campaigns.codes import Codes, Right, address_of, place_of
from service.campaigns.problems import (
    ContractBroken,
    HandedOutAlready,
    NotInvited,
    RemindersNotPromised,
    TooFewPending,
    WaveNotOpen,
    WayNotPromised,
    WrongState,
)
from service.campaigns.promises.contract import Notary
from service.campaigns.tables import Wave
from service.campaigns.taking_part import handing_out, lines, participation
from service.campaigns.taking_part.handing_out import Handed
from service.campaigns.taking_part.schemas import Invitation, ParticipationAsked, ParticipationOut
from service.kit.db import Database
from service.kit.idempotency import SECRET_REPLY
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, problems
from service.tenants.principals import Now, OpenDatabase, Principal, Transaction, base_of, holding
from service.tenants.scopes import Scope

router = api_router()
InvitationReader = Annotated[Principal, holding(Scope.invitations_read)]
ParticipationWriter = Annotated[Principal, holding(Scope.participations_write)]
_LINES_OUT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Invitation"}}}}
}


async def _wave_to_invite(caller: InvitationReader, tx: Transaction, wave_id: UUID) -> Wave:
    return await queries.wave(tx, caller.tenant_id, wave_id)


WaveToInvite = Annotated[Wave, Depends(_wave_to_invite)]


@router.get(
    "/waves/{wave_id}/invitations",
    operation_id="waves.invitations",
    response_class=StreamingResponse,
    responses=_LINES_OUT
    | problems(
        Invalid,
        NotFound,
        WrongState,
        WayNotPromised,
        ContractBroken,
        RemindersNotPromised,
        TooFewPending,
        HandedOutAlready,
    ),
)
async def stream_invitations(
    request: Request,
    wave: WaveToInvite,
    caller: InvitationReader,
    tx: Transaction,
    now: Now,
    database: OpenDatabase,
    pending: Annotated[
        bool,
        Query(
            description="only those who had not answered when it was last looked at: once a day, where k people have "
            "answered since and k have not; for reminders, where the contract allows them"
        ),
    ] = False,
) -> StreamingResponse:
    """Participation links, one JSON object a line, in random order, to be delivered to each person.

    Where the contract names a kiosk and no links, lines hold short codes alone; where it names neither there are none.
    Codes are computed, not stored, and can be asked for again; but for campaigns without a spending record, whose codes
    are drawn at random, this once, even where the lines do not all arrive: there are as many as the wave has `invited`.
    """
    state = request.app.state
    handed = await handing_out.hand_out(tx, caller, wave, state.notary, state.kiosk, now, pending=pending)
    links = _invitations(database, state.codes, state.notary, wave, handed, base_of(request))
    return StreamingResponse(links, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


async def _invitations(
    database: Database, codes: Codes, notary: Notary, wave: Wave, handed: Handed, base: str
) -> AsyncIterator[bytes]:
    link = f"{base}/embed/{address_of(wave.tenant_id, wave.wave_id)}#"
    place = place_of(wave.tenant_id, wave.wave_id)
    async for chunk in queries.roster(database, wave):
        page = bytearray()
        for row in chunk:
            if handed.answered is not None and handed.answered[row.serial]:
                continue
            if handed.signed:
                lines.check(notary, wave.tenant_id, wave.wave_id, row)
            code = None
            if handed.links:
                code = codes.issue(Right(place, handed.serial(row.serial), row.label, expires_at=0))
            line = Invitation(
                source=row.source,
                person=row.external_id,
                language=row.language,
                code=code,
                link=None if code is None else link + code,
                short_code=None if handed.kiosk is None else handed.kiosk[row.serial],
            )
            page += line.model_dump_json(exclude_none=False).encode() + b"\n"
        yield bytes(page)


@router.post(
    "/participations",
    status_code=201,
    operation_id="participations.create",
    dependencies=[SECRET_REPLY],
    responses=problems(Malformed, Invalid, NotFound, NotInvited, WaveNotOpen, WayNotPromised, ContractBroken),
)
async def create_participation(
    request: Request,
    response: Response,
    caller: ParticipationWriter,
    tx: Transaction,
    now: Now,
    asked: ParticipationAsked,
) -> ParticipationOut:
    """For an intranet's server: a code, good for an hour, with which the person who is logged in answers once.

    Whether they have answered already is not told: a code that is spent answers nothing.
    """
    response.headers["Cache-Control"] = "no-store"
    state = request.app.state
    right = await participation.right_of(tx, caller.tenant_id, asked, state.notary, now)
    return participation.told(right, state.codes, base_of(request), now)
