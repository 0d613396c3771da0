"""What a call asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from service.kit.db import Database
from tests.fixtures.house import House


@contextmanager
def statements(house: House, of: Database | None = None) -> Iterator[list[str]]:
    """The SQL that the API sends meanwhile; or another process's, by its database."""
    database: Database = of or house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types the app as a callable
    engine = database.engine.sync_engine
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
