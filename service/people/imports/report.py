"""A plan and what was refused as the caller reads it, and as much of that as is kept. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from service.people.diff import Kind
from service.people.imports import schemas
from service.people.imports.mapping import LEFT_OUT
from service.people.imports.parse import LISTED, Parsed
from service.people.imports.plan import Entry, Plan

KINDS = {
    Kind.joiner: "joiners",
    Kind.returner: "returners",
    Kind.mover: "movers",
    Kind.leaver: "leavers",
    Kind.changed: "changed",
}


def facts_of(parsed: Parsed, plan: Plan, units_created: int, risks: Sequence[str]) -> dict[str, Any]:
    """What is kept of an import beside whom it changed: numbers, places in the file, reasons; nobody's id."""
    counts = {name: plan.counts[kind] for kind, name in KINDS.items()}
    file: Literal["csv", "xlsx"] = "csv" if parsed.sheet.encoding is not None else "xlsx"
    most = sorted(plan.units.items(), key=lambda pair: (-pair[1].total(), plan.external.get(pair[0], "")))
    units = [
        schemas.ImportUnit(
            unit=plan.external[unit],
            joiners=moved.joiners,
            arrivals=moved.arrivals,
            departures=moved.departures,
            leavers=moved.leavers,
        )
        for unit, moved in most
        if unit in plan.external
    ]
    return {
        "counts": schemas.ImportCounts(
            lines=parsed.lines,
            refused=parsed.refused.lines,
            unchanged=plan.counts[Kind.unchanged],
            units_created=units_created,
            **counts,
        ).model_dump(),
        "risks": list(risks),
        "file": schemas.ImportFile(
            format=file,
            encoding=parsed.sheet.encoding,
            separator=parsed.sheet.separator,
            mapping=mapping_of(parsed),
            left_out=[schemas.ImportColumn(column=at + 1, reason=LEFT_OUT) for at in parsed.columns.left_out],
        ).model_dump(mode="json"),
        "units": [unit.model_dump() for unit in units[:LISTED]],
        "refusals": [reason._asdict() for reason in sorted(parsed.refused.reasons, key=lambda reason: reason.line)],
    }


def mapping_of(parsed: Parsed) -> Any:
    """How the file was read, whole: kept as the source's mapping, it reads the next one alike."""
    found = parsed.found
    return parsed.mapping.model_copy(update={"columns": found.columns, "dimensions": found.dimensions})


def lists_of(listed: Mapping[str, Sequence[Entry]]) -> schemas.ImportLists:
    """The first of each kind."""
    shown = {
        name: [schemas.ImportEntry(**entry._asdict()) for entry in listed.get(kind, ())] for kind, name in KINDS.items()
    }
    return schemas.ImportLists(**shown)


def shown(row: Any, people: schemas.ImportLists | None) -> schemas.PeopleImportOut:
    """An import's row as its caller reads it."""
    return schemas.PeopleImportOut.model_validate({**summary(row).model_dump(), **_rest(row), "people": people})


def summary(row: Any) -> schemas.ImportSummary:
    return schemas.ImportSummary(
        id=row.import_id,
        source=row.source,
        mode=row.mode,
        state=row.state,
        created_at=row.created_at,
        undone_at=row.undone_at,
        counts=schemas.ImportCounts.model_validate(row.facts["counts"]),
    )


def _rest(row: Any) -> dict[str, Any]:
    return {name: row.facts[name] for name in ("risks", "file", "units", "refusals")}
