"""One pure ASGI layer around everything: request id, metrics, access log.

Logged: method, route template, status, time. Never: query string, path values, body, headers, address.
"""

import time
from functools import lru_cache
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kit.ids import new_id
from service.problems import Internal, place_of_error
from service.telemetry import metrics

log = structlog.get_logger("access")
UNROUTED = "unrouted"
TOLD = "pouls.told"
"""In the scope: headers that whoever looked at the request adds to its answer, whatever that will be."""


class Observe:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = new_id().hex
        started = time.perf_counter()
        status = 0
        told: list[tuple[bytes, bytes]] = []
        scope[TOLD] = told

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], *told, (b"x-request-id", request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the last stop: told to the log by name, to the caller not at all
            log.error("request failed", request_id=request_id, problem=type(error).__name__, at=place_of_error(error))
            if not status:
                await Internal().response()(scope, receive, answer)
        finally:
            took = time.perf_counter() - started
            route = _route(scope)
            answered, seconds = _series(scope["method"] if status else "-", route, status)
            answered.inc()
            seconds.observe(took)
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                route=route,
                status=status,
                ms=round(took * 1000, 2),
            )


@lru_cache(maxsize=4_096)
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The counter and the histogram of these labels, which the library looks up under a lock."""
    return metrics.REQUESTS.labels(method, route, status), metrics.REQUEST_SECONDS.labels(route)


def _route(scope: Scope) -> str:
    """The template that matched (`/v1/waves/{wave_id}`), never the path as sent."""
    route: Any = scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    return path if isinstance(path, str) else UNROUTED
