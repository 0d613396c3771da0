"""What nobody waited for, told by its class: the event loop's own message would quote the error's text."""

import asyncio
from typing import Any

import structlog

from service.problems import place_of_error

log = structlog.get_logger()


def tell_by_name(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The exception handler of our loops."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        log.error("failed with nobody waiting", problem=type(error).__name__, at=place_of_error(error))
    else:
        log.error("failed with nobody waiting")  # its message may show the arguments of a call
