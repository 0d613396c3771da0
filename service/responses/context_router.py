"""What concerns one person before they answer: how large their team is, and what of it will be shown. Public.

It takes the code in the body, as an answer does, keeps nothing, and writes down nothing of who asked. Nor does it tell
whether the code was used: whoever has handed out links could ask again and again who has answered, and when.
"""

from fastapi import Request, Response

from service.campaigns.codes import ids_of
from service.campaigns.problems import OriginNotAllowed, WaveNotOpen, WayNotPromised
from service.campaigns.promises.fields import Fields
from service.campaigns.promises.smallest import Smallest
from service.campaigns.promises.wording import words_of
from service.campaigns.rules.origins import Origins
from service.campaigns.tables import Wave
from service.campaigns.taking_part import openings, team_told
from service.campaigns.taking_part.participation import takes_answers
from service.campaigns.taking_part.schemas import ContextAsked, ContextOut, Said, TeamOut
from service.kit.db import Database
from service.kit.idempotency import NOTHING_WRITTEN
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, problems
from service.responses.problems import CodeRefused, TooManyWrongCodes
from service.responses.rights import check_way, right_of
from service.responses.waves import Waves
from service.tenants.principals import Now

router = api_router()


@router.post(
    "/respond/context",
    operation_id="responses.context",
    dependencies=[NOTHING_WRITTEN],
    responses=problems(
        Malformed, Invalid, WaveNotOpen, WayNotPromised, CodeRefused, TooManyWrongCodes, OriginNotAllowed
    ),
)
async def get_context(request: Request, response: Response, now: Now, asked: ContextAsked) -> ContextOut:
    """What the contract means for the team behind a code; the same whether the code was used or not."""
    state = request.app.state
    right = right_of(asked.code, state.codes, state.entry_limit, state.clock)
    tenant, wave_id = ids_of(right.place)
    origins: Origins = state.origins
    await origins.check(request.scope, tenant)
    waves: Waves = state.waves
    try:
        wave = await waves.get(right.place)
    except NotFound:
        raise WaveNotOpen from None
    check_way(right, wave)
    openings.check(wave.later.get(right.label), now)
    database: Database = state.database
    smallest = Smallest.of(Fields(wave.contract).inner("policy"))
    async with database.transaction(tenant) as tx:
        row = await tx.get_one(Wave, (tenant, wave_id))
        if not takes_answers(row, now):
            raise WaveNotOpen
        team = await waves.team(tx, wave, right.label)
    response.headers["Cache-Control"] = "no-store"
    told = [] if team is None else team_told.sentences(team, smallest, asked.language)
    return ContextOut(
        language=words_of(asked.language).code,
        team=None if team is None else TeamOut(**team.own._asdict()),
        sentences=[Said(**one._asdict()) for one in told],
        closes_at=row.closes_at,
    )
