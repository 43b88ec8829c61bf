"""how often a callback was delivered, and the words that its response carried

Revision ID: 0011
Revises: 0010
"""
import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel_inbox", sa.Column("deliveries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("channel_inbox", sa.Column("given_sealed", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("channel_inbox") as table:
        table.drop_column("given_sealed")
        table.drop_column("deliveries")
