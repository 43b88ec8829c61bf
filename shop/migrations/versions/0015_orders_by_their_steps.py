"""orders by the days on which they were sent, delivered and cancelled

Revision ID: 0015
Revises: 0014
"""
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STEPS = ("shipped_at", "delivered_at", "cancelled_at")


def upgrade() -> None:
    for step in STEPS:
        op.create_index(op.f(f"ix_orders_{step}"), "orders", [step], unique=False)


def downgrade() -> None:
    for step in STEPS:
        op.drop_index(op.f(f"ix_orders_{step}"), table_name="orders")
