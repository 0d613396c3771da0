"""The files of the keys that sign access tokens: made, and replaced. What the commands need, and nothing else.

A file's name holds a UUIDv7, the `kid` of its key, so that names tell how old each is, and when it takes over from the
one before: some minutes after it was made, when every process has read it. The files lie beside the other key of the
API process, and in no folder of their own: a Kubernetes secret has none.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from service.kit.crypto import KEY_BYTES, KeyMissing, sync_folder, write_new
from service.kit.ids import new_id

LIFETIME = timedelta(minutes=10)
LEEWAY = timedelta(minutes=1)
"""Between the clocks of several machines."""
COPIED = timedelta(minutes=1)
"""What whoever rotates has, to put the new file on every machine, or into the secret."""
MOUNTED = timedelta(minutes=2)
"""Until a node shows a secret that was changed: it looks once a minute, into a cache of a minute. A folder's change is
seen at the next token, so a process adds nothing to that."""
CACHED = timedelta(minutes=1)
"""How old a copy of the public keys may be, which others verify tokens by: what `/.well-known/jwks.json` allows."""
SIGNS_AFTER = COPIED + MOUNTED + CACHED + LEEWAY
"""From then on a new key signs: five minutes. Until then the one before it does, and all learn of the new one."""
_PREFIX, _SUFFIX = "oauth-", ".key"
_VERSION = 7
_EPOCH = datetime.fromtimestamp(0, UTC)
_TICK = timedelta(milliseconds=1)


def folder_of(keys_dir: Path) -> Path:
    """In the part of the key folder that the API process reads."""
    return keys_dir / "api"


def file_of(folder: Path, kid: str) -> Path:
    return folder / f"{_PREFIX}{kid}{_SUFFIX}"


def ends_of(folder: Path) -> dict[str, datetime | None]:
    """The `kid`s, oldest first, each with the moment from which no token of its is good; None for the newest.

    Raises KeyMissing where there is none.
    """
    # A name whose file is gone is none: names in a mounted secret are links, which outlast their files for a moment.
    files = (file for file in folder.glob(f"{_PREFIX}*{_SUFFIX}") if file.is_file())
    names = sorted(kid for kid in (file.stem.removeprefix(_PREFIX) for file in files) if _is_ours(kid))
    if not names:
        raise KeyMissing(f"{_PREFIX}*{_SUFFIX}")
    ends: dict[str, datetime | None] = {
        kid: made_at(successor) + SIGNS_AFTER + LIFETIME + LEEWAY for kid, successor in pairwise(names)
    }
    return ends | {names[-1]: None}


def signer_of(kids: Iterable[str], now: datetime) -> str:
    """Of these, the newest that everybody has had time to read; where there is none yet, the first of all, at once."""
    oldest, *others = sorted(kids)
    return next((kid for kid in reversed(others) if now - made_at(kid) >= SIGNS_AFTER), oldest)


def made_at(kid: str) -> datetime:
    return datetime.fromtimestamp((UUID(hex=kid).int >> 80) / 1000, UTC)


def ensure(folder: Path) -> None:
    """Make the first key where there is none."""
    try:
        ends_of(folder)
    except KeyMissing:
        _make(folder, datetime.now(UTC))


def rotate(folder: Path, now: datetime) -> str:
    """A new key, which signs five minutes from now; those whose tokens have all run out are removed. Its `kid`."""
    ends = ends_of(folder)
    ended = [kid for kid, ends_at in ends.items() if ends_at is not None and ends_at <= now]
    # Its name tells that it is the newest, whatever the clocks say.
    made = _make(folder, max(now, made_at(max(ends)) + _TICK))
    for kid in ended:
        file_of(folder, kid).unlink()
    sync_folder(folder)
    return made


def _is_ours(kid: str) -> bool:
    try:
        return UUID(hex=kid).hex == kid and UUID(hex=kid).version == _VERSION
    except ValueError:
        return False


def _make(folder: Path, now: datetime) -> str:
    kid = new_id((now - _EPOCH) // _TICK).hex
    write_new(file_of(folder, kid), secrets.token_bytes(KEY_BYTES))
    return kid
