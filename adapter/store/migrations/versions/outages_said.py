"""When it was last said of a partner that it is down."""

import sqlalchemy as sa
from alembic import op

revision = "0012_outages_said"
down_revision = "0011_partners"


def upgrade() -> None:
    column = sa.Column("said_down_at", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("paingate_partner_state", column)
