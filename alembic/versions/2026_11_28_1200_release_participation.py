"""Participation of a release's units, as it was told when the release was made, and its view in the schema `bi`.

Releases of before have no rows: what was told of them is not known, and rosters go. The worker takes a look as the API
does, where results are made.

Expanding only.
"""

# ruff: noqa: S608 - every text is from here

from collections.abc import Iterator, Sequence

from alembic import op

from service.kit.isolation import made

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = {
    "release_participation": """
        CREATE TABLE release_participation (
            tenant_id uuid NOT NULL,
            release_id uuid NOT NULL,
            node integer NOT NULL,
            invited integer NOT NULL,
            status text NOT NULL,
            reason text,
            percent integer,
            bound text,
            looked_at date,
            CONSTRAINT pk_release_participation PRIMARY KEY (tenant_id, release_id, node),
            CONSTRAINT fk_release_participation__tenant_id_release_id__release
                FOREIGN KEY(tenant_id, release_id) REFERENCES release (tenant_id, release_id) ON DELETE CASCADE,
            CONSTRAINT ck_release_participation__status CHECK (status IN ('shown', 'withheld')),
            CONSTRAINT ck_release_participation__withheld_has_reason
                CHECK ((status = 'withheld') = (reason IS NOT NULL)),
            CONSTRAINT ck_release_participation__shown_has_percent CHECK ((status = 'shown') = (percent IS NOT NULL)),
            CONSTRAINT ck_release_participation__percent_in_steps
                CHECK (percent BETWEEN 0 AND 90 AND percent % 5 = 0),
            CONSTRAINT ck_release_participation__bound_of_a_percent
                CHECK (bound IS NULL OR percent IS NOT NULL AND bound IN ('or_more', 'or_less')),
            CONSTRAINT ck_release_participation__percent_of_a_look CHECK (percent IS NULL OR looked_at IS NOT NULL)
        )
    """,
}
GRANTS = {"release_participation": {"app": "SELECT", "work": "SELECT, INSERT"}}
LOOKS = "INSERT, UPDATE (taken_on, answered, answered_count)"
SHOWN_TO_VIEWS = "tenant_id, release_id, node, invited, status, reason, percent, bound, looked_at"
MINE = "tenant_id = (SELECT bi.my_tenant())"
# As the views of before: expressions, of which the planner knows nothing, and each row by its key.
ABOUT = "Participation by unit, as it was told when a wave's own results were made; only of whole units."
COLUMNS = (
    ("unit_id", "concat(u.release_id, '.', u.node)",
     "The place: key of bi.units, the release's id and a number."),
    ("release_id", "CAST(r.release_id AS text)", "The release: id as in the API."),
    ("wave_id", "CAST(r.wave_id AS text)", "The wave: id as in the API."),
    ("released_at", "r.released_at + interval '0'", "The moment of the release."),
    ("released_on", "CAST(r.released_at AT TIME ZONE 'UTC' AS date)",
     "The day of the release in UTC: key of bi.dates."),
    ("source", "u.source || ''", "The system of record that the unit's id is of."),
    ("unit", "u.unit || ''", "The unit's id in the system of record."),
    ("unit_name", "u.unit_name || ''", "What the unit was called when the wave opened."),
    ("level", "u.level + 0", "How deep the unit stands: 0 at the top."),
    ("status", "p.status || ''", "`shown` or `withheld`; a withheld row has a reason and no percent."),
    ("reason", "p.reason || ''",
     "Why it is withheld: `not_enough_invited`, or `not_yet`: too few have answered."),
    ("invited", "p.invited + 0", "People invited in the unit and all units below it."),
    ("percent", "p.percent + 0",
     "Percent of those invited who answered, rounded down in steps of 5, or more in small units."),
    ("bound", "p.bound || ''", "`or_more`: read 90 as 90 or more; `or_less`: read 20 as under 20; null: as it is."),
    ("looked_at", "p.looked_at + 0",
     "The day on which it was looked at; who answered later on that day is not in it."),
)  # fmt: skip
ROWS = f"""
    pouls.release r JOIN pouls.release_unit u ON u.tenant_id = r.tenant_id AND u.release_id = r.release_id
    CROSS JOIN LATERAL (
        SELECT * FROM pouls.release_participation p
        WHERE p.tenant_id = r.tenant_id AND p.release_id = r.release_id AND p.node = u.node
        OFFSET 0) p
    WHERE r.{MINE} AND r.status = 'published' AND r.withdrawn_at IS NULL
"""


def _view() -> Iterator[str]:
    columns = ", ".join(f'{shown} AS "{column}"' for column, shown, _ in COLUMNS)
    yield f"CREATE VIEW bi.participation WITH (security_barrier) AS SELECT {columns} FROM {ROWS}"
    yield f"COMMENT ON VIEW bi.participation IS {_quoted(ABOUT)}"
    yield from (f'COMMENT ON COLUMN bi.participation."{column}" IS {_quoted(said)}' for column, _, said in COLUMNS)
    yield "GRANT SELECT ON bi.participation TO pouls_bi"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def upgrade() -> None:
    for statement in made(TABLES, GRANTS):
        op.execute(statement)
    op.execute(f"GRANT {LOOKS} ON participation_snapshot TO pouls_work")
    op.execute(f"GRANT SELECT ({SHOWN_TO_VIEWS}) ON release_participation TO pouls_bi_views")
    op.execute("SET LOCAL ROLE pouls_bi_views")
    for statement in _view():
        op.execute(statement)
    op.execute("SET LOCAL ROLE pouls_owner")
    for restrictive, name in (("PERMISSIVE", "bi"), ("RESTRICTIVE", "bi_alone")):
        op.execute(
            f"CREATE POLICY {name} ON release_participation AS {restrictive} FOR SELECT TO pouls_bi_views"
            f" USING ({MINE})"
        )


def downgrade() -> None:
    op.execute("SET LOCAL ROLE pouls_bi_views")
    op.execute("DROP VIEW bi.participation")
    op.execute("SET LOCAL ROLE pouls_owner")
    op.execute("DROP TABLE release_participation")
    op.execute(f"REVOKE {LOOKS} ON participation_snapshot FROM pouls_work")
