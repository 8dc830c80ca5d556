"""Every move of a referral is kept, and what was told with it; earlier ones are told from what is there."""

import sqlalchemy as sa
from alembic import op

revision = "0004_state"
down_revision = "0003_doors"


def upgrade() -> None:
    op.create_table(
        "paingate_answer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("referral_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=True),
        sa.Column("stored_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["paingate_referral.id"], name=op.f("paingate_answer_referral_id_fk")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("paingate_answer_pk")),
    )
    op.create_index(op.f("paingate_answer_referral_id_ix"), "paingate_answer", ["referral_id"], unique=False)
    op.create_table(
        "paingate_transition",
        sa.Column("referral_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("task_version", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Text(), nullable=True),
        sa.Column("answer_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["answer_id", "answer_version"],
            ["paingate_answer.id", "paingate_answer.version"],
            name=op.f("paingate_transition_answer_id_answer_version_fk"),
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["paingate_referral.id"], name=op.f("paingate_transition_referral_id_fk")
        ),
        sa.PrimaryKeyConstraint("referral_id", "number", name=op.f("paingate_transition_pk")),
    )
    columns = "referral_id, number, action, from_status, to_status, side, who, at, reason, task_version"
    op.execute(
        f"INSERT INTO paingate_transition ({columns}) "  # noqa: S608, names of our own
        "SELECT r.id, 1, 'receive', NULL, 'received', 'sender', "
        "CASE WHEN m.sender = '' THEN 'sender' ELSE m.sender END, r.created_at, NULL, 1 "
        "FROM paingate_referral AS r JOIN paingate_message AS m ON m.id = r.message_id"
    )
    op.execute(
        f"INSERT INTO paingate_transition ({columns}) "  # noqa: S608, names of our own
        "SELECT id, 2, CASE WHEN status = 'accepted' THEN 'accept' ELSE 'decline' END, 'received', status, 'clinic', "
        "'clinic', updated_at, reason, 2 FROM paingate_referral WHERE status IN ('accepted', 'declined')"
    )
