"""Handing out participation codes: from the roster of the contract alone, since codes carry their holders' classes."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import queries
from service.campaigns.codes import SERIALS
from service.campaigns.inviting import roster
from service.campaigns.lifecycle import INVITING, WaveState
from service.campaigns.problems import (
    ContractBroken,
    HandedOutAlready,
    RemindersNotPromised,
    TooFewPending,
    WayNotPromised,
    WrongState,
)
from service.campaigns.promises.contract import Notary, participation_of
from service.campaigns.tables import Wave
from service.campaigns.taking_part import lines, snapshot
from service.campaigns.taking_part.kiosk import Kiosk
from service.campaigns.taking_part.snapshot import Marks
from service.campaigns.thresholds import smallest_class
from service.tenants.actions import audit
from service.tenants.principals import Principal


class Handed(NamedTuple):
    """What a wave's codes are made of.

    Attributes:
        unlinked: serials are drawn at random, and remembered nowhere.
        answered: by serial, who is left out because they have answered; None: nobody is.
        links: whether people take part by links; else lines hold codes to type alone.
        kiosk: by serial, the code to type; None: the campaign has no kiosk.
        signed: whether each line of the roster is signed.
    """

    unlinked: bool
    answered: Marks | None
    links: bool
    kiosk: list[str] | None
    signed: bool

    def serial(self, of_roster: int) -> int:
        """The serial of a code for somebody on the roster."""
        return secrets.randbelow(SERIALS) if self.unlinked else of_roster


async def hand_out(
    tx: AsyncSession, caller: Principal, wave: Wave, notary: Notary, kiosk: Kiosk, now: datetime, *, pending: bool
) -> Handed:
    """Let the wave's codes be computed for the caller, of those alone who have not answered where `pending`.

    Raises:
        WrongState: the wave takes no answers, now or soon.
        WayNotPromised: its people take part neither by links nor at a kiosk.
        ContractBroken: somebody wrote to the database.
        RemindersNotPromised, TooFewPending: who has not answered is not told.
        HandedOutAlready: codes that nobody's name is kept with are drawn once.
    """
    if wave.state not in INVITING:
        later = "has no links yet" if wave.state == WaveState.planned else "takes no more answers"
        raise WrongState(f"A wave that is {wave.state} {later}.")
    promised = await check_roster(tx, wave, notary)
    part = participation_of(promised)
    if not {"links", "kiosk"} & set(part["ways"]):
        raise WayNotPromised("Neither links nor codes for a kiosk are among the ways of this campaign.")
    answered = await _answered(tx, wave, promised, now) if pending else None
    unlinked = not part["spending_record"]
    if unlinked:
        await _once(tx, wave)
    codes = await kiosk.codes(tx, wave) if "kiosk" in part["ways"] else None
    act = "invitations.pending" if pending else "invitations.read"
    audit(tx, wave.tenant_id, now, caller.actor, act, str(wave.wave_id))
    await tx.flush()
    return Handed(unlinked, answered, "links" in part["ways"], codes, lines.are_signed(promised))


async def check_roster(tx: AsyncSession, wave: Wave, notary: Notary) -> Mapping[str, Any]:
    """The wave's contract. Raises ContractBroken where it, or the roster, is not the one that was promised."""
    promised = await queries.promised(tx, wave, notary)
    if await roster.digest_now(tx, wave.tenant_id, wave.wave_id) != promised["roster"]["digest"]:
        raise ContractBroken
    if lines.are_signed(promised):
        await lines.check_all(tx, wave, notary)
    return promised


async def _answered(tx: AsyncSession, wave: Wave, promised: Mapping[str, Any], now: datetime) -> Marks:
    """Who has answered, by serial, where at least k people have and k have not."""
    if not participation_of(promised)["reminders"]:
        raise RemindersNotPromised
    k = smallest_class(promised["policy"])
    found = await snapshot.latest(tx, wave, k, now)
    if found is None or (~found.answered).sum() < k:
        raise TooFewPending
    return found.answered


async def _once(tx: AsyncSession, wave: Wave) -> None:
    """The wave's codes are handed out now, and never again, even where their lines do not arrive.

    It is written down before the first line leaves: after one that broke half-way some people have a code already, and
    from a second draw they would have another one, with which they could answer twice.
    """
    mine = (col(Wave.tenant_id) == wave.tenant_id) & (col(Wave.wave_id) == wave.wave_id)
    first = update(Wave).where(mine & ~col(Wave.handed_out)).values(handed_out=True).returning(col(Wave.wave_id))
    if (await tx.execute(first)).one_or_none() is None:
        raise HandedOutAlready(
            "Where lines were lost on the way, close the campaign, or cancel it so that nothing of it is read, and "
            "launch another one: nobody can make these codes again."
        )
