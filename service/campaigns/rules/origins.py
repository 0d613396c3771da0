"""Which pages of other hosts may show a tenant's surveys and results: those whose origin its rules name, and ours.

Where the rules were altered, none may. What the rules say is kept for half a minute; an origin that is not among them
is looked up again after two seconds, so that somebody who has just named it need not wait.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Scope

from service.campaigns.problems import OriginNotAllowed, RulesAltered
from service.campaigns.promises.contract import Notary
from service.campaigns.rules.queries import rules_of
from service.kit.cross_origin import foreign_origin
from service.kit.db import Database

KNOWN_S, FRESH_S = 30.0, 2.0
MOST = 1000


@dataclass(frozen=True, slots=True)
class _Known:
    origins: tuple[str, ...]
    since: float


class Origins:
    """The origins of each tenant; `own` is where people find this service, where the settings say so."""

    def __init__(
        self, database: Database, notary: Notary, own: str | None, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._notary = notary
        self._own = own
        self._timer = timer
        self._known: OrderedDict[UUID, _Known] = OrderedDict()

    async def of(self, tenant: UUID, tx: AsyncSession | None = None, at_most_s: float = FRESH_S) -> tuple[str, ...]:
        """As the rules named them so long ago at most.

        Args:
            tenant: whose.
            tx: a transaction of this tenant's, where there is one: a second connection could not be had by all at once.
            at_most_s: in seconds.
        """
        known = self._known.get(tenant)
        if known is None or known.since + at_most_s <= self._timer():
            known = self._known[tenant] = _Known(await self._look(tenant, tx), self._timer())
        self._known.move_to_end(tenant)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return known.origins

    def is_foreign(self, scope: Scope) -> bool:
        """Whether the page of a browser calls that is not ours."""
        return foreign_origin(scope, self._own) is not None

    async def check(self, scope: Scope, tenant: UUID, tx: AsyncSession | None = None) -> None:
        """Raises OriginNotAllowed for a request of a page that may not show this tenant's things."""
        origin = foreign_origin(scope, self._own)
        if origin is None or origin in await self.of(tenant, tx, KNOWN_S) or origin in await self.of(tenant, tx):
            return
        raise OriginNotAllowed

    async def _look(self, tenant: UUID, tx: AsyncSession | None) -> tuple[str, ...]:
        if tx is None:
            async with self._database.transaction(tenant) as own:
                return await self._look(tenant, own)
        try:
            return (await rules_of(tx, tenant, self._notary)).origins
        except RulesAltered:
            return ()
