"""What the caller of an import says in the query."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query

from service.kit.text import Slug
from service.people.imports.compare import Mode
from service.people.imports.plan import Risk

Encoding = Literal["utf-8", "utf-16", "windows-1252", "iso-8859-15", "macintosh"]
Separator = Literal["semicolon", "comma", "tab"]
LEAVERS_PERCENT = 10
MOVERS_PERCENT = 25
_FULL = "`full`: whoever of this source is active and in no line has left; `partial`: only lines count"
Source = Annotated[Slug, Query(max_length=63, description="whose ids these are")]
_Percent = Query(ge=0, le=100, description="of the active people of this source; beyond it the import is refused")


@dataclass(frozen=True, slots=True)
class Asked:
    source: str
    mode: Mode
    dry_run: bool
    risk: Risk
    accept_risk: bool
    encoding: str | None
    separator: str | None


def _asked(
    mode: Annotated[Mode, Query(description=_FULL)],
    source: Source = "hris",
    dry_run: Annotated[bool, Query(description="say what would change, and change nothing")] = False,
    max_leavers_percent: Annotated[int, _Percent] = LEAVERS_PERCENT,
    max_movers_percent: Annotated[int, _Percent] = MOVERS_PERCENT,
    accept_risk: Annotated[bool, Query(description="change as much as the file says, whatever the thresholds")] = False,
    encoding: Annotated[Encoding | None, Query(description="of CSV; left out: found out")] = None,
    separator: Annotated[Separator | None, Query(description="of CSV; left out: found out")] = None,
) -> Asked:
    risk = Risk(max_leavers_percent, max_movers_percent)
    return Asked(source, mode, dry_run, risk, accept_risk, encoding, separator)


AskedImport = Annotated[Asked, Depends(_asked)]
