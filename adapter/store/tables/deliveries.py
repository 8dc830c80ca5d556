"""What is brought to partners, who does it, and what is known of them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from adapter.store.tables.naming import PREFIX, metadata

delivery = Table(
    f"{PREFIX}delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("item_version", Integer, nullable=False),
    Column("partner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("remote_id", Text),
    Column("remote_version", Text),
    Column("updated_at", Text, nullable=False),
    Column("fit", Text),
    Column("because", LargeBinary),
    Column("unkept", LargeBinary),
    Column("read_back_at", Text),
    UniqueConstraint("kind", "item_id", "item_version", "partner"),
    Index(None, "partner", "state"),
)
"""One version of a plan, or of the Task of a referral, for one partner, and what became of it; `fit` is the way that it
went, `because` why no better one, `unkept` what the partner did not keep of it."""

partner = Table(
    f"{PREFIX}partner",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("settings", LargeBinary),
    Column("stored_at", Text, nullable=False),
    Column("stored_by", Text, nullable=False),
)
"""Partners that were put through the clinic API: their settings, without secrets; NULL where they were removed."""

partner_knowledge = Table(
    f"{PREFIX}partner_knowledge",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("base_url", Text, nullable=False),
    Column("accepts", LargeBinary),
    Column("failed", LargeBinary, nullable=False),
    Column("read_at", Text, nullable=False),
)
"""What a partner said that it takes, and which ways it claimed and was found not to do."""

partner_patient = Table(
    f"{PREFIX}partner_patient",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("number", Text, ForeignKey(f"{PREFIX}patient.number"), primary_key=True),
    Column("remote_id", Text, nullable=False),
    Column("learned_at", Text, nullable=False),
)
"""Which Patient of a partner's is our patient."""

partner_state = Table(
    f"{PREFIX}partner_state",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Text),
    Column("left_alone_until", BigInteger, nullable=False),
    Column("last_error", Text),
    Column("succeeded_at", BigInteger, nullable=False),
    Column("said_down_at", BigInteger, nullable=False, server_default="0"),
)
"""How a partner is doing, for all workers: failures without a success between them, and until when it is left alone."""

work = Table(
    f"{PREFIX}work",
    metadata,
    Column("id", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("owner", Text),
    Column("failed_at", BigInteger),
    Column("failing_since", BigInteger),
    Column("failed_alone", Integer, nullable=False, default=0),
    Index(None, "partner", "due_at"),
    Index(None, "lane", "position"),
    Index(None, "owner"),
)
"""What is still to be done for a partner, by the id of the delivery or the pull that it is about: gone once that is
settled.  Of one lane only the first is done; `owner` is the worker that does it now.  Times are milliseconds."""

worker = Table(
    f"{PREFIX}worker",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("beat", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Index(None, "name"),
)
"""The workers that are alive; each counts on in its own row, and one that no longer does is dead."""
