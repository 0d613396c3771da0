"""Indexes that queries lacked, and the key of managers checked: built beside whoever works, one after the other.

Most of them are for foreign keys, whose rows are looked for whenever one that they refer to is deleted. Without
`roster_line`'s, ending a wave of 300,000 people in 20,000 classes took ten minutes; those of `wave_class` and
`wave_unit` count when a tenant is deleted, and cost little, since a wave writes a row for each class and unit. Erasing
a person looks for whose manager they were, now, then and before each import. Replies are pruned each time that one's
day is over.

None on times by which a table is pruned once a day (`erasure.done_at`, `audit_entry.at`), or looked through now and
then (`event.occurred_at`): every row would pay for one look.

Expanding only. An attempt that broke off is simply run again.
"""

from collections.abc import Sequence

from service.kit.online import build, drop, validate

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

INDEXES = {
    "ix_person__tenant_id_manager_id": "person (tenant_id, manager_id)",
    "ix_person_version__tenant_id_manager_id": "person_version (tenant_id, manager_id)",
    "ix_org_unit__tenant_id_parent_id": "org_unit (tenant_id, parent_id)",
    "ix_unit_lineage__tenant_id_to_unit_id": "unit_lineage (tenant_id, to_unit_id)",
    "ix_people_import_line__tenant_id_person_id": "people_import_line (tenant_id, person_id)",
    "ix_people_import_line__tenant_id_manager_before": "people_import_line (tenant_id, manager_before)",
    "ix_people_import_unit__tenant_id_unit_id": "people_import_unit (tenant_id, unit_id)",
    "ix_wave_unit__tenant_id_wave_id_parent_id": "wave_unit (tenant_id, wave_id, parent_id)",
    "ix_wave_class__tenant_id_wave_id_unit_id": "wave_class (tenant_id, wave_id, unit_id)",
    "ix_roster_line__tenant_id_wave_id_label": "roster_line (tenant_id, wave_id, label)",
    "ix_idempotent_reply__tenant_id_created_at": "idempotent_reply (tenant_id, created_at)",
}


def upgrade() -> None:
    validate("person", "fk_person__tenant_id_manager_id__person")
    build(INDEXES)


def downgrade() -> None:
    drop(INDEXES)
