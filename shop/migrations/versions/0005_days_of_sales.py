"""days of sales: figures by day behind questions about the whole shop, work accounts

Revision ID: 0005
Revises: 0004
"""
import sqlalchemy as sa
from alembic import op

import shop.models.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQLITE_DAY = "date({}, '+8 hours')"
POSTGRES_DAY = "to_char({} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"


def upgrade() -> None:
    op.create_table('sales_touch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sales_touch'))
    )
    op.create_table('order_day',
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('city', sa.String(length=20), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('total_fen', sa.BigInteger(), nullable=False),
    sa.Column('discount_fen', sa.BigInteger(), nullable=False),
    sa.Column('kept_fen', sa.BigInteger(), nullable=False),
    sa.Column('ever_paid', sa.Integer(), nullable=False),
    sa.Column('refund_orders', sa.Integer(), nullable=False),
    sa.Column('refunded_fen', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'city', 'channel', name=op.f('pk_order_day'))
    )
    op.create_table('goods_day',
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('key_id', sa.Integer(), nullable=False),
    sa.Column('orders', sa.Integer(), nullable=False),
    sa.Column('units', sa.Integer(), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'day', 'key_id', name=op.f('pk_goods_day'))
    )
    op.create_index('ix_goods_day_kind_key', 'goods_day', ['kind', 'key_id', 'day'], unique=False)
    op.create_table('visit_day',
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('visitors', sa.Integer(), nullable=False),
    sa.Column('buyers', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_visit_day'))
    )
    op.create_table('roll_up',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('upto_id', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_roll_up'))
    )
    op.create_table('work_account',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('since', shop.models.base.UtcTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_work_account_agent_id_agent')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_work_account_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_work_account'))
    )
    op.create_index(op.f('ix_work_account_agent_id'), 'work_account', ['agent_id'], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgres()


def _sqlite() -> None:
    day = SQLITE_DAY
    op.execute(f"INSERT INTO sales_touch (day) SELECT DISTINCT {day.format('created_at')} FROM orders")
    for event in ("INSERT", "UPDATE"):
        op.execute(f"CREATE TRIGGER touch_order_{event.lower()} AFTER {event} ON orders BEGIN "
                   f"INSERT INTO sales_touch (day) VALUES ({day.format('NEW.created_at')}); END")
    op.execute("CREATE TRIGGER touch_order_delete AFTER DELETE ON orders BEGIN "
               f"INSERT INTO sales_touch (day) VALUES ({day.format('OLD.created_at')}); END")
    op.execute("CREATE TRIGGER touch_payment_update AFTER UPDATE ON payment BEGIN INSERT INTO sales_touch (day) "
               f"SELECT {day.format('created_at')} FROM orders WHERE id = NEW.order_id; END")


def _postgres() -> None:
    day = POSTGRES_DAY
    op.execute(f"INSERT INTO sales_touch (day) SELECT DISTINCT {day.format('created_at')} FROM orders")
    op.execute("CREATE FUNCTION touch_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
               "IF TG_OP = 'DELETE' THEN "
               f"INSERT INTO sales_touch (day) VALUES ({day.format('OLD.created_at')}); "
               f"ELSE INSERT INTO sales_touch (day) VALUES ({day.format('NEW.created_at')}); END IF; "
               "RETURN NULL; END $$")
    op.execute("CREATE FUNCTION touch_payment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
               f"INSERT INTO sales_touch (day) SELECT {day.format('created_at')} FROM orders WHERE id = NEW.order_id; "
               "RETURN NULL; END $$")
    op.execute("CREATE TRIGGER touch_order AFTER INSERT OR UPDATE OR DELETE ON orders "
               "FOR EACH ROW EXECUTE FUNCTION touch_order()")
    op.execute("CREATE TRIGGER touch_payment AFTER UPDATE ON payment FOR EACH ROW EXECUTE FUNCTION touch_payment()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("touch_order_insert", "touch_order_update", "touch_order_delete", "touch_payment_update"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute("DROP TRIGGER touch_order ON orders")
        op.execute("DROP TRIGGER touch_payment ON payment")
        op.execute("DROP FUNCTION touch_order()")
        op.execute("DROP FUNCTION touch_payment()")
    op.drop_index(op.f('ix_work_account_agent_id'), table_name='work_account')
    op.drop_table('work_account')
    op.drop_table('roll_up')
    op.drop_table('visit_day')
    op.drop_index('ix_goods_day_kind_key', table_name='goods_day')
    op.drop_table('goods_day')
    op.drop_table('order_day')
    op.drop_table('sales_touch')
