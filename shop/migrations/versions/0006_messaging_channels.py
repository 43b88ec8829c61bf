"""messaging channels: inbox, outbox, peers, shared values

Revision ID: 0006
Revises: 0005
"""
import sqlalchemy as sa
from alembic import op

import shop.models.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('channel_inbox',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('external_id', sa.String(length=120), nullable=False),
    sa.Column('sender_id', sa.String(length=100), nullable=False),
    sa.Column('body_sealed', sa.Text(), nullable=False),
    sa.Column('at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=5), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('lease_until', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channel_inbox')),
    sa.UniqueConstraint('channel', 'external_id', name=op.f('uq_channel_inbox_channel_external_id'))
    )
    with op.batch_alter_table('channel_inbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_channel_inbox_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_channel_inbox_sender_id'), ['sender_id'], unique=False)
        batch_op.create_index('ix_channel_inbox_state_lease', ['state', 'lease_until'], unique=False)

    op.create_table('channel_outbox',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=True),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('sender_id', sa.String(length=100), nullable=False),
    sa.Column('origin', sa.String(length=8), nullable=False),
    sa.Column('body_sealed', sa.Text(), nullable=False),
    sa.Column('pieces_done', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('next_at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=7), nullable=False),
    sa.Column('error', sa.String(length=80), nullable=True),
    sa.Column('at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('ended_at', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channel_outbox')),
    sa.UniqueConstraint('key', name=op.f('uq_channel_outbox_key'))
    )
    with op.batch_alter_table('channel_outbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_channel_outbox_at'), ['at'], unique=False)
        batch_op.create_index('ix_channel_outbox_sender', ['sender_id', 'state', 'id'], unique=False)
        batch_op.create_index('ix_channel_outbox_state_next', ['state', 'next_at'], unique=False)

    op.create_table('channel_peer',
    sa.Column('sender_id', sa.String(length=100), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('address_sealed', sa.Text(), nullable=False),
    sa.Column('heard_at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('window_until', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.Column('window_limit', sa.Integer(), nullable=False),
    sa.Column('window_used', sa.Integer(), nullable=False),
    sa.Column('choices_sealed', sa.Text(), nullable=True),
    sa.Column('lease_until', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('sender_id', name=op.f('pk_channel_peer'))
    )
    with op.batch_alter_table('channel_peer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_channel_peer_channel'), ['channel'], unique=False)

    op.create_table('channel_value',
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('value_sealed', sa.Text(), nullable=True),
    sa.Column('expires_at', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.Column('lease_until', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_channel_value'))
    )


def downgrade() -> None:
    for name in ("channel_value", "channel_peer", "channel_outbox", "channel_inbox"):
        op.drop_table(name)
