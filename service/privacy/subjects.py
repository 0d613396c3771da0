"""What stands for a person in the audit log and with their erasure: a keyed digest of their id. Pure.

Whoever has the id of a person, and asks us, can be told whether that person was exported or erased; whoever has a copy
of the database, and no key, can not try ids until one fits.
"""

from uuid import UUID

from service.kit.crypto import derive, mac


class Subjects:
    """Names people by digests under the intake key."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls subject")

    def name(self, tenant: UUID, source: str, external_id: str) -> str:
        """The same for the same person, and in every tenant another."""
        digest = mac(self._key, b"data subject", tenant.bytes, source.encode(), external_id.encode())
        return f"person:{digest.hex()}"
