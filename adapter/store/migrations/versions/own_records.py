"""The clinic's own records beside its plans."""

import sqlalchemy as sa
from alembic import op

revision = "0008_own_records"
down_revision = "0007_feed"


def upgrade() -> None:
    op.create_table(
        "paingate_kept_record",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("patient_number", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.Text(), nullable=False),
        sa.Column("stored_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_number"], ["paingate_patient.number"], name=op.f("paingate_kept_record_patient_number_fk")
        ),
        sa.PrimaryKeyConstraint("kind", "id", "version", name=op.f("paingate_kept_record_pk")),
    )
    op.create_index(
        op.f("paingate_kept_record_patient_number_kind_ix"), "paingate_kept_record", ["patient_number", "kind"]
    )
