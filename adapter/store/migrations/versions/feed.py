"""What has happened that concerns the clinic."""

import sqlalchemy as sa
from alembic import op

revision = "0007_feed"
down_revision = "0006_answers"


def upgrade() -> None:
    op.create_table(
        "paingate_change",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_change_pk")),
        sa.UniqueConstraint("position", name=op.f("paingate_change_position_uq")),
        sqlite_autoincrement=True,
    )
