"""Runs migrations over the connection that `service.kit.migrate` hands in."""

from alembic import context

from service.kit.migrate import every_table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=every_table(),
    version_table_schema="pouls",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
