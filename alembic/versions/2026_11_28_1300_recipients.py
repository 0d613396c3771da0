"""Recipients: who reads a campaign's results, where its contract names them; keys and logins that are made for one.

A release carries the ids of its contract's recipients, none where it names none. In the schema `bi` a policy beside
those of 0020 keeps a login from releases that are not open to it: what it reads of places and figures, it reads by way
of their release. A worker of before, still at work during an upgrade, leaves the ids out; so an upgrade comes before
the first campaign that names recipients, as a newer API does.

Expanding only.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_MY_RECIPIENT = """
    CREATE FUNCTION bi.my_recipient() RETURNS text LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT min(recipient) FROM pouls.bi_login WHERE login = session_user::text HAVING count(*) = 1;
    END
"""
_OPEN = "recipients IS NULL OR (SELECT bi.my_recipient()) = ANY (recipients)"
_SAID = "As which recipient of contracts the login that asks reads; null for a login that was made for none."


def upgrade() -> None:
    op.execute("ALTER TABLE release ADD COLUMN recipients text[]")
    op.execute("ALTER TABLE api_key ADD COLUMN recipient text")
    op.execute("ALTER TABLE bi_login ADD COLUMN recipient text")
    op.execute("GRANT SELECT (recipients) ON release TO pouls_bi_views")
    op.execute("SET LOCAL ROLE pouls_bi_views")
    op.execute(_MY_RECIPIENT)
    op.execute("REVOKE ALL ON FUNCTION bi.my_recipient() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION bi.my_recipient() TO pouls_bi")
    op.execute(f"COMMENT ON FUNCTION bi.my_recipient() IS '{_SAID}'")
    op.execute("SET LOCAL ROLE pouls_owner")
    op.execute(f"CREATE POLICY bi_recipients ON release AS RESTRICTIVE FOR SELECT TO pouls_bi_views USING ({_OPEN})")


def downgrade() -> None:
    """Releases with recipients become everybody's who may read results: end their keys and logins first."""
    op.execute("DROP POLICY bi_recipients ON release")
    op.execute("SET LOCAL ROLE pouls_bi_views")
    op.execute("DROP FUNCTION bi.my_recipient()")
    op.execute("SET LOCAL ROLE pouls_owner")
    op.execute("REVOKE SELECT (recipients) ON release FROM pouls_bi_views")
    op.execute("ALTER TABLE bi_login DROP COLUMN recipient")
    op.execute("ALTER TABLE api_key DROP COLUMN recipient")
    op.execute("ALTER TABLE release DROP COLUMN recipients")
