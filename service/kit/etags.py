"""Entity tags (RFC 9110): what a reader holds, and what a writer has seen. Pure."""

from collections.abc import Iterator

ANY = "*"


def tag(of: object) -> str:
    """A strong entity tag."""
    return f'"{of}"'


def held(etag: str, if_none_match: str | None) -> bool:
    """Whether the reader has it already; a weak tag will do for that."""
    return any(name in {etag, ANY} for name in _names(if_none_match or "", "W/"))


def meant(etag: str, if_match: str) -> bool:
    """Whether the writer has seen just this; a weak tag says nothing of that."""
    return any(name in {etag, ANY} for name in _names(if_match))


def _names(header: str, prefix: str = "") -> Iterator[str]:
    return (name.strip().removeprefix(prefix) for name in header.split(","))
