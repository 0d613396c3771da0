"""The load of a walk: one client that reads page after page by `@odata.nextLink` to the end, without parsing them."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.load import LoadFailed

_LINK = re.compile(rb'"@odata\.nextLink":"([^"\\]*)"')
_TAIL = 2000
"""Bytes at the end of a page, among which the link is."""
_ROW = b'{"Id":'


@dataclass(frozen=True, slots=True)
class Walked:
    """How fast it went, and what was read: rows are counted where somebody wants to know."""

    mb_per_second: float
    mb: float
    rows: int = 0


def _pages(url: str, path: str, headers: dict[str, str]) -> Iterator[bytes]:
    where = urlsplit(url)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=300)
    following: str | None = path
    try:
        while following is not None:
            connection.request("GET", following, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise LoadFailed(f"a page answered {answer.status}")
            yield body
            found = _LINK.search(body, max(0, len(body) - _TAIL))
            following = None if found is None else _below(found[1].decode("ascii"))
    finally:
        connection.close()


def _below(link: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def walk(url: str, path: str, headers: dict[str, str]) -> Walked:
    """From the first page to the last. Raises LoadFailed for a page that is not there."""
    begun = time.perf_counter()
    mb = sum(len(body) for body in _pages(url, path, headers)) / 1e6
    return Walked(mb / (time.perf_counter() - begun), mb)


def kept(url: str, path: str, headers: dict[str, str], folder: Path, called: str) -> Walked:
    """Walk once and put the pages into a folder, as `0`, `1` and so on; `called` is where they will be found.

    They are the same bytes, but for the links, which lead from one of them to the next.
    """
    begun, size, rows = time.perf_counter(), 0, 0
    for number, body in enumerate(_pages(url, path, headers)):
        size += len(body)
        rows += body.count(_ROW)
        link = f'"@odata.nextLink":"{called}{number + 1}"'.encode()
        (folder / str(number)).write_bytes(body[:-_TAIL] + _LINK.sub(link, body[-_TAIL:]))
    return Walked(size / 1e6 / (time.perf_counter() - begun), size / 1e6, rows)
