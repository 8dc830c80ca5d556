"""Partners that were put through the clinic API."""

import sqlalchemy as sa
from alembic import op

revision = "0011_partners"
down_revision = "0010_fits"


def upgrade() -> None:
    op.create_table(
        "paingate_partner",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settings", sa.LargeBinary()),
        sa.Column("stored_at", sa.Text(), nullable=False),
        sa.Column("stored_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("paingate_partner_pk")),
    )
