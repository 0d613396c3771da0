"""How many took part, by unit: where the contract's fewest are invited, in steps of two people or more.

Never of a remainder. It is told from a look that is taken once a day at most, and only when k more have answered; see
`campaigns.snapshot`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import queries
from service.campaigns.promises.contract import Notary, participation_of
from service.campaigns.tables import Wave
from service.campaigns.taking_part import snapshot
from service.campaigns.taking_part.snapshot import Snapshot
from service.disclosure.policy import Policy
from service.disclosure.programme import programme
from service.disclosure.tree import Tree
from service.releases.orgtree import OrgTree, Unit
from service.releases.participation_schemas import ParticipationByUnit, UnitParticipation
from service.releases.problems import ParticipationGone, ParticipationNotRecorded

STEP, HIGH, LOW = 5, 90, 20
"""In percent: the smallest step, and the ends, beyond which no step is told."""
PEOPLE_OF_A_STEP = 2
"""At least: steps of five points would tell of twelve people exactly how many have answered."""
Ints = NDArray[np.int64]
_UNITS = text("""
    SELECT unit_id, parent_id, source, external_id, name FROM wave_unit WHERE tenant_id = :tenant AND wave_id = :wave
""")
_LINES = text("""
    SELECT r.serial, c.unit_id FROM roster_line r JOIN wave_class c USING (tenant_id, wave_id, label)
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave
""")


class Looked(NamedTuple):
    """What was told of each unit, in the tree's order, and the day of the look that it is told from."""

    looked_at: date | None
    units: list[UnitParticipation]


async def by_unit(tx: AsyncSession, wave: Wave, notary: Notary, now: datetime) -> ParticipationByUnit:
    """Participation of each unit of the frozen tree.

    Raises:
        ParticipationNotRecorded, ParticipationGone: there is nothing to tell.
        ContractBroken: the contract was altered.
    """
    if not wave.invited:
        raise ParticipationGone
    promised = await queries.promised(tx, wave, notary)
    if not participation_of(promised)["spending_record"]:
        raise ParticipationNotRecorded
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    tree = OrgTree.of([Unit(*row) for row in await tx.execute(_UNITS, scope)])
    found = await looked(tx, wave, tree, Policy.of(promised["policy"]), now)
    if found is None:
        raise ParticipationGone
    return ParticipationByUnit(invited=wave.invited, looked_at=found.looked_at, units=found.units)


async def looked(tx: AsyncSession, wave: Wave, tree: OrgTree, policy: Policy, now: datetime) -> Looked | None:
    """What is told of a wave with a spending record at this moment; None where its roster is gone.

    Args:
        tx: the caller's transaction.
        wave: the wave.
        tree: its frozen units.
        policy: the contract's thresholds.
        now: the moment; a look is taken then if one is due.
    """
    lines = (await tx.execute(_LINES, {"tenant": wave.tenant_id, "wave": wave.wave_id})).all()
    if not lines:
        return None
    found = await snapshot.latest(tx, wave, policy.mean_k(sensitive=False), now)
    place = tree.place_of()
    homes = np.array([place[line.unit_id] for line in lines], np.int64)
    invited = np.bincount(homes, minlength=len(tree.units)).astype(np.int64)
    answered = None if found is None else _answered(found, lines, homes, len(tree.units))
    return Looked(None if found is None else found.taken_on, told(tree, invited, answered, policy.participation_from))


def _answered(found: Snapshot, lines: Sequence[Any], homes: Ints, units: int) -> Ints:
    serials = np.array([line.serial for line in lines], np.int64)
    return np.bincount(homes[found.answered[serials]], minlength=units).astype(np.int64)


def told(tree: OrgTree, invited: Ints, answered: Ints | None, least: int) -> list[UnitParticipation]:
    """What is shown of each unit; no I/O.

    Args:
        tree: the frozen units.
        invited: people whose home is exactly this unit, [units].
        answered: how many of them answered, [units]; None: not looked at yet.
        least: the fewest people invited that it is told of.
    """
    shape = Tree(tree.parents)
    shown = programme(shape, invited, least)
    whole = shape.sums(invited)
    so_far = None if answered is None else shape.sums(answered)
    units = []
    for at, unit in enumerate(tree.units):
        reason = None if shown[at] else "not_enough_invited"
        if reason is None and so_far is None:
            reason = "not_yet"
        percent, bound = (None, None) if reason or so_far is None else in_steps(int(so_far[at]), int(whole[at]))
        units.append(
            UnitParticipation(
                source=unit.source,
                unit=unit.external_id,
                unit_name=unit.name,
                invited=int(whole[at]),
                status="withheld" if reason else "shown",
                reason=reason,
                percent=percent,
                bound=bound,
            )
        )
    return units


def in_steps(answered: int, invited: int) -> tuple[int, str | None]:
    """Percent in steps, rounded down, and the word for an end; each tells of two numbers of people or more.

    A step has five points, or of fewer than forty people as many more fives as two of them are.
    """
    step = -(-100 * PEOPLE_OF_A_STEP // (invited * STEP)) * STEP
    percent = answered * 100 // invited // step * step
    high, low = HIGH // step * step, -(-LOW // step) * step
    if percent >= high:
        return high, "or_more"
    return (low, "or_less") if percent < low else (percent, None)
