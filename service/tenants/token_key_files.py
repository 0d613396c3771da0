"""The files of the keys that sign access tokens: made, and replaced. What the commands need, and nothing else.

A file's name holds a UUIDv7, the `kid` of its key, so that names tell which is the newest and when another took over.
The files lie beside the other key of the API process, and in no folder of their own: a Kubernetes secret has none.
"""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from service.kit.crypto import KEY_BYTES, KeyMissing, sync_folder, write_new
from service.kit.ids import new_id

LIFETIME = timedelta(minutes=10)
LEEWAY = timedelta(minutes=1)
"""Between the clocks of several machines."""
_PREFIX, _SUFFIX = "oauth-", ".key"
_VERSION = 7


def folder_of(keys_dir: Path) -> Path:
    """In the part of the key folder that the API process reads."""
    return keys_dir / "api"


def file_of(folder: Path, kid: str) -> Path:
    return folder / f"{_PREFIX}{kid}{_SUFFIX}"


def ends_of(folder: Path) -> dict[str, datetime | None]:
    """The `kid`s, oldest first, each with the moment from which no token of its is good; None for the one that signs.

    Raises KeyMissing where there is none.
    """
    files = folder.glob(f"{_PREFIX}*{_SUFFIX}")
    names = sorted(kid for kid in (file.stem.removeprefix(_PREFIX) for file in files) if _is_ours(kid))
    if not names:
        raise KeyMissing(f"{_PREFIX}*{_SUFFIX}")
    later = [_made_at(successor) + LIFETIME + LEEWAY for successor in names[1:]]
    return dict(zip(names, [*later, None], strict=True))


def ensure(folder: Path) -> None:
    """Make the first key where there is none."""
    try:
        ends_of(folder)
    except KeyMissing:
        _make(folder)


def rotate(folder: Path, now: datetime) -> str:
    """A new key that signs from now on; those whose tokens have all run out are removed. Returns its `kid`."""
    ended = [kid for kid, ends_at in ends_of(folder).items() if ends_at is not None and ends_at <= now]
    made = _make(folder)
    for kid in ended:
        file_of(folder, kid).unlink()
    sync_folder(folder)
    return made


def _is_ours(kid: str) -> bool:
    try:
        return UUID(hex=kid).hex == kid and UUID(hex=kid).version == _VERSION
    except ValueError:
        return False


def _made_at(kid: str) -> datetime:
    return datetime.fromtimestamp((UUID(hex=kid).int >> 80) / 1000, UTC)


def _make(folder: Path) -> str:
    kid = new_id().hex
    write_new(file_of(folder, kid), secrets.token_bytes(KEY_BYTES))
    return kid
