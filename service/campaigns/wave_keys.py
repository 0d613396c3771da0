"""Wave key pairs, made ahead by the worker, which alone can put a private key together again.

The private key is wrapped by the master key and split in two: one half goes into the database, the other into the
key folder. Neither half alone, nor both without the master key, opens anything; deleting the half in the folder
makes every copy of the database worthless for good.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from nacl.public import PrivateKey
from nacl.secret import SecretBox
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.promises.contract import Notary
from service.campaigns.tables import WaveKey
from service.kit.clock import Clock
from service.kit.crypto import KeyMissing, derive, read_key, sync_folder, write_new
from service.kit.ids import new_id
from service.kit.jobs import Due, Handler


class WaveKeys:
    """The worker's key folder."""

    def __init__(self, folder: Path) -> None:
        self._box = SecretBox(derive(read_key(folder / "master.key"), b"pouls wave key"))
        self._folder = folder / "waves"

    def make(self, tenant: UUID) -> tuple[UUID, bytes, bytes]:
        """A new pair: its id, the public key, the half for the database. The other half is on disk already."""
        key = new_id()
        private = PrivateKey.generate()
        wrapped = bytes(self._box.encrypt(bytes(private)))
        kept = secrets.token_bytes(len(wrapped))
        write_new(self._path(tenant, key), kept)
        return key, bytes(private.public_key), _xor(wrapped, kept)

    def private_key(self, tenant: UUID, key: UUID, sealed_half: bytes) -> PrivateKey:
        """The private key, put together. Raises KeyMissing where the half in the folder is gone."""
        path = self._path(tenant, key)
        try:
            kept = path.read_bytes()
        except FileNotFoundError:
            raise KeyMissing(path.name) from None
        return PrivateKey(self._box.decrypt(_xor(sealed_half, kept)))

    def releases(self, tenant: UUID, key: UUID) -> list[str]:
        """What the key folder remembers of the releases made of its answers, first to last."""
        path = self._path(tenant, key).with_suffix(".released")
        return [file.read_text(encoding="ascii") for file in _numbered(path)]

    def released(self, tenant: UUID, key: UUID, release: str, after: Sequence[str] = ()) -> bool:
        """Remember, beside the key, that this release of its answers came after those; False where it knows others.

        Each is one line: its digest, and that of the answers it was made of, so that the next one is made of the same.
        Outside the database, since whoever can write there could make it forget the first release, leave out one
        person's answers, and read them in the difference of the two.
        """
        path = self._path(tenant, key).with_suffix(".released")
        known = self.releases(tenant, key)
        if known == [*after, release]:  # a worker that was stopped before it could commit comes here again
            return True
        if known != list(after):
            return False
        write_new(_number(path, len(known)), release.encode())
        return True

    def destroy(self, tenant: UUID, key: UUID) -> None:
        """Delete the half in the folder; what was sealed to this key can never be opened again."""
        path = self._path(tenant, key)
        # Also what a worker left that was killed between writing the file and naming it.
        if not path.parent.is_dir():
            raise KeyMissing(path.parent.name)  # the folder is away, and its half with it: destroyed is something else
        for left in (*path.parent.glob(f".{key}.*"), path, *_numbered(path.with_suffix(".released"))):
            left.unlink(missing_ok=True)
        sync_folder(path.parent)

    def _path(self, tenant: UUID, key: UUID) -> Path:
        return self._folder / str(tenant) / f"{key}.half"


def _number(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}") if number else path


def _numbered(path: Path) -> list[Path]:
    """The file of each release so far."""
    found: list[Path] = []
    while (file := _number(path, len(found))).exists():
        found.append(file)
    return found


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def maker(keys: WaveKeys, notary: Notary, spare: int, clock: Clock) -> Handler:
    """The job that keeps `spare` unused pairs ready for a tenant."""

    async def make(tx: AsyncSession, due: Due) -> None:
        unused = (col(WaveKey.tenant_id) == due.tenant_id) & col(WaveKey.wave_id).is_(None)
        ready = await tx.scalar(select(func.count()).select_from(WaveKey).where(unused))
        for _ in range(spare - (ready or 0)):
            key, public, half = keys.make(due.tenant_id)
            tx.add(
                WaveKey(
                    tenant_id=due.tenant_id,
                    key_id=key,
                    public_key=public,
                    sealed_half=half,
                    mac=notary.sign_key(due.tenant_id, public),
                    created_at=clock(),
                )
            )
        await tx.flush()

    return make
