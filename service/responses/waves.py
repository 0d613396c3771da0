"""Waves as the intake needs them: the compiled questionnaire and the public key, kept in memory after first use.

Everything kept here is fixed at launch; whether the wave is open is asked again in every commit.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.codes import ids_of
from service.campaigns.promises.contract import ContractAltered, Notary, digest
from service.campaigns.tables import Campaign, Wave
from service.campaigns.taking_part import openings
from service.campaigns.taking_part.participation import takes_answers
from service.campaigns.taking_part.teams import Team, Teams
from service.campaigns.thresholds import smallest_class
from service.kit.db import Database
from service.problems import NotFound
from service.questionnaires.asked import asked
from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.tables import QuestionnaireVersion
from service.responses.sheet import Sheet

KEPT = 1000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LaunchedWave:
    """What was fixed at launch."""

    tenant_id: UUID
    wave_id: UUID
    public_key: bytes
    document: Document
    sheet: Sheet
    contract: dict[str, Any]
    contract_digest: str
    later: Mapping[int, datetime]
    """By label of a class whose zone opens after the wave does: when it does."""


class Waves:
    """Launched waves by id, the last thousand used."""

    def __init__(self, database: Database, notary: Notary) -> None:
        self._database = database
        self._notary = notary
        self._kept: OrderedDict[bytes, LaunchedWave] = OrderedDict()
        self._loading = asyncio.Lock()
        self._teams = Teams()

    async def get(self, place: bytes) -> LaunchedWave:
        """The wave of a code or an address. Raises NotFound."""
        found = self._kept.get(place)
        if found is not None:
            self._kept.move_to_end(place)
            return found
        async with self._loading:  # at nine o'clock a thousand people ask for one wave: it is loaded once
            found = self._kept.get(place)
            if found is None:
                found = self._kept[place] = await self._load(*ids_of(place))
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return found

    async def takes_answers(self, tenant: UUID, wave: UUID, now: datetime) -> bool:
        """Whether the wave does now. Raises NotFound."""
        async with self._database.transaction(tenant) as tx:
            row = await tx.get(Wave, (tenant, wave))
            if row is None:
                raise NotFound
            return takes_answers(row, now)

    async def team(self, tx: AsyncSession, wave: LaunchedWave, label: int) -> Team | None:
        """The team of a class's people; None where the wave has no such class any more."""
        enough = smallest_class(wave.contract["policy"])
        return await self._teams.of(tx, wave.tenant_id, wave.wave_id, label, enough)

    async def _load(self, tenant: UUID, wave: UUID) -> LaunchedWave:
        async with self._database.transaction(tenant) as tx:
            row = await tx.get(Wave, (tenant, wave))
            campaign = await tx.get(Campaign, (tenant, row.campaign_id)) if row else None
            version = (
                await tx.get(QuestionnaireVersion, (tenant, campaign.questionnaire_id, campaign.version))
                if campaign
                else None
            )
            if row is None or campaign is None or version is None:
                raise NotFound
            try:
                contract = self._notary.of_wave(row, campaign)
                whole = Document.stored(version.document)
                agreed = (str(wave), whole.digest())
                if agreed != (contract["wave"]["id"], contract["questionnaire"]["digest"]):
                    raise ContractAltered  # noqa: TRY301 - one way out for all that does not fit the contract
            except (ContractAltered, DocumentRefused):
                log.error("a wave does not fit its contract", wave=str(wave))  # somebody wrote to the database
                raise NotFound from None
            # The key of the contract, not of the row: only the contract is authenticated.
            public_key = bytes.fromhex(contract["wave"]["public_key"])
            document = asked(whole, contract["items"]) if "items" in contract else whole
            later = await openings.of_all(tx, row, contract)
            return LaunchedWave(
                tenant, wave, public_key, document, Sheet.of(document), contract, digest(contract), later
            )
