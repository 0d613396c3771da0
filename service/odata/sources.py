"""Where the columns of the small sets lie: campaigns, waves, releases, and what their measures are.

A source is rows, columns by name, and what the rows are told apart by. It runs nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Numeric,
    Table,
    Text,
    cast,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from service.kit.columns import metadata
from service.odata import visible
from service.odata.model import Edm
from service.odata.paging import Along
from service.odata.visible import Head
from service.releases.tables import Release
from service.tenants.principals import Principal

Expression = ColumnElement[Any]
Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a statement may look at.

    Attributes:
        needed: columns that are asked about.
        seen: releases that the caller sees, those that are asked about.
        head: the one of them that is looked at; None: all.
        nodes: the places that are looked at, from the first to before the second; None: all.
        known: what is known of measures: their names by release and measure, or, for cells, all of it, see `visible`.
    """

    caller: Principal
    needed: frozenset[str]
    seen: Sequence[UUID] = ()
    head: Head | None = None
    nodes: tuple[int, int] | None = None
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Rows, their columns, conditions that always hold, and the parts of the key in the order of the rows."""

    rows: FromClause
    columns: Mapping[str, Expression]
    key: tuple[Along, ...]
    where: tuple[Condition, ...] = ()


def table_of(model: type[SQLModel]) -> Table:
    """The table of a row model, for statements that read columns and no rows."""
    return metadata.tables[str(model.__tablename__)]


def text(of: Any) -> Expression:
    return cast(of, Text)


def heads(scope: Scope) -> tuple[dict[str, Expression], FromClause | None]:
    """What of the release its rows show, and where that is looked up: nowhere, where it is known."""
    if scope.head is not None:
        one = scope.head
        known: dict[str, Expression] = {
            "ReleaseId": literal(str(one.release_id), Text),
            "CampaignId": literal(one.campaign_id, Text),
            "CampaignName": literal(one.campaign_name, Text),
            "WaveId": literal(str(one.wave_id), Text),
            "WaveNumber": literal(one.wave_number, Integer),
            "ReleasedAt": literal(one.released_at, DateTime(timezone=True)),
        }
        return known, None
    rows = seen(scope)
    return _of_head(rows), rows


def seen(scope: Scope, **more: Expression) -> FromClause:
    """All releases that the caller sees, their manifests opened once each, and more of them."""
    columns = visible.head_columns() | more
    statement = select(*(one.label(name) for name, one in columns.items())).where(
        visible.shown(scope.caller), table_of(Release).c.release_id.in_(scope.seen)
    )
    return statement.cte("head").prefix_with("MATERIALIZED")


def _of_head(rows: FromClause) -> dict[str, Expression]:
    return {
        "ReleaseId": text(rows.c.release_id),
        "CampaignId": rows.c.campaign_id,
        "CampaignName": rows.c.campaign_name,
        "WaveId": text(rows.c.wave_id),
        "WaveNumber": rows.c.wave_number,
        "ReleasedAt": rows.c.released_at,
    }


def campaigns(scope: Scope) -> Source:
    one = seen(scope)
    rows = (
        select(
            one.c.campaign_id.label("id"),
            _named(one).label("names"),
            func.count(one.c.wave_id.distinct()).label("waves"),
            *_span(one),
        )
        .group_by(one.c.campaign_id)
        .subquery("campaign")
    )
    columns = {"Id": rows.c.id, "Name": rows.c.names[1], "Waves": cast(rows.c.waves, Integer)}
    return Source(rows, columns | _spanned(rows), (Along(rows.c.id, Edm.text),))


def waves(scope: Scope) -> Source:
    one = seen(scope)
    rows = (
        select(
            text(one.c.wave_id).label("id"),
            one.c.campaign_id,
            _named(one).label("names"),
            one.c.wave_number,
            *_span(one),
        )
        .group_by(one.c.wave_id, one.c.campaign_id, one.c.wave_number)
        .subquery("wave")
    )
    columns: dict[str, Expression] = {
        "Id": rows.c.id,
        "CampaignId": rows.c.campaign_id,
        "CampaignName": rows.c.names[1],
        "Number": rows.c.wave_number,
    }
    return Source(rows, columns | _spanned(rows), (Along(rows.c.id, Edm.text),))


def _named(one: FromClause) -> Expression:
    """The campaign's names in some releases, that of the newest first."""
    return func.array_agg(one.c.campaign_name, type_=ARRAY(Text)).aggregate_order_by(one.c.release_id.desc())


def _span(one: FromClause) -> tuple[Expression, ...]:
    return (
        func.count().label("releases"),
        func.min(one.c.released_at).label("first"),
        func.max(one.c.released_at).label("last"),
    )


def _spanned(rows: FromClause) -> dict[str, Expression]:
    return {
        "Releases": cast(rows.c.releases, Integer),
        "FirstReleasedAt": rows.c.first,
        "LastReleasedAt": rows.c.last,
    }


def releases(scope: Scope) -> Source:
    table = table_of(Release).c
    rows = seen(scope, part=table.part, recut_id=table.recut_id, digest=table.digest)
    columns = _of_head(rows)
    columns["Id"] = columns.pop("ReleaseId")
    columns |= {"Interim": rows.c.part, "RecutId": text(rows.c.recut_id), "Digest": rows.c.digest}
    return Source(rows, columns, (Along(rows.c.release_id, None),))


def items(scope: Scope) -> Source:
    source = _measures(scope)
    return Source(source.rows, source.columns, source.key, (source.columns["Kind"] == "item",))


def scales(scope: Scope) -> Source:
    """Scales and indices."""
    source = _measures(scope)
    return Source(source.rows, source.columns, source.key, (source.columns["Kind"] != "item",))


def _measures(scope: Scope) -> Source:
    """Measures as the manifests have them, in their order; they are few for a release, and only looked up here."""
    one = seen(scope, measures=table_of(Release).c.manifest["measures"])
    listed = (
        func.jsonb_array_elements(one.c.measures)
        .table_valued(column("measure", JSONB), with_ordinality="place", joins_implicitly=True)
        .render_derived()
    )
    measure = listed.c.measure
    name, release_id = measure["id"].astext, text(one.c.release_id)
    key = release_id + "." + name
    columns: dict[str, Expression] = {
        "Id": key,
        "ReleaseId": release_id,
        "Measure": name,
        "Kind": measure["kind"].astext,
        "Name": func.coalesce(inside(literal(dict(scope.known), JSONB), key), name, type_=Text),
        "Type": measure["type"].astext,
        "Lowest": cast(measure["lowest"].astext, Numeric),
        "Highest": cast(measure["highest"].astext, Numeric),
        "Reverse": cast(measure["reverse"].astext, Boolean),
        "Rule": measure["rule"].astext,
        "Score": measure["score"].astext,
    }
    place = cast(listed.c.place, Integer)
    return Source(one.join(listed, true()), columns, (Along(one.c.release_id, None), Along(place, Edm.integer)))


def inside(document: Expression, *path: Expression | str) -> Expression:
    """The text behind some keys or places of a JSON document."""
    return func.jsonb_extract_path_text(document, *_steps(path), type_=Text)


def part(document: Expression, *path: Expression | str) -> Expression:
    """What is behind some keys, as JSON."""
    return func.jsonb_extract_path(document, *_steps(path), type_=JSONB)


def _steps(path: Iterable[Expression | str]) -> list[Expression]:
    return [literal(step, Text) if isinstance(step, str) else step for step in path]
