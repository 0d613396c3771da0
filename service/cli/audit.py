"""`pouls audit`: judge what `pouls protect` wrote, or a release that the service made."""

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape

from service.cli import audit_files, audit_release
from service.cli.audit_shown import tell
from service.cli.serve import Data
from service.kit.mendable import Mendable

SAFE, UNSAFE, UNREADABLE, NOT_PROVED = 0, 1, 2, 3
BUDGET = 200_000


def audit(
    target: Annotated[str, typer.Argument(help="folder with cells.csv and certificate.json, or the id of a release")],
    table: Annotated[Path | None, typer.Option(help="of a folder: the CSV file of people that was protected")] = None,
    plan: Annotated[Path | None, typer.Option(help="of a folder: the YAML file of its plan; goes with a table")] = None,
    tenant: Annotated[UUID | None, typer.Option(help="of a release: whose it is")] = None,
    data: Data = None,
    former: Annotated[
        list[str] | None,
        typer.Option("--public-key", help="of a release: a former key to trust as well"),
    ] = None,
    budget: Annotated[int, typer.Option(min=1, help="millions of operations for each system of equations")] = BUDGET,
    as_json: Annotated[bool, typer.Option("--json", help="print the verdict as one JSON line")] = False,
) -> None:
    """Prove that what is published isolates no group under k, or show one.

    Of a folder that `pouls protect` wrote: from the rows alone, or with the table of people. Of a release, as the
    operator, who has the database and the worker's keys: signature and hashes, and, while the wave's answers can still
    be opened, the whole proof again, of all its releases together.

    Ends with 0 if safe, 1 if not, 2 if the input can not be read, and 3 if nothing is proved: the work ran out, there
    is no table, or the wave's key is destroyed.
    """
    try:
        if tenant is None:
            said = _of_folder(target, table, plan, budget)
        else:
            said = _of_release(target, table, plan, audit_release.Asked(tenant, data, tuple(former or ()), budget))
    except Mendable as error:
        Console(stderr=True).print(f"[red]pouls:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(UNREADABLE) from None
    if as_json:
        print(json.dumps(said, sort_keys=True))  # noqa: T201 - the option's purpose
    else:
        tell(said)
    raise typer.Exit({"safe": SAFE, "unsafe": UNSAFE}.get(said["verdict"], NOT_PROVED))


def _of_folder(target: str, table: Path | None, plan: Path | None, budget: int) -> dict[str, Any]:
    if _release_id(target) is not None:
        raise audit_files.AuditUnreadable("a release is found by its id and --tenant")
    if not Path(target).is_dir():
        raise audit_files.AuditUnreadable("there is no such folder")
    return audit_files.judged(Path(target), table, plan, budget)


def _of_release(target: str, table: Path | None, plan: Path | None, asked: audit_release.Asked) -> dict[str, Any]:
    release = _release_id(target)
    if release is None:
        raise audit_files.AuditUnreadable("--tenant goes with the id of a release, which this is not")
    if table is not None or plan is not None:
        raise audit_files.AuditUnreadable("a release needs neither --table nor --plan")
    return audit_release.judged(release, asked)


def _release_id(target: str) -> UUID | None:
    try:
        return UUID(target)
    except ValueError:
        return None
