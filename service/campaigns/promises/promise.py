"""What a contract says, put together: of a campaign at its launch, and of each wave at its opening. No I/O.

A campaign's contract holds every rule by which its waves are made, and is never changed. A wave's contract repeats it
and adds what was frozen when the wave opened, so that whoever answers reads one document. Times are text, so that the
digest does not hang on a library's formatting; `wording` turns all of it into sentences.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from service.campaigns.promises.contract import digest
from service.campaigns.tables import Campaign, Wave
from service.questionnaires.tables import QuestionnaireVersion

FORMAT = "pouls-contract/2"
# What every contract says remains possible, by a word for each sentence.
LIMITS = ("all_keys_before_destruction", "order_or_links", "shared_answers", "joint_audiences", "altered_database")
WHO_ANSWERED = "batch_of_a_code"
EVERY_READER, NAMED = "aggregate_readers", "named_recipients"
_OPTIONAL = ("rotation", "sampling", "interim")
_CHOSEN = ("coarse_classes", "comments")


class Frozen(NamedTuple):
    """How many are invited, digests of the lines and of who is counted where, and the plan's dimensions as declared."""

    invited: int
    digest: str
    groups_digest: str
    dimensions: list[dict[str, Any]]


def of_campaign(
    campaign: Campaign, version: QuestionnaireVersion, seed: str, burden: Mapping[str, int] | None
) -> dict[str, Any]:
    """The rules of all its waves.

    Args:
        campaign: as drafted.
        version: what it asks.
        seed: the tenant's, in hex; settles who and what is drawn in which wave.
        burden: how often anybody is invited at most, by the tenant's rules of today; None: they say nothing.
    """
    terms = campaign.asked
    said: dict[str, Any] = {
        "format": FORMAT,
        "tenant": str(campaign.tenant_id),
        "campaign": {"id": str(campaign.campaign_id), "name": campaign.name},
        "questionnaire": {"key": version.document["key"], "version": version.number, "digest": version.digest},
        "audience": terms["audience"],
        "plan": campaign.plan,
        "policy": campaign.policy,
        "participation": terms["participation"],
        "retention_days": campaign.retention_days,
        "recipients": NAMED if terms.get("recipients") else EVERY_READER,
        "seed": seed,
        "known_limits": [*((WHO_ANSWERED,) if terms["participation"]["spending_record"] else ()), *LIMITS],
    }
    said |= {name: terms[name] for name in _OPTIONAL if terms.get(name)}
    said |= {NAMED: terms["recipients"]} if terms.get("recipients") else {}
    said |= {} if burden is None else {"burden": dict(burden)}
    said |= {name: True for name in _CHOSEN if terms.get(name)}
    return said | ({"recuts": True} if campaign.recuts else {})


def of_wave(
    promised: Mapping[str, Any],
    wave: Wave,
    frozen: Frozen,
    openings: Sequence[Mapping[str, Any]],
    items: Sequence[str] | None,
) -> dict[str, Any]:
    """A wave's contract.

    Args:
        promised: the campaign's.
        wave: with its number, times and public key.
        frozen: who is invited.
        openings: when the sites of each zone may answer, where there are several.
        items: those that are asked, where they are drawn from a bank.
    """
    said = dict(promised) | {
        "campaign_contract": digest(promised),
        "wave": {
            "id": str(wave.wave_id),
            "number": wave.number,
            "opens_at": text_of(wave.opens_at),
            "closes_at": text_of(wave.closes_at),
            "public_key": wave.public_key.hex(),
        },
        "roster": {"invited": frozen.invited, "digest": frozen.digest, "groups_digest": frozen.groups_digest},
    }
    said |= {"dimensions": frozen.dimensions} if frozen.dimensions else {}
    said |= {"openings": [dict(opening) for opening in openings]} if openings else {}
    return said | ({"items": list(items)} if items is not None else {})


def recipients_of(contract: Mapping[str, Any]) -> list[str] | None:
    """Whose keys alone read the results, by their ids; None: those of whoever may read results."""
    return [one["id"] for one in contract[NAMED]] if NAMED in contract else None


def text_of(moment: datetime | None) -> str | None:
    """As a contract writes a moment."""
    return None if moment is None else moment.isoformat()
