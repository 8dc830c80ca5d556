"""What is delivered may be the answers to a referral too; a pull is found by its Task."""

import sqlalchemy as sa
from alembic import op

revision = "0006_answers"
down_revision = "0005_search"


def upgrade() -> None:
    with op.batch_alter_table("paingate_delivery") as delivery:
        delivery.drop_constraint(op.f("paingate_delivery_plan_id_plan_version_fk"), type_="foreignkey")
        delivery.drop_constraint(op.f("paingate_delivery_plan_id_plan_version_partner_uq"), type_="unique")
        delivery.add_column(sa.Column("kind", sa.Text(), nullable=False, server_default="care_plan"))
        delivery.alter_column("plan_id", new_column_name="item_id")
        delivery.alter_column("plan_version", new_column_name="item_version")
    with op.batch_alter_table("paingate_delivery") as delivery:
        delivery.alter_column("kind", server_default=None)
        delivery.create_unique_constraint(
            op.f("paingate_delivery_kind_item_id_item_version_partner_uq"),
            ["kind", "item_id", "item_version", "partner"],
        )
    op.create_index(op.f("paingate_pull_task_id_ix"), "paingate_pull", ["task_id"])
