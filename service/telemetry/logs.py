"""JSON lines on standard error, ours and the libraries', without exception texts: those may quote a row."""

import json
import logging
import sys
from typing import Any

import structlog
from pydantic_core import PydanticSerializationError, to_json
from structlog.typing import EventDict, WrappedLogger

QUIET = ("uvicorn.access", "sqlalchemy.engine", "alembic", "httpx2", "httpcore2")


def _without_exception_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error:
        kind = error[0] if isinstance(error, tuple) else type(error) if isinstance(error, BaseException) else None
        event["problem"] = kind.__name__ if kind else "exception"
    return event


def rendered(event: EventDict, **_: Any) -> bytes:
    """The event as JSON: a line is written for each request, and the standard library's takes five times as long."""
    try:
        return to_json(event, fallback=repr)
    except PydanticSerializationError:  # a name of a file that is no UTF-8
        return json.dumps(event, default=repr).encode()


def configure(level: str) -> None:
    """Set up structlog and route the standard library's records through the same renderer."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_exception_text,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(rendered)],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
