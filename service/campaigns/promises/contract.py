"""The contract: what respondents are promised, as one canonical JSON, hashed and authenticated at launch. Pure.

Whoever can write to the database, but has no key, can alter rows; what intake and release obey is the contract, and a
contract whose MAC does not verify is obeyed by nobody.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from uuid import UUID

from service.campaigns.terms import WITH_RECORD
from service.kit.crypto import derive, mac, same

FIRST_FORMAT = "pouls-contract/1"


class Contracted(Protocol):
    """A row that holds a contract, or none."""

    contract: dict[str, Any] | None
    contract_digest: str | None
    contract_mac: bytes | None


class ContractedWave(Contracted, Protocol):
    """The same, of a wave."""

    tenant_id: UUID
    wave_id: UUID


class ContractAltered(Exception):
    """The stored contract is not the one that was made at launch."""


def canonical(value: Any) -> bytes:
    """Deterministic JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def groups_digest(
    units: Iterable[tuple[UUID, UUID | None]], classes: Iterable[tuple[int, UUID, Mapping[str, str]]]
) -> str:
    """Over the frozen tree (unit, parent) and the classes (label, unit, values of dimensions): who is counted where."""
    tree = sorted([str(unit), str(parent) if parent else None] for unit, parent in units)
    # A class without values stands as it did before there were any: contracts of that time hold.
    labels = sorted([label, str(unit), *([dict(values)] if values else [])] for label, unit, values in classes)
    return digest([tree, labels])


def participation_of(promised: Mapping[str, Any]) -> Mapping[str, Any]:
    """How people take part, by the contract."""
    found: Mapping[str, Any] = promised.get("participation", WITH_RECORD)
    return found


def holder_of(wave: Contracted, campaign: Contracted) -> Contracted:
    """Which row holds a wave's contract: its own, or its campaign's, from before there were several waves of one."""
    return campaign if wave.contract is None else wave


class Notary:
    """Authenticates contracts, a tenant's rules, and the public keys that the worker makes, under the intake key."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls notary")

    def sign(self, contract: dict[str, Any]) -> bytes:
        return mac(self._key, b"contract", canonical(contract))

    def check(self, contract: dict[str, Any] | None, signed: bytes | None) -> dict[str, Any]:
        """The contract, if it is the one that was signed. Raises ContractAltered."""
        if contract is None or signed is None or not same(self.sign(contract), signed):
            raise ContractAltered
        return contract

    def of_wave(self, wave: ContractedWave, campaign: Contracted) -> dict[str, Any]:
        """The contract of a wave: its own, or its campaign's from before there were several. Raises ContractAltered."""
        holder = holder_of(wave, campaign)
        contract = self.check(holder.contract, holder.contract_mac)
        # What stands with a campaign is its wave's by the first format alone: else whoever empties a row could choose.
        if holder is campaign and contract["format"] != FIRST_FORMAT:
            raise ContractAltered
        # A campaign's rules promise no wave anything yet, and another wave's contract was signed as well.
        if contract.get("wave", {}).get("id") != str(wave.wave_id) or contract["tenant"] != str(wave.tenant_id):
            raise ContractAltered
        return contract

    def of_campaign(self, campaign: Contracted, campaign_id: UUID) -> dict[str, Any]:
        """The rules by which a campaign's next wave is made. Raises ContractAltered."""
        contract = self.check(campaign.contract, campaign.contract_mac)
        if "wave" in contract or contract["campaign"]["id"] != str(campaign_id):
            raise ContractAltered
        return contract

    def seed(self, tenant: UUID) -> str:
        """What all draws of a tenant's campaigns follow from, in hex.

        One for all of them: with a seed for each, whoever launches could launch again until the lot falls as they
        like, and the samples of two campaigns would differ by a few people.
        """
        return mac(self._key, b"seed", tenant.bytes).hex()

    def sign_line(
        self, tenant: UUID, wave: UUID, serial: int, label: int, source: str, external_id: str, name: str | None
    ) -> bytes:
        """That this person has this code, of this class, and this name where names are kept."""
        numbers = serial.to_bytes(8, "big") + label.to_bytes(8, "big")
        person = [each.encode() for each in (source, external_id, name) if each is not None]
        return mac(self._key, b"roster line", tenant.bytes, wave.bytes, numbers, *person)

    def sign_recut(self, tenant: UUID, wave: UUID, recut: UUID, plan: Mapping[str, Any]) -> bytes:
        """What is asked of a wave after its release: without it, whoever writes to the database could ask."""
        return mac(self._key, b"recut", tenant.bytes, wave.bytes, recut.bytes, canonical(plan))

    def sign_rules(self, tenant: UUID, rules: Mapping[str, Any]) -> bytes:
        """What a tenant demands of all its campaigns, and whose sign-in it trusts."""
        return mac(self._key, b"campaign rules", tenant.bytes, canonical(rules))

    def check_rules(self, tenant: UUID, rules: Mapping[str, Any], signed: bytes | None) -> Mapping[str, Any]:
        """The rules, if they are some that were signed for this tenant. Raises ContractAltered."""
        if signed is None or not same(self.sign_rules(tenant, rules), signed):
            raise ContractAltered
        return rules

    def sign_key(self, tenant: UUID, public_key: bytes) -> bytes:
        return mac(self._key, b"wave key", tenant.bytes, public_key)

    def knows_key(self, tenant: UUID, public_key: bytes, signed: bytes) -> bool:
        """Whether the worker made this public key for this tenant."""
        return same(self.sign_key(tenant, public_key), signed)
