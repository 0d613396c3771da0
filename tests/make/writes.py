"""Every operation that writes: how it is called, a body that it accepts, and ways to spoil that."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.fixtures.house import TenantUnderTest
from tests.make.wire import Sent, raw
from tests.make.world import QUESTIONNAIRE

CAMPAIGN: dict[str, Any] = {
    "name": "Diagnostic",
    "questionnaire": "small",
    "audience": {"source": "hris", "units": ["TOP"]},
    "plan": {"breakdowns": [["org"]]},
    "policy": {"k_mean": 5, "k_distribution": 10, "k_sensitive": 10, "k_comment": 10, "collusion": 0},
    "retention_days": 30,
}
WRITES: dict[str, tuple[str | None, str, str]] = {
    "units": ("people:write", "PUT", "/v1/org-units"),
    "people": ("people:write", "PUT", "/v1/people"),
    "dimensions": ("people:write", "PUT", "/v1/dimensions"),
    "questionnaire": ("questionnaires:write", "POST", "/v1/questionnaires"),
    "campaign": ("campaigns:write", "POST", "/v1/campaigns"),
    "key": ("admin", "POST", "/v1/api-keys"),
    "respond": (None, "POST", "/v1/respond"),
}


def send(tenant: TenantUnderTest, name: str, body: bytes, kind: bytes = b"application/json", query: str = "") -> Sent:
    scope, method, path = WRITES[name]
    headers = {"content-type": kind}
    if scope is not None:
        headers["authorization"] = b"Bearer " + tenant.keys[scope].encode()
    return raw(tenant.house, method, path + query, headers=headers, chunks=[body])


def valid(code: str) -> dict[str, Any]:
    """A body that each write accepts, after `a_launched_wave`."""
    answers = {"load": 1, "help": 5, "place": "home", "tools": ["chat"], "years": 3, "comment": "ok"}
    return {
        "units": [{"external_id": "N", "name": "New", "source": "hris", "parent": "TOP", "active": True}],
        "people": [
            {"external_id": "N-1", "unit": "A", "source": "hris", "language": "fr", "dimensions": {}, "active": True}
        ],
        "dimensions": [{"name": "site", "values": [{"id": "lyon", "label": {"fr": "Lyon"}}]}],
        "questionnaire": QUESTIONNAIRE | {"key": "another"},
        "campaign": CAMPAIGN,
        "key": {"name": "BI", "scopes": ["aggregates:read"], "expires_at": None},
        "respond": {"code": code, "nonce": "c29tZTE2cmFuZG9tYnl0ZQ", "answers": answers},
    }


def leaves(value: Any) -> list[tuple[str | int, ...]]:
    """The places of values in a body; of the entries of a list that are alike, one place of each kind."""
    kinds: dict[tuple[str | int, ...], tuple[str | int, ...]] = {}
    for path in _all_places(value):
        kinds.setdefault(tuple("#" if isinstance(step, int) else step for step in path), path)
    return list(kinds.values())


def _all_places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, entry in entries:
        yield from _all_places(entry, (*path, step))


def spoilt(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """The body with another value at a place."""
    if not path:
        return value
    out = deepcopy(body)
    at = out
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return out
