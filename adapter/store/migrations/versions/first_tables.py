"""The first tables: messages, resources, referrals, patients, plans and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "paingate_claim",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("paingate_claim_pk")),
    )
    op.create_table(
        "paingate_identifier",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("type", "id", "key", name=op.f("paingate_identifier_pk")),
    )
    op.create_index(op.f("paingate_identifier_key_ix"), "paingate_identifier", ["key"], unique=False)
    op.create_index(op.f("paingate_identifier_value_key_ix"), "paingate_identifier", ["value_key"], unique=False)
    op.create_table(
        "paingate_message",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("conditional", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("made", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_message_pk")),
    )
    op.create_table(
        "paingate_patient",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("paingate_patient_pk")),
    )
    op.create_index(op.f("paingate_patient_resource_id_ix"), "paingate_patient", ["resource_id"], unique=False)
    op.create_table(
        "paingate_patient_serial",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("given_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("paingate_patient_serial_pk")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "paingate_referral_serial",
        sa.Column("serial", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("given_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("paingate_referral_serial_pk")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "paingate_patient_identifier",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["paingate_patient.number"], name=op.f("paingate_patient_identifier_number_fk")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("paingate_patient_identifier_pk")),
    )
    op.create_table(
        "paingate_referral",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("service_request_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("patient_number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actionable", sa.Boolean(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["paingate_message.id"], name=op.f("paingate_referral_message_id_fk")),
        sa.ForeignKeyConstraint(
            ["patient_number"], ["paingate_patient.number"], name=op.f("paingate_referral_patient_number_fk")
        ),
        sa.ForeignKeyConstraint(
            ["serial"], ["paingate_referral_serial.serial"], name=op.f("paingate_referral_serial_fk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_referral_pk")),
        sa.UniqueConstraint("number", name=op.f("paingate_referral_number_uq")),
        sa.UniqueConstraint("serial", name=op.f("paingate_referral_serial_uq")),
        sa.UniqueConstraint("service_request_id", name=op.f("paingate_referral_service_request_id_uq")),
        sa.UniqueConstraint("task_id", name=op.f("paingate_referral_task_id_uq")),
    )
    op.create_index(op.f("paingate_referral_patient_number_ix"), "paingate_referral", ["patient_number"], unique=False)
    op.create_index(op.f("paingate_referral_status_serial_ix"), "paingate_referral", ["status", "serial"], unique=False)
    op.create_table(
        "paingate_resource",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_updated", sa.Text(), nullable=False),
        sa.Column("json", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["paingate_message.id"], name=op.f("paingate_resource_message_id_fk")),
        sa.PrimaryKeyConstraint("type", "id", "version", name=op.f("paingate_resource_pk")),
    )
    op.create_table(
        "paingate_care_plan",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("patient_number", sa.Text(), nullable=False),
        sa.Column("referral_id", sa.Text(), nullable=True),
        sa.Column("stored_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_number"], ["paingate_patient.number"], name=op.f("paingate_care_plan_patient_number_fk")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["paingate_referral.id"], name=op.f("paingate_care_plan_referral_id_fk")
        ),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("paingate_care_plan_pk")),
    )
    op.create_table(
        "paingate_delivery",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("remote_version", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "plan_version"],
            ["paingate_care_plan.id", "paingate_care_plan.version"],
            name=op.f("paingate_delivery_plan_id_plan_version_fk"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("paingate_delivery_pk")),
        sa.UniqueConstraint(
            "plan_id", "plan_version", "partner", name=op.f("paingate_delivery_plan_id_plan_version_partner_uq")
        ),
    )
    op.create_index(op.f("paingate_delivery_partner_state_ix"), "paingate_delivery", ["partner", "state"], unique=False)
