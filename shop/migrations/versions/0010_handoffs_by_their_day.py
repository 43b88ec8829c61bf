"""handoffs by the day on which they were asked for, for the service report

Revision ID: 0010
Revises: 0009
"""
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_handoff_created_at", "handoff", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_handoff_created_at", table_name="handoff")
