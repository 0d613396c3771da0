"""The few cryptographic moves we make, MACs and key files (the sealed boxes are libsodium's).

Key files hold 32 random bytes, readable by their owner alone. The folder `api/` is for the process that takes
answers, `work/` for the one that opens them and signs certificates; nothing in `api/` opens anything.
"""

import hashlib
import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from service.kit.mendable import Mendable

KEY_BYTES = 32
MAC_BYTES = 16


class KeyMissing(Mendable):
    """A key file is absent or not 32 bytes; `pouls keys init` makes the ones that are missing."""

    def __init__(self, file: str) -> None:
        super().__init__(f"a key file is missing; run `pouls keys init` (file: {file})")


def mac(key: bytes, purpose: bytes, *parts: bytes) -> bytes:
    """128-bit keyed BLAKE2b over the parts, each preceded by its length, for one purpose (<= 16 bytes)."""
    state = hashlib.blake2b(key=key, digest_size=MAC_BYTES, person=purpose)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()


def derive(key: bytes, purpose: bytes) -> bytes:
    """A 32-byte key for one purpose from a key file's bytes."""
    return hashlib.blake2b(key=key, digest_size=KEY_BYTES, person=purpose).digest()


def same(left: bytes, right: bytes) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(left, right)


def text_of(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def bytes_of(text: str) -> bytes:
    """The bytes behind `text_of`; ValueError for anything that it would not have written."""
    if not text.isascii():
        raise ValueError("not base64")
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if text_of(raw) != text:  # one spelling each: the decoder skips what it does not know
        raise ValueError("not base64")
    return raw


def read_key(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise KeyMissing(path.name) from None
    if len(raw) != KEY_BYTES:
        raise KeyMissing(path.name)
    return raw


def write_new(path: Path, raw: bytes) -> None:
    """Write a secret durably for its owner alone; never over an existing one."""
    for folder in reversed(path.parents):  # each one for the owner alone: `parents=True` would leave them open
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, raw)
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(draft, path)  # atomic, and fails where the name is taken
    finally:
        draft.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names that were added or removed outlive a power cut."""
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def ensure_key(path: Path) -> None:
    """Make a key file where there is none."""
    if not path.exists():
        try:
            write_new(path, secrets.token_bytes(KEY_BYTES))
        except FileExistsError:
            return  # another process was first; its key counts
