"""the mood of messages, and what nobody could answer

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

import shop.models.base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mood", sa.String(length=3), nullable=True))
        batch_op.add_column(sa.Column("anger", sa.Integer(), nullable=True))
    op.create_table(
        "unanswered",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text_sealed", sa.Text(), nullable=False),
        sa.Column("intent", sa.String(length=40), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", shop.models.base.UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unanswered")),
    )
    with op.batch_alter_table("unanswered", schema=None) as batch_op:
        batch_op.create_index("ix_unanswered_state_at", ["state", "at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("unanswered", schema=None) as batch_op:
        batch_op.drop_index("ix_unanswered_state_at")
    op.drop_table("unanswered")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("anger")
        batch_op.drop_column("mood")
