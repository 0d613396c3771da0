"""How often an API key may call. Counted by key, never by address: an office has one address.

Each answer to a known key says where it stands, a refusal too. Wrong secrets are counted apart, so that whoever knows
a key's id alone can not use up its calls.
"""

from uuid import UUID

from fastapi import Request

from service.kit.limits import FailureLimit
from service.kit.rates import Counter, Policy, Standing
from service.problems import RateLimited
from service.telemetry.observe import TOLD

WRONG_SECRETS_A_MINUTE = 60
_COUNTED = "pouls.counted"


class RateLimits:
    """The policies, and where they are counted."""

    def __init__(self, counter: Counter, requests_a_minute: int, tokens_a_minute: int) -> None:
        self._counter = counter
        self._requests = Policy("default", requests_a_minute)
        self._tokens = Policy("tokens", tokens_a_minute)
        self._failures = FailureLimit(WRONG_SECRETS_A_MINUTE)

    async def count(self, request: Request, key_id: UUID) -> None:
        """Count a call of a key whose secret is right, once a request. Raises RateLimited."""
        if _COUNTED not in request.scope:
            request.scope[_COUNTED] = True
            self._tell(request, await self._counter.hit(self._requests, key_id.hex))

    async def count_token(self, request: Request, key_id: UUID) -> None:
        """Count an access token that is asked for. Raises RateLimited."""
        self._tell(request, await self._counter.hit(self._tokens, key_id.hex))

    def count_failure(self, key_id: UUID) -> None:
        """Count a wrong secret for a key's id. Raises RateLimited."""
        if not self._failures.allows(key_id.hex):
            raise RateLimited(60)

    @staticmethod
    def _tell(request: Request, standing: Standing) -> None:
        told = request.scope.get(TOLD)
        if told is not None:
            told.append((b"ratelimit-policy", standing.policy.header.encode()))
            told.append((b"ratelimit", standing.header.encode()))
        if not standing.allowed:
            raise RateLimited(standing.reset_s)
