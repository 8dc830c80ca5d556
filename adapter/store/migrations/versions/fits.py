"""How a plan went to a partner, what the partner kept of it, and what was learned of the partner."""

import sqlalchemy as sa
from alembic import op

revision = "0010_fits"
down_revision = "0009_work"


def upgrade() -> None:
    for column in ("fit", "read_back_at"):
        op.add_column("paingate_delivery", sa.Column(column, sa.Text()))
    for column in ("because", "unkept"):
        op.add_column("paingate_delivery", sa.Column(column, sa.LargeBinary()))
    op.create_table(
        "paingate_partner_knowledge",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("accepts", sa.LargeBinary()),
        sa.Column("failed", sa.LargeBinary(), nullable=False),
        sa.Column("read_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("partner", name=op.f("paingate_partner_knowledge_pk")),
    )
    op.create_table(
        "paingate_partner_patient",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("learned_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["paingate_patient.number"], name=op.f("paingate_partner_patient_number_fk")
        ),
        sa.PrimaryKeyConstraint("partner", "number", name=op.f("paingate_partner_patient_pk")),
    )
