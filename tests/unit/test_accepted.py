import pytest

from service.kit.accepted import MOST, languages


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, ()),
        ("", ()),
        ("fr", ("fr",)),
        ("de, en;q=0.8, fr-CA;q=0.9", ("de", "fr-CA", "en")),
        ("en;q=0, *", ()),
        ("en; q=0.5 ,fr", ("fr", "en")),
        ("en;q=2, fr", ("en", "fr")),
        ("nonsense language, fr", ("fr",)),
        (",".join(["fr"] * 50), ("fr",) * MOST),
        ("x" * 10**6, ()),
    ],
)
def test_languages_come_by_their_qualities(header: str | None, found: tuple[str, ...]) -> None:
    assert languages(header) == found
