"""Calls on webhook endpoints and events, and the worker's part of a delivery."""

from typing import Any

import httpx2

from service.webhooks.deliver import Courier
from tests.fixtures.house import TenantUnderTest
from tests.make.world import ok

ENDPOINTS = "/v1/webhook-endpoints"


def call(tenant: TenantUnderTest, method: str, path: str = "", **request: Any) -> httpx2.Response:
    return tenant.call("webhooks:write", method, f"{ENDPOINTS}{path}", **request)


def events(tenant: TenantUnderTest, **params: Any) -> dict[str, Any]:
    page: dict[str, Any] = ok(tenant.call("webhooks:write", "GET", "/v1/events", params=params))
    return page


def deliver(tenant: TenantUnderTest, courier: Courier) -> int:
    """Let the worker put down what happened, and send it."""
    tenant.house.sweep()
    sent: int = tenant.house.run(courier.deliver)
    return sent
