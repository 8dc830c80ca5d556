"""Whose a stored resource is: a partner sees what it sent and what was answered to it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("paingate_resource", sa.Column("partner", sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("paingate_resource_type_partner_ix"), "paingate_resource", ["type", "partner"], unique=False)
