import pytest

from service.kit.accepted import MOST, accepts, languages


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


@pytest.mark.parametrize(
    ("header", "is_accepted"),
    [
        (None, False), ("", False), ("gzip", True), ("br, GZIP", True), ("gzip;q=0.5", True), ("gzip;q=0", False),
        ("br;q=1, gzip;q=0.0", False), ("xgzip", False), ("identity", False),
    ],
)  # fmt: skip
def test_a_coding_is_named_and_not_refused(header: str | None, is_accepted: bool) -> None:
    assert accepts(header, "gzip") is is_accepted
