"""The `bi` schema: releases as a star of views, for BI servers that read SQL.

Whoever reads is a login of one tenant: `bi_login` says of which, by `session_user`, which no session can change. The
views belong to `pouls_bi_views`, whom policies of its own bind to that tenant. One of them restricts, or the policy
`tenant` would go by the setting `pouls.tenant`, which any session can set to anything.

EXPLAIN shows what the planner expects, and it takes that from a sample of all tenants' rows. So columns are shown as
expressions (`|| ''`, `+ 0`), of which it knows nothing. Conditions on them still reach the tables.

Expanding only. Views must be dropped and made again by whatever changes a column that they show.
"""

# ruff: noqa: S608 - every text is from here

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alembic import op

from service.kit.isolation import isolate

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# The login's name begins with a digest of its tenant: no login is ever of two, and nobody reads tenants off `pg_roles`.
BI_LOGIN = """
    CREATE TABLE bi_login (
        tenant_id uuid NOT NULL,
        login text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_bi_login PRIMARY KEY (tenant_id, login),
        CONSTRAINT fk_bi_login__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
        CONSTRAINT ck_bi_login__names_its_tenant CHECK (
            login ~ '^pouls_bi_[0-9a-f]{16}(_[a-z0-9]{1,30})?$'
            AND substr(login, 10, 16) = left(encode(sha256(uuid_send(tenant_id)), 'hex'), 16))
    )
"""
READ = {
    "release": "SELECT (tenant_id, release_id, wave_id, recut_id, part, status, digest, manifest, released_at,"
    " withdrawn_at)",
    "release_unit": "SELECT",
    "release_measure": "SELECT",
    "release_cell": "SELECT",
}
MY_TENANT = """
    CREATE FUNCTION bi.my_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT (array_agg(tenant_id))[1] FROM pouls.bi_login WHERE login = session_user::text HAVING count(*) = 1;
    END
"""
MINE = "tenant_id = (SELECT bi.my_tenant())"
MYSELF = "login = session_user::text"


class View(NamedTuple):
    """What a view is of, and its columns: name, expression, and what it says."""

    about: str
    columns: tuple[tuple[str, str, str], ...]
    rows: str


SHOWN = f"r.{MINE} AND r.status = 'published' AND r.withdrawn_at IS NULL"
UNIT_ID = "concat(u.release_id, '.', u.node)"
MEASURE_ID = "concat(r.release_id, '.', m.measure)"
AT = "r.released_at + interval '0'"
DAY = "CAST(r.released_at AT TIME ZONE 'UTC' AS date)"
BREAKDOWN = """
    CASE WHEN u.dimensions = '{}' THEN 'org' ELSE
    'org*' || (SELECT string_agg(key, '*' ORDER BY key COLLATE "C") FROM jsonb_object_keys(u.dimensions) AS key) END
"""
DIMENSIONS = """
    (SELECT coalesce(string_agg(key || '=' || value, '; ' ORDER BY key COLLATE "C"), '')
     FROM jsonb_each_text(u.dimensions))
"""
# Each cell by its key, whatever the planner thinks of the tables: the other way round, a release is read many times.
CELLS = """
    pouls.release r
    JOIN pouls.release_measure m ON m.tenant_id = r.tenant_id AND m.release_id = r.release_id AND m.family = '{family}'
    JOIN pouls.release_unit u ON u.tenant_id = r.tenant_id AND u.release_id = r.release_id
    CROSS JOIN LATERAL (
        SELECT * FROM pouls.release_cell c
        WHERE c.tenant_id = r.tenant_id AND c.release_id = r.release_id AND c.node = u.node AND c.number = m.number
        OFFSET 0) c
"""
UNITS = f"""
    pouls.release r JOIN pouls.release_unit u ON u.tenant_id = r.tenant_id AND u.release_id = r.release_id
    {{more}} WHERE {SHOWN}
"""
# What is told of a measure is found once for each release. Of which kind it is, the planner must learn before they are
# grouped: who is expected to be one row alone is put in front of facts, and these are read once for each that there is.
MEASURES = """
    pouls.release r
    CROSS JOIN LATERAL (
        SELECT m.measure, m.kind, min(m.number) AS number FROM pouls.release_measure m
        WHERE m.tenant_id = r.tenant_id AND m.release_id = r.release_id AND m.kind {kind} GROUP BY m.measure, m.kind) m
    LEFT JOIN LATERAL jsonb_array_elements(r.manifest->'measures') AS told (doc) ON told.doc->>'id' = m.measure
"""

RELEASE_ID = ("release_id", "CAST(r.release_id AS text)", "The release: id as in the API.")
OF_UNIT = ("unit_id", UNIT_ID, "The place: key of bi.units, the release's id and a number.")
OF_MEASURE = (
    "measure_id",
    MEASURE_ID,
    "The measure: key of bi.items or bi.scales: the release's id and its own.",
)
PLACE = (
    ("source", "u.source || ''", "The system of record that the unit's id is of."),
    ("unit", "u.unit || ''", "The unit's id in the system of record."),
    ("unit_name", "u.unit_name || ''", "What the unit was called when the wave opened."),
    ("level", "u.level + 0", "How deep the unit stands: 0 at the top."),
    ("breakdown", BREAKDOWN, "The whole unit, `org`, or a part of it: `org*site`, names by the alphabet."),
    ("dimensions", DIMENSIONS, "Which part: `site=lyon; tenure=new`; empty for the whole unit."),
)  # fmt: skip
MEASURE = (
    ("measure", "m.measure || ''", "Id of the item, scale or index."),
    ("kind", "m.kind || ''", "`item`, `scale` or `index`."),
)
CELL = (
    RELEASE_ID, OF_UNIT, OF_MEASURE,
    ("wave_id", "CAST(r.wave_id AS text)", "The wave: id as in the API."),
    ("released_at", AT, "The moment of the release."),
    ("released_on", DAY, "The day of the release in UTC: key of bi.dates."),
    *PLACE, *MEASURE,
    ("status", "c.status || ''", "`published` or `withheld`; a withheld row has a reason and no number."),
    ("reason", "c.reason || ''", "Why it is withheld: `protected`."),
    ("n_from", "c.n_from + 0",
     "Respondents, at least; a range of 5 under 30, exact from 30, coarser for what is asked of some people."),
    ("n_to", "c.n_to + 0", "Respondents, at most."),
)  # fmt: skip
BOUND = "`at_least`: read 90 as 90 or more; `at_most` likewise; null: as it is."
SCORES = (
    ("mean", "c.mean",
     "Mean of the scores, from `lowest` to `highest` of the measure; of a reversed item turned: higher is better."),
    ("mean_bound", "c.mean_bound || ''", f"Of a mean shown as 0 to 100: {BOUND}"),
    ("sd", "c.sd", "Standard deviation in the unit of the mean, where at least 30 people stand behind it."),
    ("se", "c.se", "Standard error of the mean, in its unit, corrected for participation as it is shown."),
    ("low", "c.low", "Lower end of the mean's 95 % interval, rounded outwards."),
    ("high", "c.high", "Upper end of the mean's 95 % interval, rounded outwards."),
    ("basis", "c.basis || ''", "Whose standard deviation the interval is made with: `cell` or `release`."),
    ("rwg", "c.rwg", "How far people agree on a scale's items, rwg(j); 1 is wholly."),
)  # fmt: skip
SHARES = (
    ("favourable", "c.favourable",
     "Percent of answers in the top two fifths of the points, turned where an item is reversed; of eNPS promoters."),
    ("favourable_bound", "c.favourable_bound || ''", BOUND),
    ("neutral", "c.neutral", "Percent of answers between favourable and unfavourable."),
    ("neutral_bound", "c.neutral_bound || ''", BOUND),
    ("unfavourable", "c.unfavourable",
     "Percent of answers in the bottom two fifths of the points; of eNPS detractors."),
    ("unfavourable_bound", "c.unfavourable_bound || ''", BOUND),
    ("enps", "c.enps", "Promoters less detractors, -100 to 100; null where their bounds leave its sign open."),
    ("enps_bound", "c.enps_bound || ''", BOUND),
)  # fmt: skip
NAMES = (
    ("name_en", "{text}->>'en'", "Its text in English; null where the questionnaire has none."),
    ("name_fr", "{text}->>'fr'", "Its text in French; null where the questionnaire has none."),
)
ENDS = (
    ("lowest", "CAST(told.doc->>'lowest' AS numeric)", "The lowest score there is."),
    ("highest", "CAST(told.doc->>'highest' AS numeric)", "The highest score there is."),
)
CAMPAIGN = (
    ("campaign_id", "r.manifest->'campaign'->>'id'", "The campaign: id as in the API."),
    ("campaign_name", "r.manifest->'campaign'->>'name'", "What the campaign was called when the release was made."),
)
NUMBER = ("wave_number", "CAST(r.manifest->'wave'->>'number' AS integer)", "The wave's number in its campaign, from 1.")


ITEMS, SCALES, EVERY = (MEASURES.format(kind=kind) for kind in ("= 'item'", "<> 'item'", "IS NOT NULL"))
MEANS, DISTRIBUTIONS = (CELLS.format(family=family) for family in ("mean", "distribution"))


def named(text: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, shown.format(text=text), about) for name, shown, about in NAMES)


# The first three are small, and made whole before any condition on them is looked at (OFFSET 0).
RELEASES = f"(SELECT {{columns}} FROM pouls.release r WHERE {SHOWN} OFFSET 0) r"
HEAD = ", ".join(f"{shown} AS {name}" for name, shown, _ in (*CAMPAIGN, NUMBER, ("released_on", DAY, "")))
WHOLE = "r.recut_id IS NULL AND r.part IS NULL"
LATEST = f"""
    coalesce({WHOLE} AND r.released_at = max(r.released_at) FILTER (WHERE {WHOLE}) OVER (PARTITION BY r.campaign_id),
             false)
"""
VIEWS = {
    "releases": View(
        "Releases that are published and not withdrawn, one a row.",
        (
            RELEASE_ID, ("wave_id", "CAST(r.wave_id AS text)", "The wave: id as in the API."),
            *((name, f"r.{name}", about) for name, _, about in (*CAMPAIGN, NUMBER)),
            ("recut_id", "CAST(r.recut_id AS text)", "The recut that it came of; null for a wave's first release."),
            ("interim", "r.part", "Which results before the closing; null for the wave's own."),
            ("digest", "r.digest", "The release's digest, as its certificate has it."),
            ("released_at", "r.released_at", "The moment of the release."),
            ("released_on", "r.released_on", "The day of the release in UTC: key of bi.dates."),
            ("is_latest", LATEST,
             "Whether it is the newest of its campaign, of a wave that is closed, and no recut."),
        ),
        RELEASES.format(columns=f"r.release_id, r.wave_id, r.recut_id, r.part, r.digest, r.released_at, {HEAD}")
        + " OFFSET 0",
    ),
    "waves": View(
        "Waves with a release, one a row.",
        (
            ("wave_id", "CAST(r.wave_id AS text)", "The wave: id as in the API."),
            ("campaign_id", "(array_agg(r.campaign_id ORDER BY r.released_at))[1]", "The campaign: id as in the API."),
            ("wave_number", "min(r.wave_number)", "The wave's number in its campaign, from 1."),
            ("release_id", f"(array_agg(CAST(r.release_id AS text) ORDER BY r.released_at) FILTER (WHERE {WHOLE}))[1]",
             "The release of the wave's own results; null while there are interim ones alone."),
            ("released_at", f"min(r.released_at) FILTER (WHERE {WHOLE})",
             "The moment of the wave's own results; null while there are interim ones alone."),
            ("released_on", f"min(r.released_on) FILTER (WHERE {WHOLE})", "Its day in UTC: key of bi.dates."),
        ),
        RELEASES.format(columns=f"r.release_id, r.wave_id, r.recut_id, r.part, r.released_at, {HEAD}")
        + " GROUP BY r.wave_id OFFSET 0",
    ),
    "campaigns": View(
        "Campaigns with a release, one a row.",
        (
            ("campaign_id", "r.campaign_id", "The campaign: id as in the API."),
            ("campaign_name", "(array_agg(r.campaign_name ORDER BY r.released_at DESC))[1]",
             "What it was called when the newest release was made."),
            ("waves", "CAST(count(DISTINCT r.wave_id) AS integer)", "How many waves have a release."),
            ("first_released_on", "min(r.released_on)", "The day of the first release in UTC."),
            ("last_released_on", "max(r.released_on)", "The day of the newest release in UTC."),
        ),
        RELEASES.format(columns=f"r.wave_id, r.released_at, {HEAD}") + " GROUP BY r.campaign_id OFFSET 0",
    ),
    "dates": View(
        "Calendar days from the first release's day to the newest one's.",
        (
            ("date", "d.day", "The day."),
            ("year", "CAST(extract(year FROM d.day) AS integer)", "The year."),
            ("quarter", "CAST(extract(quarter FROM d.day) AS integer)", "The quarter, 1 to 4."),
            ("month", "CAST(extract(month FROM d.day) AS integer)", "The month, 1 to 12."),
            ("month_start", "CAST(date_trunc('month', d.day) AS date)", "The first day of its month."),
            ("iso_year", "CAST(extract(isoyear FROM d.day) AS integer)", "The year of the ISO week."),
            ("iso_week", "CAST(extract(week FROM d.day) AS integer)", "The ISO week, 1 to 53."),
            ("day_of_week", "CAST(extract(isodow FROM d.day) AS integer)", "The day: 1 Monday to 7 Sunday."),
        ),
        f"""(SELECT CAST(generate_series(min({DAY}), max({DAY}), interval '1 day') AS date) AS day
             FROM pouls.release r WHERE {SHOWN}) d OFFSET 0""",
    ),
    "units": View(
        "Places of a release, one a row: units of the org tree as the wave froze it, whole, and their parts.",
        (
            OF_UNIT, RELEASE_ID,
            ("parent_id", "CASE WHEN u.parent IS NOT NULL THEN concat(u.release_id, '.', u.parent) END",
             "The place above, with the same dimensions: its unit_id; null at the top."),
            *PLACE,
            ("path", "u.path",
             "Names of the units from the top down to it; null for a release of before there were paths."),
            *((f"level_{n}", f"u.path[{n}]", f"The unit's name on level {n}, counted from 1 at the top; null below it.")
              for n in range(1, 9)),
        ),
        UNITS.format(more=""),
    ),
    "breakdown_groups": View(
        "Which values a part of a unit has: a row for each place and dimension; a whole unit has none.",
        (
            OF_UNIT, RELEASE_ID,
            ("dimension", "d.key", "The dimension's name."),
            ("value", "d.value", "Id of its value."),
            ("label_en", "l.label->>'en'", "What the value is called in English; null where it was not said."),
            ("label_fr", "l.label->>'fr'", "What the value is called in French; null where it was not said."),
        ),
        UNITS.format(more="""
            CROSS JOIN LATERAL jsonb_each_text(u.dimensions) AS d
            LEFT JOIN LATERAL (
                SELECT dim.value->>'name' AS dimension, val.value->>'id' AS id, val.value->'label' AS label
                FROM jsonb_array_elements(r.manifest->'breakdowns'->'dimensions') AS dim
                CROSS JOIN LATERAL jsonb_array_elements(dim.value->'values') AS val
            ) l ON l.dimension = d.key AND l.id = d.value"""),
    ),
    "items": View(
        "Questions of a release, one a row.",
        (
            OF_MEASURE, RELEASE_ID,
            ("measure", "m.measure || ''", "Id of the item."),
            ("number", "m.number + 0", "By which items stand in the questionnaire's order."),
            ("type", "told.doc->>'type'", "`rating`, `enps`, `choice` and so on."),
            *named("(told.doc->'text')"), *ENDS,
            ("reverse", "coalesce(CAST(told.doc->>'reverse' AS boolean), false)",
             "Whether its mean is turned, so that higher is better."),
            ("sensitive", "coalesce(CAST(told.doc->>'sensitive' AS boolean), false)",
             "Whether it is shown of larger groups alone."),
        ),
        f"{ITEMS} WHERE {SHOWN}",
    ),
    "scales": View(
        "Scales and indices of a release, one a row.",
        (
            OF_MEASURE, RELEASE_ID,
            ("measure", "m.measure || ''", "Id of the scale or index."),
            ("kind", "m.kind || ''", "`scale` or `index`."),
            ("number", "m.number + 0", "By which they stand in the questionnaire's order."),
            *named("(told.doc->'text')"),
            ("score", "told.doc->>'score'", "How it is scored: `mean`, `sum`, `percent` or `ratio`."),
            ("rule", "told.doc->>'rule'", "`person`: of each person's score; `group`: of what is told of its items."),
            *ENDS,
            ("favourable", "told.doc->>'favourable'", "Which end is the good one: `high` or `low`."),
        ),
        f"{SCALES} WHERE {SHOWN}",
    ),
    "measure_texts": View(
        "What measures are called: a row for each measure and language of the questionnaire.",
        (
            OF_MEASURE, RELEASE_ID,
            ("measure", "m.measure || ''", "Id of the item, scale or index."),
            ("language", "t.key", "The language: BCP 47."),
            ("name", "t.value", "The text in this language."),
        ),
        f"{EVERY} CROSS JOIN LATERAL jsonb_each_text(told.doc->'text') AS t WHERE {SHOWN}",
    ),
    "scores": View(
        "Means of places: a row for each place and each measure that has a mean.",
        (*CELL, *SCORES),
        f"{MEANS} WHERE {SHOWN}",
    ),
    "shares": View(
        "Favourable, neutral and unfavourable answers: a row for each place and each measure that has shares.",
        (*CELL, *SHARES),
        f"{DISTRIBUTIONS} WHERE {SHOWN}",
    ),
    "distributions": View(
        "How answers are spread: a row for each place, each measure that has a distribution, and each of its options.",
        (
            *CELL,
            ("option", "o.option", "The point, the option, or the band of the score; of a ranking who put it first."),
            ("option_number", "CAST(o.place AS integer)", "By which options stand in their order, from 1."),
            ("percent", "CAST(c.distribution->CAST(o.place - 1 AS integer)->>0 AS numeric)",
             "Percent of the answers, or of the people by band."),
            ("bound", "c.distribution->CAST(o.place - 1 AS integer)->>1", BOUND),
        ),
        f"""{DISTRIBUTIONS}
            CROSS JOIN LATERAL unnest(m.options) WITH ORDINALITY AS o (option, place)
            WHERE {SHOWN}""",
    ),
}  # fmt: skip


def _made() -> Iterator[str]:
    for name, view in VIEWS.items():
        columns = ", ".join(f'{shown} AS "{column}"' for column, shown, _ in view.columns)
        rows = f"SELECT {columns} FROM {view.rows}"
        yield f"CREATE VIEW bi.{name} WITH (security_barrier) AS {rows}"
        yield f"COMMENT ON VIEW bi.{name} IS {_quoted(view.about)}"
        yield from (f'COMMENT ON COLUMN bi.{name}."{column}" IS {_quoted(said)}' for column, _, said in view.columns)
        yield f"GRANT SELECT ON bi.{name} TO pouls_bi"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def upgrade() -> None:
    op.execute(BI_LOGIN)
    for statement in isolate("bi_login"):
        op.execute(statement)
    op.execute("GRANT SELECT ON bi_login TO pouls_bi_views")
    for restrictive, name in (("PERMISSIVE", "bi"), ("RESTRICTIVE", "bi_alone")):
        op.execute(f"CREATE POLICY {name} ON bi_login AS {restrictive} FOR SELECT TO pouls_bi_views USING ({MYSELF})")
    op.execute("GRANT USAGE ON SCHEMA pouls TO pouls_bi_views")
    for table, privilege in READ.items():
        op.execute(f"GRANT {privilege} ON {table} TO pouls_bi_views")
    op.execute("SET LOCAL ROLE pouls_bi_views")
    op.execute(MY_TENANT)
    op.execute("REVOKE ALL ON FUNCTION bi.my_tenant() FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA bi TO pouls_owner, pouls_bi")
    op.execute("GRANT EXECUTE ON FUNCTION bi.my_tenant() TO pouls_bi")
    op.execute("COMMENT ON FUNCTION bi.my_tenant() IS 'The tenant of the login that asks; null for every other one.'")
    op.execute("COMMENT ON SCHEMA bi IS 'Released results for BI servers, to be read by logins of `pouls bi grant`.'")
    for statement in _made():
        op.execute(statement)
    op.execute("SET LOCAL ROLE pouls_owner")
    for table in READ:
        for restrictive, name in (("PERMISSIVE", "bi"), ("RESTRICTIVE", "bi_alone")):
            op.execute(f"CREATE POLICY {name} ON {table} AS {restrictive} FOR SELECT TO pouls_bi_views USING ({MINE})")


def downgrade() -> None:
    """Logins stay, with no right to anything; the schema stays empty, since migrations may not make schemas."""
    for table in READ:
        op.execute(f"DROP POLICY bi_alone ON {table}")
        op.execute(f"DROP POLICY bi ON {table}")
    op.execute("SET LOCAL ROLE pouls_bi_views")
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW bi.{name}")
    op.execute("DROP FUNCTION bi.my_tenant()")
    op.execute("COMMENT ON SCHEMA bi IS NULL")
    op.execute("REVOKE ALL ON SCHEMA bi FROM pouls_owner, pouls_bi")
    op.execute("SET LOCAL ROLE pouls_owner")
    for table, privilege in READ.items():
        op.execute(f"REVOKE {privilege} ON {table} FROM pouls_bi_views")
    op.execute("REVOKE USAGE ON SCHEMA pouls FROM pouls_bi_views")
    op.execute("DROP TABLE bi_login")
