"""What the caller of an import says in the query."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import ValidationError

from service.kit import strict_json
from service.kit.reasons import ParameterFault, fault_at
from service.kit.text import Slug
from service.people.callers import PeopleAdmitted
from service.people.imports.compare import Mode
from service.people.imports.mapping import ImportMapping
from service.people.imports.plan import LEAVERS_PERCENT, MOVERS_PERCENT, SMALL, Risk
from service.problems import Invalid

Encoding = Literal["utf-8", "utf-16", "windows-1252", "iso-8859-15", "macintosh"]
Separator = Literal["semicolon", "comma", "tab"]
_FULL = "`full`: whoever of this source is active and in no line has left; `partial`: only lines count"
_MAPPING = "JSON, as a source's mapping: in place of that one, for this file alone; it is not kept"
MAPPING_LENGTH = 4000
Source = Annotated[Slug, Query(max_length=63, description="whose ids these are")]
_OF_ALL = "% of the active people of this source; beyond it the import is refused; left out:"
_LEAVERS = Query(
    ge=0, le=100, description=f"{_OF_ALL} {LEAVERS_PERCENT}; where they are fewer than {SMALL}, half of them may leave"
)
_MOVERS = Query(
    ge=0, le=100, description=f"{_OF_ALL} {MOVERS_PERCENT}; where they are fewer than {SMALL}, all of them may move"
)


@dataclass(frozen=True, slots=True)
class Asked:
    source: str
    mode: Mode
    dry_run: bool
    risk: Risk
    accept_risk: bool
    encoding: str | None
    separator: str | None
    mapping: ImportMapping | None = None
    """For this file alone; None: the source's own."""


async def _asked(
    _: PeopleAdmitted,
    mode: Annotated[Mode, Query(description=_FULL)],
    source: Source = "hris",
    dry_run: Annotated[bool, Query(description="say what would change, and change nothing")] = False,
    max_leavers_percent: Annotated[int | None, _LEAVERS] = None,
    max_movers_percent: Annotated[int | None, _MOVERS] = None,
    accept_risk: Annotated[bool, Query(description="change as much as the file says, whatever the thresholds")] = False,
    encoding: Annotated[Encoding | None, Query(description="of CSV; left out: found out")] = None,
    separator: Annotated[Separator | None, Query(description="of CSV; left out: found out")] = None,
    mapping: Annotated[str | None, Query(max_length=MAPPING_LENGTH, description=_MAPPING)] = None,
) -> Asked:
    risk = Risk(max_leavers_percent, max_movers_percent)
    said = mapping_of(mapping) if mapping is not None else None
    return Asked(source, mode, dry_run, risk, accept_risk, encoding, separator, said)


def mapping_of(text: str) -> ImportMapping:
    """A mapping in the query. Raises Invalid, which names the places in it."""
    try:
        return ImportMapping.model_validate(strict_json.loads(text.encode()))
    except ValidationError as error:
        found = [fault_at(one["loc"], one) for one in error.errors(include_url=False, include_input=False)]
        reasons = [f"{one.pointer} {one.reason}".strip() for one in found]
    except ValueError:
        reasons = ["is not JSON"]
    raise Invalid(faults=[ParameterFault("mapping", "query", reason) for reason in reasons])


AskedImport = Annotated[Asked, Depends(_asked)]
