"""Asking for a recut: other groups of a released wave's people, to be shown beside all that was shown of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import plan, queries
from service.campaigns.lifecycle import WaveState
from service.campaigns.problems import ContractBroken, PlanNotSupported, PlanTooLarge, WrongState
from service.campaigns.promises.contract import ContractAltered, Notary
from service.campaigns.tables import Wave, WaveClass
from service.kit import jobs
from service.kit.ids import new_id
from service.kit.reasons import Fault
from service.problems import Conflict, Invalid
from service.releases.orgtree import Unit
from service.releases.places import Breakdowns
from service.releases.queries import of_recuts
from service.releases.regroup import faults
from service.releases.schemas import RecutIn
from service.releases.tables import Recut
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
from service.tenants.principals import Principal

JOB = "recut_wave"
MOST_RECUTS = 20
"""Of one wave: each is judged with all before it."""
MOST_REFUSED = 3
"""Of one wave. Which groups can not be shown follows from how many took part: a few refusals tell little of it."""
_UNITS = text("""
    SELECT unit_id, parent_id, source, external_id, name FROM wave_unit WHERE tenant_id = :tenant AND wave_id = :wave
""")


class RecutsNotPromised(Conflict):
    """The campaign was launched without `recuts`: its respondents were promised the plan's groups and no others."""

    slug, title = "recuts-not-promised", "This wave's contract does not allow recuts"


class AnswersGone(Conflict):
    """The wave's key is destroyed, and with it everything that a recut could be counted from."""

    slug, title = "answers-gone", "The answers of this wave can not be opened any more"


class RecutPending(Conflict):
    """An earlier recut of this wave is not made yet: what can be asked for depends on what comes of it."""

    slug, title = "recut-pending", "Another recut of this wave is still being made"


class TooManyRecuts(Conflict):
    """At most 20 recuts of one wave may be asked for, and 3 be refused."""

    slug, title = "too-many-recuts", "This wave has as many recuts as it may"


async def ask(tx: AsyncSession, caller: Principal, wave: Wave, given: RecutIn, notary: Notary, now: datetime) -> Recut:
    """What is asked, written down and signed; the worker makes it."""
    if wave.state != WaveState.released:
        raise WrongState(f"Recuts can be asked for once the wave is released; it is {wave.state}.")
    campaign = await queries.campaign(tx, wave.tenant_id, wave.campaign_id, lock=True)
    try:
        contract = notary.of_wave(wave, campaign)
    except ContractAltered:
        raise ContractBroken from None
    if "recuts" not in contract:
        raise RecutsNotPromised
    # They go with the key, in one transaction.
    classes = (col(WaveClass.tenant_id) == wave.tenant_id) & (col(WaveClass.wave_id) == wave.wave_id)
    if not await tx.scalar(select(exists().where(classes))):
        raise AnswersGone
    earlier = await recuts(tx, wave)
    if len(earlier) >= MOST_RECUTS:
        raise TooManyRecuts
    made = await of_recuts(tx, wave.tenant_id, [recut.recut_id for recut in earlier])
    if len(made) < len(earlier):
        raise RecutPending
    # What was refused stands in nobody's way.
    earlier = [recut for recut in earlier if made[recut.recut_id].status == "published"]
    if len(made) - len(earlier) >= MOST_REFUSED:
        raise TooManyRecuts
    await _check(tx, wave, Breakdowns.of(contract), earlier, given)
    asked = given.model_dump(mode="json")
    recut_id = new_id()
    recut = Recut(
        tenant_id=wave.tenant_id,
        recut_id=recut_id,
        wave_id=wave.wave_id,
        plan=asked,
        mac=notary.sign_recut(wave.tenant_id, wave.wave_id, recut_id, asked),
        asked_at=now,
    )
    tx.add(recut)
    await jobs.enqueue(tx, wave.tenant_id, JOB, recut.recut_id, now)
    audit(
        tx, wave.tenant_id, now, caller.actor, "recut.asked", str(recut.recut_id),
        after=state_of(recut), wave=str(wave.wave_id),
    )  # fmt: skip
    await tx.flush()
    return recut


async def recuts(tx: AsyncSession, wave: Wave) -> Sequence[Recut]:
    """All that were asked for of a wave, oldest first."""
    mine = (col(Recut.tenant_id) == wave.tenant_id) & (col(Recut.wave_id) == wave.wave_id)
    return (await tx.scalars(select(Recut).where(mine).order_by(col(Recut.recut_id)))).all()


async def _check(tx: AsyncSession, wave: Wave, promised: Breakdowns, earlier: Sequence[Recut], given: RecutIn) -> None:
    """Raises Invalid, PlanNotSupported or PlanTooLarge."""
    units = [Unit(*row) for row in await tx.execute(_UNITS, {"tenant": wave.tenant_id, "wave": wave.wave_id})]
    made = [dimension for recut in earlier for dimension in recut.plan["dimensions"]]
    asked = given.model_dump(mode="json")["dimensions"]
    if found := faults(units, promised.values, [dimension["name"] for dimension in made], asked):
        raise Invalid(faults=found)
    sizes = {dimension["name"]: len(dimension["values"]) for dimension in (*promised.dimensions, *made, *asked)}
    shown = [["org", *names] for names in promised.names]
    shown += [breakdown for recut in earlier for breakdown in recut.plan["breakdowns"]]
    wrong = plan.shape_faults(given.breakdowns, "/breakdowns", shown)
    wrong = wrong or plan.undeclared(given.breakdowns, sizes, "/breakdowns")
    used = set(plan.dimensions_of(given.breakdowns))
    wrong += [
        Fault(f"/dimensions/{at}/name", "is in none of the breakdowns")
        for at, dimension in enumerate(asked)
        if dimension["name"] not in used
    ]
    if wrong:
        raise PlanNotSupported(faults=wrong)
    if len(units) * plan.groups_of([*shown, *given.breakdowns], sizes) > plan.MOST_PLACES:
        raise PlanTooLarge(f"Units times values, of all that was asked for, may be {plan.MOST_PLACES} at most.")
