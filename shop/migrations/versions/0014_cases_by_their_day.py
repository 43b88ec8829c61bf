"""an index over the days on which after-sale cases were opened, by which they are counted

Revision ID: 0014
Revises: 0013
"""
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_aftersale_case_created", "aftersale_case", ["created_at", "kind"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_aftersale_case_created", table_name="aftersale_case")
