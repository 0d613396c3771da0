"""The closing half of sealed collection: what the API process can do. It can not open what it closes."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from nacl.public import PublicKey, SealedBox

from service.kit.crypto import derive, mac


@dataclass(frozen=True, slots=True)
class Batch:
    """Sealed answers as stored: how many, on what day, two ciphertexts, and the MAC over all of it."""

    batch_id: UUID
    received_on: date
    response_count: int
    records: bytes
    texts: bytes
    mac: bytes = b""


class Seal:
    """Seals batches to a wave's public key and signs them with the intake MAC key."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls batch")

    def close(
        self, tenant: UUID, wave: UUID, public_key: bytes, batch_id: UUID, day: date, records: list[bytes], texts: bytes
    ) -> Batch:
        """One batch. `records` must be shuffled already; all have one width, so lengths tell only the count."""
        box = SealedBox(PublicKey(public_key))
        # Texts are absent only where the questionnaire has no text item, for the whole wave alike.
        closed = Batch(
            batch_id,
            day,
            len(records),
            bytes(box.encrypt(b"".join(records))),
            bytes(box.encrypt(texts)) if texts else b"",
        )
        return Batch(
            closed.batch_id,
            closed.received_on,
            closed.response_count,
            closed.records,
            closed.texts,
            self.mac_of(tenant, wave, closed),
        )

    def mac_of(self, tenant: UUID, wave: UUID, batch: Batch) -> bytes:
        """Binds the batch to its tenant, wave, id, day and count: a copied, moved or altered row does not verify."""
        return mac(
            self._key,
            b"batch",
            tenant.bytes,
            wave.bytes,
            batch.batch_id.bytes,
            batch.received_on.isoformat().encode(),
            batch.response_count.to_bytes(4, "big"),
            batch.records,
            batch.texts,
        )
