"""Every way in: the messages of a referral, what both sides changed, whose patient it is, and what is fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0003_doors"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("paingate_referral", sa.Column("met_as", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE paingate_referral SET met_as = patient_number")
    op.create_index(op.f("paingate_referral_met_as_ix"), "paingate_referral", ["met_as"], unique=False)
    op.create_table(
        "paingate_referral_message",
        sa.Column("referral_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["paingate_referral.id"], name=op.f("paingate_referral_message_referral_id_fk")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["paingate_message.id"], name=op.f("paingate_referral_message_message_id_fk")
        ),
        sa.PrimaryKeyConstraint("referral_id", "message_id", name=op.f("paingate_referral_message_pk")),
    )
    # nobody could change a record before: it is still as it was received
    op.execute(
        "INSERT INTO paingate_referral_message (referral_id, message_id, record) "
        "SELECT id, message_id, record FROM paingate_referral"
    )
    _conflicts()
    _links()
    _answers()
    _pulls()


def _conflicts() -> None:
    op.create_table(
        "paingate_referral_conflict",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("sides", sa.LargeBinary(), nullable=False),
        sa.Column("found_at", sa.Text(), nullable=False),
        sa.Column("taken", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["paingate_referral.id"], name=op.f("paingate_referral_conflict_referral_id_fk")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["paingate_message.id"], name=op.f("paingate_referral_conflict_message_id_fk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_referral_conflict_pk")),
    )
    op.create_index(
        op.f("paingate_referral_conflict_referral_id_ix"), "paingate_referral_conflict", ["referral_id"], unique=False
    )


def _links() -> None:
    op.create_table(
        "paingate_patient_link",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("linked_number", sa.Text(), nullable=True),
        sa.Column("referral_id", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.Text(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["number"], ["paingate_patient.number"], name=op.f("paingate_patient_link_number_fk")),
        sa.ForeignKeyConstraint(
            ["linked_number"], ["paingate_patient.number"], name=op.f("paingate_patient_link_linked_number_fk")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["paingate_referral.id"], name=op.f("paingate_patient_link_referral_id_fk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_patient_link_pk")),
    )
    for column in ("number", "linked_number", "referral_id"):
        op.create_index(op.f(f"paingate_patient_link_{column}_ix"), "paingate_patient_link", [column], unique=False)


def _answers() -> None:
    op.create_table(
        "paingate_reply",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("paingate_reply_pk")),
    )


def _pulls() -> None:
    op.create_table(
        "paingate_pull",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("focus", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["paingate_message.id"], name=op.f("paingate_pull_message_id_fk")),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_pull_pk")),
        sa.UniqueConstraint("key", name=op.f("paingate_pull_key_uq")),
    )
