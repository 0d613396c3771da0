"""Whether the audiences of campaigns that ask the same within ninety days, together, single out too few people.

What is compared are the rules of each audience, on the people of today: rosters of different days differ by whoever
came and went, as those of one campaign's waves do, which its contract says.
"""

import asyncio
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.inviting import audiences, roster
from service.campaigns.inviting.who import Who, people
from service.campaigns.lifecycle import WaveState
from service.campaigns.plan import ORG
from service.campaigns.problems import AudiencesIsolate
from service.campaigns.promises.contract import ContractAltered, Notary
from service.campaigns.tables import Campaign, Wave, WavePart
from service.people.tables import OrgUnit
from service.people.unit_rows import LINE
from service.questionnaires.tables import QuestionnaireVersion

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
NEAR = timedelta(days=90)
MOST_NAMED = 10


class Asked(NamedTuple):
    """What a campaign asks of whom: its audience on the day of its opening, its plan's breakdowns, its largest k."""

    who: Who
    plan: Sequence[Sequence[str]]
    k: int

    @classmethod
    def of(cls, promised: Mapping[str, Any], day: date) -> Self:
        policy = promised["policy"]
        largest = max(policy[name] for name in ("k_mean", "k_distribution", "k_sensitive"))
        return cls(Who.of(promised["audience"], day), promised["plan"], largest + policy["collusion"])

    @property
    def rule(self) -> tuple[Any, ...]:
        """The same for rules that name the same people, in whatever order they do."""
        held = sorted((name, *sorted(values)) for name, values in self.who.held.items())
        return sorted(self.who.tops), held, self.who.since, self.who.until


async def check(
    tx: AsyncSession, campaign: Campaign, promised: Mapping[str, Any], notary: Notary, day: date, now: datetime
) -> None:
    """Nothing, where the audience may be asked beside the others.

    Args:
        tx: the caller's transaction, which holds the organisation's lock.
        campaign: the one that is to be launched, or has a wave to open.
        promised: its contract.
        notary: knows the others' contracts.
        day: of the opening, on which its rules are read.
        now: the moment.

    Raises:
        AudiencesIsolate: a combination of the audiences holds fewer than k people, more audiences are asked the same
            than are looked at together, or another one's contract was altered.
    """
    mine = Asked.of(promised, day)
    others = [mine]
    involved = []
    words = await _texts(tx, campaign)
    for other, days in await _near(tx, campaign, now):
        if words & await _texts(tx, other):
            theirs = _contract_of(other, notary)
            others += [Asked.of(theirs, one) for one in days]
            involved.append(other)
    apart = {repr(one.rule): one for one in others}
    if len(apart) == 1:
        return
    if len(apart) > audiences.MOST_AUDIENCES:
        raise _refusal(involved)
    everybody, parents = await roster.units_below(tx, campaign.tenant_id, await _tops(tx, campaign.tenant_id))
    place = {unit: number for number, unit in enumerate(everybody)}
    found: dict[UUID, Row[Any]] = {}
    sets: list[set[UUID]] = []
    for one in apart.values():
        units, _ = await roster.units_below(tx, campaign.tenant_id, one.who.tops)
        rows = await people(tx, campaign.tenant_id, one.who, units)
        found |= {row.person_id: row for row in rows}
        sets.append({row.person_id for row in rows})
    asked = [found[person] for person in sorted(found)]
    homes = [place[row.unit_id] for row in asked]
    k = max(one.k for one in others)
    if await asyncio.to_thread(_isolate, asked, sets, homes, parents, [one.plan for one in others], k):
        raise _refusal(involved)


def _refusal(involved: Sequence[Campaign]) -> AudiencesIsolate:
    """What to do about it, and beside which campaigns."""
    named = ", ".join(str(other.campaign_id) for other in involved[:MOST_NAMED])
    more = f" and {len(involved) - MOST_NAMED} more" if len(involved) > MOST_NAMED else ""
    return AudiencesIsolate(
        f"Ask the same people as the campaigns that ask the same within {NEAR.days} days do, or other questions than "
        f"they: {named}{more}."
    )


def _isolate(
    asked: Sequence[Row[Any]],
    sets: Sequence[set[UUID]],
    homes: Sequence[int],
    above: Sequence[int],
    plans: Sequence[Sequence[Sequence[str]]],
    k: int,
) -> bool:
    """Whether the audiences do, as a whole or within a group that a plan shows; no I/O."""
    members = np.array([[row.person_id in held for row in asked] for held in sets], np.bool_)
    units, parents = np.array(homes, np.int64), np.array(above, np.int64)
    groups = _groups([row.dimensions for row in asked], plans)
    return any(
        audiences.judge(members[:, group], units[group], parents, k) is not None for group in groups if group.any()
    )


def _groups(held: Sequence[Mapping[str, str]], plans: Sequence[Sequence[Sequence[str]]]) -> list[Mask]:
    """Everybody, and whoever has the same values, of each breakdown of each plan."""
    names = {tuple(sorted(name for name in one if name != ORG)) for breakdowns in plans for one in breakdowns}
    found = [np.ones(len(held), np.bool_)]
    for breakdown in sorted(names - {()}):
        places: dict[tuple[str | None, ...], list[int]] = {}
        for at, one in enumerate(held):
            places.setdefault(tuple(one.get(name) for name in breakdown), []).append(at)
        for value in sorted((value for value in places if None not in value), key=repr):
            mark = np.zeros(len(held), np.bool_)
            mark[places[value]] = True
            found.append(mark)
    return found


def _contract_of(other: Campaign, notary: Notary) -> Mapping[str, Any]:
    """Another campaign's contract; with what the campaign asks where it names no audience. Raises AudiencesIsolate."""
    try:
        promised = notary.check(other.contract, other.contract_mac)
    except ContractAltered:
        raise _refusal([other]) from None
    if (promised["campaign"]["id"], promised["tenant"]) != (str(other.campaign_id), str(other.tenant_id)):
        raise _refusal([other])
    return {"audience": other.asked["audience"]} | promised


async def _near(tx: AsyncSession, campaign: Campaign, now: datetime) -> list[tuple[Campaign, list[date]]]:
    """Other campaigns that asked somebody in the last ninety days, or are about to, and the days of their openings.

    By rules about when people were hired an audience is another one each day. So a campaign that comes again is judged
    as it was at its last opening, whose results can be read, and as it will be at the next one that is planned. Its
    waves before the last differ from that one by who came and went, as the waves of one campaign do, which is said in
    contracts; and each wave after the next is judged itself as it opens.

    One that was given up after a wave had its results, or some before its closing, counts as well: they can still be
    read.
    """
    of_wave = (col(WavePart.tenant_id) == col(Wave.tenant_id)) & (col(WavePart.wave_id) == col(Wave.wave_id))
    has_interim = select(WavePart).where(of_wave).exists()
    is_planned, opens_at = col(Wave.state) == WaveState.planned, col(Wave.opens_at)
    statement = (
        select(Campaign, func.max(opens_at).filter(~is_planned), func.min(opens_at).filter(is_planned))
        .join(
            Wave,
            (col(Wave.tenant_id) == col(Campaign.tenant_id)) & (col(Wave.campaign_id) == col(Campaign.campaign_id)),
        )
        .where(
            col(Campaign.tenant_id) == campaign.tenant_id,
            col(Campaign.campaign_id) != campaign.campaign_id,
            (col(Wave.state) != WaveState.cancelled) | has_interim,
            col(Wave.closes_at).is_(None) | (col(Wave.closes_at) > now - NEAR),
        )
        .group_by(col(Campaign.tenant_id), col(Campaign.campaign_id))
        .order_by(col(Campaign.campaign_id))
    )
    found: list[tuple[Campaign, list[date]]] = []
    for other, last, following in (await tx.execute(statement)).all():
        days = [moment.date() for moment in (last, following) if moment is not None]
        found.append((other, days or [now.date()]))
    return found


async def _texts(tx: AsyncSession, campaign: Campaign) -> set[str]:
    """A campaign's questions, in whatever language, by their letters and figures alone: however these are spelt."""
    version = await tx.get_one(QuestionnaireVersion, (campaign.tenant_id, campaign.questionnaire_id, campaign.version))
    return {_plain(words) for item in version.document["items"] for words in item["text"].values()}


def _plain(words: str) -> str:
    kept = "".join(char for char in unicodedata.normalize("NFKC", words).casefold() if char.isalnum())
    return kept or words


async def _tops(tx: AsyncSession, tenant: UUID) -> list[UUID]:
    in_line = col(OrgUnit.hierarchy) == LINE
    tops = (col(OrgUnit.tenant_id) == tenant) & col(OrgUnit.parent_id).is_(None) & in_line
    return list((await tx.scalars(select(col(OrgUnit.unit_id)).where(tops))).all())
