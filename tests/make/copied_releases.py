"""Copies of a release, written past the service, so that there are many rows in little time."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.fixtures.released import Released

_TABLES = ("release", "release_unit", "release_measure", "release_cell")
_MARK = "01ffffff-ffff-7000-8000-"  # a UUID of version 7, after those of every release that is made here


@contextmanager
def copied(released: Released, times: int) -> Iterator[None]:
    """So many releases more with the same rows, each of a wave that is not there, until the end."""
    try:
        new = f"new := ('{_MARK}' || lpad(to_hex(number), 12, '0'))::uuid;"
        rows = "".join(_copy(table, released.release) for table in _TABLES)
        _do(released, f"FOR number IN 1..{times} LOOP {new} {rows} END LOOP;")
        for table in _TABLES:
            released.service.sql(f"ANALYZE {table}")
        yield
    finally:
        _do(released, "".join(f"DELETE FROM {one} WHERE release_id::text LIKE '{_MARK}%';" for one in _TABLES))  # noqa: S608 - names of ours


def _copy(table: str, release: str) -> str:
    more = ", 'wave_id', new" if table == "release" else ""
    row = f"jsonb_populate_record(t, jsonb_build_object('release_id', new{more}))"
    return f"INSERT INTO {table} SELECT ({row}).* FROM {table} t WHERE release_id = '{release}';"  # noqa: S608 - names of ours


def _do(released: Released, statements: str) -> None:
    """Without what keys and triggers would say."""
    body = f"DECLARE new uuid; BEGIN SET LOCAL session_replication_role = replica; {statements} END"
    released.service.sql(f"DO $do$ {body} $do$")
