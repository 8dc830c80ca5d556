"""What is to be done for partners, by whom, and how the partners are doing; what was pending is due at once."""

import sqlalchemy as sa
from alembic import op

revision = "0009_work"
down_revision = "0008_own_records"


def upgrade() -> None:
    op.create_table(
        "paingate_work",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("failed_at", sa.BigInteger()),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("failed_alone", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_work_pk")),
    )
    op.create_index(op.f("paingate_work_partner_due_at_ix"), "paingate_work", ["partner", "due_at"])
    op.create_index(op.f("paingate_work_lane_position_ix"), "paingate_work", ["lane", "position"])
    op.create_index(op.f("paingate_work_owner_ix"), "paingate_work", ["owner"])
    op.execute(
        """INSERT INTO paingate_work (id, what, partner, lane, position, due_at, failed_alone)
           SELECT id, 'delivery', partner, kind || '/' || item_id || '/' || partner, item_version, 0, 0
           FROM paingate_delivery WHERE state = 'pending'"""
    )
    op.execute(
        """INSERT INTO paingate_work (id, what, partner, lane, position, due_at, failed_alone)
           SELECT id, 'pull', partner, id, 0, 0, 0 FROM paingate_pull WHERE state = 'pending'"""
    )
    op.create_table(
        "paingate_worker",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_worker_pk")),
    )
    op.create_index(op.f("paingate_worker_name_ix"), "paingate_worker", ["name"])
    op.create_table(
        "paingate_partner_state",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.Text()),
        sa.Column("left_alone_until", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("succeeded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partner", name=op.f("paingate_partner_state_pk")),
    )
