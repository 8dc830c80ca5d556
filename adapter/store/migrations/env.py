"""What Alembic runs: the steps that are missing, on the connection and in the transaction that `migrate` holds."""

from alembic import context

from adapter.store.migrate import VERSION_TABLE, is_ours
from adapter.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_name=is_ours,
)
context.run_migrations()
