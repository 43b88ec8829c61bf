"""an index over quantities, by which lines of far too many units are found

Revision ID: 0012
Revises: 0011
"""
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_order_line_quantity"), "order_line", ["quantity"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_order_line_quantity"), table_name="order_line")
