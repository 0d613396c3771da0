"""Whose page calls: ours, or another."""

import pytest

from service.kit.cross_origin import foreign_origin, origin_of


def called(origin: str | None, host: str = "pouls.example", own: str | None = None) -> str | None:
    headers = [(b"host", host.encode()), *([] if origin is None else [(b"origin", origin.encode())])]
    return foreign_origin({"headers": headers}, own)


@pytest.mark.parametrize("own", [None, "https://pouls.example", "https://Pouls.example:443/under/a/path"])
def test_ours_is_not_foreign(own: str | None) -> None:
    assert called(None, own=own) is None
    assert called("https://pouls.example", own=own) is None
    assert called("https://evil.example", own=own) == "https://evil.example"


def test_where_the_settings_say_where_we_are_the_host_that_was_called_says_nothing() -> None:
    """A name of somebody else's may lead to us; and over plain HTTP anybody may have written the page."""
    own = "https://pouls.example"
    assert called("http://evil.example", "evil.example", own) == "http://evil.example"
    assert called("http://pouls.example", own=own) == "http://pouls.example"


@pytest.mark.parametrize("strange", ["", "null", "http://[", "https://pouls.example.evil.example", "https://"])
def test_what_is_no_origin_is_foreign(strange: str) -> None:
    assert called(strange) == strange
    assert called(strange, own="https://pouls.example") == strange


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://pouls.example/a", "https://pouls.example"),
        ("http://pouls.example:80", "http://pouls.example"),
        ("https://pouls.example:8443/", "https://pouls.example:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin
