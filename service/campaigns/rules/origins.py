"""Which pages of other hosts may show a tenant's surveys and results: those whose origin its rules name, and ours.

Where the rules were altered, none may.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from starlette.types import Scope

from service.campaigns.problems import OriginNotAllowed, RulesAltered
from service.campaigns.promises.contract import Notary
from service.campaigns.rules.queries import rules_of
from service.kit.cross_origin import foreign_origin
from service.kit.db import Database

KNOWN_S = 30.0
MOST = 1000


class Origins:
    """The origins of each tenant, looked up. One that is allowed is not looked up again for half a minute."""

    def __init__(
        self, database: Database, notary: Notary, own: str | None, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._notary = notary
        self._own = own
        self._timer = timer
        self._allowed: OrderedDict[tuple[UUID, str], float] = OrderedDict()

    async def of(self, tenant: UUID) -> tuple[str, ...]:
        """As the rules name them now."""
        async with self._database.transaction(tenant) as tx:
            try:
                return (await rules_of(tx, tenant, self._notary)).origins
            except RulesAltered:
                return ()

    async def check(self, scope: Scope, tenant: UUID) -> None:
        """Raises OriginNotAllowed for a request of a page that may not show this tenant's things."""
        origin = foreign_origin(scope, self._own)
        if origin is None or self._allowed.get((tenant, origin), 0.0) > self._timer():
            return
        if origin not in await self.of(tenant):
            self._allowed.pop((tenant, origin), None)
            raise OriginNotAllowed
        self._allowed[tenant, origin] = self._timer() + KNOWN_S
        if len(self._allowed) > MOST:
            self._allowed.popitem(last=False)
