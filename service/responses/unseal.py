"""The opening half of sealed collection: for the worker's release job alone (see the import contracts)."""

from uuid import UUID

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from service.kit.crypto import same
from service.responses.seal import Batch, Seal


class BatchRefused(Exception):
    """A batch does not verify or does not open: it was stuffed, copied, moved or damaged."""


class Opener:
    """Opens one wave's batches."""

    def __init__(self, seal: Seal, tenant: UUID, wave: UUID, private_key: PrivateKey) -> None:
        self._seal = seal
        self._tenant = tenant
        self._wave = wave
        self._box = SealedBox(private_key)

    def records(self, batch: Batch, record_size: int) -> bytes:
        """The batch's records, end to end. Raises BatchRefused."""
        return self._opened(batch, batch.records, batch.response_count * record_size)

    def texts(self, batch: Batch, text_record_size: int, items: int) -> bytes:
        """The batch's text records, one for each response and text item, end to end. Raises BatchRefused."""
        return self._opened(batch, batch.texts, batch.response_count * items * text_record_size)

    def _opened(self, batch: Batch, sealed: bytes, size: int) -> bytes:
        if not same(self._seal.mac_of(self._tenant, self._wave, batch), batch.mac):
            raise BatchRefused
        try:
            opened = bytes(self._box.decrypt(sealed))
        except CryptoError:
            raise BatchRefused from None
        if len(opened) != size:
            raise BatchRefused
        return opened
