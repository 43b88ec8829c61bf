"""the desk: agents, sessions, notes, tickets, what waits to be pushed

Revision ID: 0003
Revises: 0002
"""
import sqlalchemy as sa
from alembic import op

import shop.models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agent',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('login', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('role', sa.String(length=10), nullable=False),
    sa.Column('groups', shop.models.base.JsonText(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=8), nullable=False),
    sa.Column('status_at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('seen_at', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent')),
    sa.UniqueConstraint('login', name=op.f('uq_agent_login'))
    )
    op.create_table('talk_signal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sender_id', sa.String(length=100), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('body', shop.models.base.JsonText(), nullable=True),
    sa.Column('at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_talk_signal'))
    )
    with op.batch_alter_table('talk_signal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_talk_signal_at'), ['at'], unique=False)

    op.create_table('agent_audit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=True),
    sa.Column('action', sa.String(length=30), nullable=False),
    sa.Column('subject', sa.String(length=120), nullable=False),
    sa.Column('detail', shop.models.base.JsonText(), nullable=True),
    sa.Column('at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_agent_audit_agent_id_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_audit'))
    )
    with op.batch_alter_table('agent_audit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agent_audit_agent_id'), ['agent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_agent_audit_at'), ['at'], unique=False)

    op.create_table('agent_session',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('created_at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('expires_at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('revoked_at', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_agent_session_agent_id_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_agent_session_token_hash'))
    )
    with op.batch_alter_table('agent_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agent_session_agent_id'), ['agent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_agent_session_expires_at'), ['expires_at'], unique=False)

    op.create_table('canned_reply',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('shortcut', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=60), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=True),
    sa.Column('uses', sa.Integer(), nullable=False),
    sa.Column('updated_at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_canned_reply_agent_id_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_canned_reply'))
    )
    with op.batch_alter_table('canned_reply', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_canned_reply_agent_id'), ['agent_id'], unique=False)

    op.create_table('desk_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sender_id', sa.String(length=100), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('text_sealed', sa.Text(), nullable=False),
    sa.Column('mentions', shop.models.base.JsonText(), nullable=True),
    sa.Column('at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_desk_note_agent_id_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_note'))
    )
    with op.batch_alter_table('desk_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_desk_note_agent_id'), ['agent_id'], unique=False)
        batch_op.create_index('ix_desk_note_sender_id', ['sender_id', 'id'], unique=False)

    op.create_table('handoff_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=True),
    sa.Column('detail', shop.models.base.JsonText(), nullable=True),
    sa.Column('at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_handoff_step_agent_id_agent')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoff.id'], name=op.f('fk_handoff_step_handoff_id_handoff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handoff_step'))
    )
    with op.batch_alter_table('handoff_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_handoff_step_agent_id'), ['agent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_handoff_step_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_handoff_step_handoff_id'), ['handoff_id'], unique=False)

    op.create_table('ticket',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sender_id', sa.String(length=100), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=True),
    sa.Column('handoff_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('skill_group', sa.String(length=12), nullable=False),
    sa.Column('phone_sealed', sa.Text(), nullable=True),
    sa.Column('text_sealed', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=True),
    sa.Column('outcome_sealed', sa.Text(), nullable=True),
    sa.Column('created_at', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.Column('done_at', shop.models.base.UtcTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_ticket_agent_id_agent')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_ticket_customer_id_customer')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoff.id'], name=op.f('fk_ticket_handoff_id_handoff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket'))
    )
    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ticket_agent_id'), ['agent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ticket_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ticket_handoff_id'), ['handoff_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ticket_sender_id'), ['sender_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ticket_state'), ['state'], unique=False)

    with op.batch_alter_table('handoff', schema=None) as batch_op:
        batch_op.add_column(sa.Column('agent_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('rank_at', shop.models.base.UtcTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('reasons', shop.models.base.JsonText(), nullable=True))
        batch_op.add_column(sa.Column('first_reply_at', shop.models.base.UtcTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('agent_at', shop.models.base.UtcTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('customer_at', shop.models.base.UtcTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('warned_at', shop.models.base.UtcTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('told_position', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('close_reason', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('tags', shop.models.base.JsonText(), nullable=True))
        batch_op.add_column(sa.Column('rating', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('comment_sealed', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('rated_at', shop.models.base.UtcTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_handoff_agent_id'), ['agent_id'], unique=False)
        batch_op.create_index('ix_handoff_rank', ['state', 'rank_at'], unique=False)

    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('agent_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('delivered_at', shop.models.base.UtcTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_message_agent_id'), ['agent_id'], unique=False)
    op.execute("UPDATE handoff SET rank_at = created_at")


def downgrade() -> None:
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_message_agent_id'))
        batch_op.drop_column('delivered_at')
        batch_op.drop_column('agent_id')

    with op.batch_alter_table('handoff', schema=None) as batch_op:
        batch_op.drop_index('ix_handoff_rank')
        batch_op.drop_index(batch_op.f('ix_handoff_agent_id'))
        batch_op.drop_column('rated_at')
        batch_op.drop_column('comment_sealed')
        batch_op.drop_column('rating')
        batch_op.drop_column('tags')
        batch_op.drop_column('close_reason')
        batch_op.drop_column('told_position')
        batch_op.drop_column('warned_at')
        batch_op.drop_column('customer_at')
        batch_op.drop_column('agent_at')
        batch_op.drop_column('first_reply_at')
        batch_op.drop_column('reasons')
        batch_op.drop_column('rank_at')
        batch_op.drop_column('agent_id')

    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ticket_state'))
        batch_op.drop_index(batch_op.f('ix_ticket_sender_id'))
        batch_op.drop_index(batch_op.f('ix_ticket_handoff_id'))
        batch_op.drop_index(batch_op.f('ix_ticket_customer_id'))
        batch_op.drop_index(batch_op.f('ix_ticket_agent_id'))

    op.drop_table('ticket')
    with op.batch_alter_table('handoff_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_handoff_step_handoff_id'))
        batch_op.drop_index(batch_op.f('ix_handoff_step_at'))
        batch_op.drop_index(batch_op.f('ix_handoff_step_agent_id'))

    op.drop_table('handoff_step')
    with op.batch_alter_table('desk_note', schema=None) as batch_op:
        batch_op.drop_index('ix_desk_note_sender_id')
        batch_op.drop_index(batch_op.f('ix_desk_note_agent_id'))

    op.drop_table('desk_note')
    with op.batch_alter_table('canned_reply', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_canned_reply_agent_id'))

    op.drop_table('canned_reply')
    with op.batch_alter_table('agent_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agent_session_expires_at'))
        batch_op.drop_index(batch_op.f('ix_agent_session_agent_id'))

    op.drop_table('agent_session')
    with op.batch_alter_table('agent_audit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_agent_audit_at'))
        batch_op.drop_index(batch_op.f('ix_agent_audit_agent_id'))

    op.drop_table('agent_audit')
    with op.batch_alter_table('talk_signal', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_talk_signal_at'))

    op.drop_table('talk_signal')
    op.drop_table('agent')
