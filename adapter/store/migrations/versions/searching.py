"""The search index.  Its rows are written at the next start, out of the resources that are there."""

import sqlalchemy as sa
from alembic import op

revision = "0005_search"
down_revision = "0004_state"


def upgrade() -> None:
    op.create_table(
        "paingate_search_entry",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_updated", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("paingate_search_entry_pk")),
        sa.UniqueConstraint("type", "id", name=op.f("paingate_search_entry_type_id_uq")),
    )
    for columns in (
        ["type", "position"],
        ["type", "last_updated", "position"],
        ["type", "partner", "position"],
        ["type", "partner", "last_updated", "position"],
    ):
        name = op.f(f"paingate_search_entry_{'_'.join(columns)}_ix")
        op.create_index(name, "paingate_search_entry", columns)
    op.create_table(
        "paingate_search_key",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "position", name=op.f("paingate_search_key_pk")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "paingate_search_date",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("low", sa.Text(), nullable=False),
        sa.Column("high", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", "parameter", "low", "high", name=op.f("paingate_search_date_pk")),
        sqlite_with_rowid=False,
    )
    for end in ("low", "high"):
        op.create_index(op.f(f"paingate_search_date_parameter_{end}_ix"), "paingate_search_date", ["parameter", end])
    by_bytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "paingate_search_text",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", by_bytes, nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.Column("exact", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", "parameter", "number", name=op.f("paingate_search_text_pk")),
    )
    op.create_index(op.f("paingate_search_text_parameter_start_ix"), "paingate_search_text", ["parameter", "start"])
    op.create_table(
        "paingate_search_state",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("paingate_search_state_pk")),
    )
    op.create_index(
        op.f("paingate_resource_type_last_updated_id_version_ix"),
        "paingate_resource",
        ["type", "last_updated", "id", "version"],
    )
