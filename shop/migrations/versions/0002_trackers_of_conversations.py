"""trackers of conversations

Revision ID: 0002
Revises: 0001
"""
import sqlalchemy as sa
from alembic import op

import shop.models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tracker_chunk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.String(length=100), nullable=False),
        sa.Column("starts_session", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("body_sealed", sa.Text(), nullable=False),
        sa.Column("at", shop.models.base.UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracker_chunk")),
    )
    with op.batch_alter_table("tracker_chunk", schema=None) as batch_op:
        batch_op.create_index("ix_tracker_chunk_sender_id", ["sender_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tracker_chunk_at"), ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("tracker_chunk")
