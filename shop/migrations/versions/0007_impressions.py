"""recommendations that were shown

Revision ID: 0007
Revises: 0006
"""
import sqlalchemy as sa
from alembic import op

import shop.models.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('impression',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('list_id', sa.String(length=16), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=True),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.String(length=8), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('propensity', sa.Float(), nullable=False),
    sa.Column('variant', sa.String(length=20), nullable=False),
    sa.Column('version', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.String(length=16), nullable=False),
    sa.Column('at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('clicked_at', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_impression_customer_id_customer')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_impression_product_id_product')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_impression'))
    )
    op.create_index(op.f('ix_impression_at'), 'impression', ['at'], unique=False)
    op.create_index(op.f('ix_impression_customer_id'), 'impression', ['customer_id'], unique=False)
    op.create_index('ix_impression_list_product', 'impression', ['list_id', 'product_id'], unique=False)


def downgrade() -> None:
    op.drop_table('impression')
