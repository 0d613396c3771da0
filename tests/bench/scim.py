"""`python -m tests.bench.scim`: a page of 100 out of 100,000 Users, by how deep it lies, beside the first page.

The service runs as deployed, on an embedded PostgreSQL. The people are written by SQL, right into the tables and
without a vacuum after it, so that an index-only walk still has to look at the rows' visibility: the worst of a young
table; then once more after a vacuum. Pages are asked for in turns with the first one, and medians are compared.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx2
from rich.console import Console
from rich.table import Table

from tests.bench import house
from tests.bench.ground import Ground, ground

COUNT = 100
TWICE = 2.0
PEOPLE = """
    INSERT INTO person (tenant_id, person_id, source, external_id, dimensions, is_active, name)
    SELECT $1, ('01990000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'scim', 'E' || n, '{}', n % 10 <> 0,
           'Person ' || n
    FROM generate_series(1, $2::int) n
"""
USERS = """
    INSERT INTO scim_user (tenant_id, person_id, user_name, external_id, directory, updated_at)
    SELECT tenant_id, person_id, 'user' || md5(external_id) || '@firm.example', external_id,
           jsonb_build_object('kept', said, 'keys', said), now()
    FROM person, jsonb_build_object('userName', 'user' || md5(external_id) || '@firm.example', 'externalId',
         external_id, 'displayName', lower(name), 'active', is_active, 'preferredLanguage', 'fr') said
    WHERE tenant_id = $1
"""
KINDS: dict[str, dict[str, str]] = {
    "in order of arrival": {},
    "by userName": {"sortBy": "userName"},
    "by userName, descending": {"sortBy": "userName", "sortOrder": "descending"},
    "by displayName": {"sortBy": "displayName"},
    "active alone": {"filter": "active eq true"},
    "userName begins with": {"filter": 'userName sw "user"'},
}
DEPTHS = (0.1, 0.5, 0.9, 0.999)


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    tenant: UUID
    key: str


@contextmanager
def serving(ground: Ground) -> Iterator[Served]:
    """`pouls serve` for a key that may call more often than a minute has seconds."""
    tenant_id, keys = house.a_tenant(ground)
    with house.serving(ground, "serve", POULS_LIMITS_REQUESTS_A_MINUTE="1000000") as api:
        yield Served(api.line["url"], tenant_id, keys["people:write"])


def _page(client: httpx2.Client, start: int, query: dict[str, str]) -> float:
    """Seconds that a page takes, which must be whole."""
    begun = time.perf_counter()
    answer = client.get("/scim/v2/Users", params={"startIndex": start, "count": COUNT, **query})
    took = time.perf_counter() - begun
    answer.raise_for_status()
    shown = answer.json()
    if len(shown["Resources"]) != min(COUNT, max(0, shown["totalResults"] - start + 1)):
        raise RuntimeError("a page is not whole")
    return took


def _compare(client: httpx2.Client, rounds: int, query: dict[str, str]) -> tuple[float, list[float]]:
    """The first page's median, and how many times as long each deep page's is; asked for in turns."""
    total = client.get("/scim/v2/Users", params={"count": 0, **query}).json()["totalResults"]
    starts = [1, *(max(1, min(int(total * depth), total - COUNT + 1)) for depth in DEPTHS)]
    seconds: dict[int, list[float]] = {start: [] for start in starts}
    for start in starts:
        _page(client, start, query)
    for _ in range(rounds):
        for start in starts:
            seconds[start].append(_page(client, start, query))
    first = statistics.median(seconds[1])
    return first, [statistics.median(seconds[start]) / first for start in starts[1:]]


def _measured(served: Served, people: int, rounds: int, title: str, console: Console) -> float:
    """Prints a table; returns the worst ratio."""
    table = Table(title=f"{title}: {people:,} Users, pages of {COUNT}, medians of {rounds}")
    table.add_column("asked")
    table.add_column("first, ms", justify="right")
    for depth in DEPTHS:
        table.add_column(f"at {depth:.1%}", justify="right")
    worst = 0.0
    headers = {"Authorization": f"Bearer {served.key}"}
    with httpx2.Client(base_url=served.url, headers=headers, timeout=60) as client:
        for name, query in KINDS.items():
            first, ratios = _compare(client, rounds, query)
            worst = max(worst, *ratios)
            table.add_row(name, f"{first * 1000:.1f}", *(f"{ratio:.2f}" for ratio in ratios))
    console.print(table)
    return worst


def main() -> int:
    """The status is 1 where a page takes more than twice as long as the first one of its kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    console = Console()
    with ground() as base, serving(base) as served:
        base.sql(PEOPLE, served.tenant, given.people)
        base.sql(USERS, served.tenant)
        base.sql("ANALYZE person, scim_user")
        worst = _measured(served, given.people, given.rounds, "never vacuumed", console)
        base.sql("VACUUM ANALYZE person, scim_user")
        worst = max(worst, _measured(served, given.people, given.rounds, "vacuumed", console))
    console.print(f"worst: {worst:.2f} times the first page")
    return int(worst > TWICE)


if __name__ == "__main__":
    sys.exit(main())
