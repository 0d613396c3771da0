"""The database URL as each of its two readers wants it."""

import pytest
from sqlalchemy.engine import make_url

from service.kit.db import async_url, driver_url

URL = "postgresql://login:p%40ss@host:5433/pouls?sslmode=verify-full&application_name=x"


def test_sqlalchemy_gets_sslmode_under_the_name_it_passes_on() -> None:
    read = async_url(URL)
    assert read.drivername == "postgresql+asyncpg"
    assert dict(read.query) == {"ssl": "verify-full", "application_name": "x"}
    assert str(read.password) == "p@ss"


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_asyncpg_gets_the_url_as_it_was_written(scheme: str) -> None:
    read = make_url(driver_url(URL.replace("postgresql", scheme, 1)))
    assert read == make_url(URL)


@pytest.mark.parametrize("url", ["mysql://host/pouls", "sqlite://", "nonsense"])
def test_another_database_is_refused(url: str) -> None:
    for read in (async_url, driver_url):
        with pytest.raises(Exception, match=r"PostgreSQL|parse"):
            read(url)
