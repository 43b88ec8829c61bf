"""goods that move: a product's new category or brand touches the days on which it was sold

Revision ID: 0008
Revises: 0007
"""
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TOUCH = ("INSERT INTO sales_touch (day) SELECT DISTINCT day FROM goods_day "
         "WHERE kind = 'product' AND key_id = NEW.id; ")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE TRIGGER touch_product AFTER UPDATE OF category_id, brand_id ON product "
                   "WHEN OLD.category_id IS NOT NEW.category_id OR OLD.brand_id IS NOT NEW.brand_id "
                   f"BEGIN {TOUCH}END")
        return
    op.execute(f"CREATE FUNCTION touch_product() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {TOUCH}"
               "RETURN NULL; END $$")
    op.execute("CREATE TRIGGER touch_product AFTER UPDATE OF category_id, brand_id ON product FOR EACH ROW "
               "WHEN (OLD.category_id IS DISTINCT FROM NEW.category_id OR OLD.brand_id IS DISTINCT FROM NEW.brand_id) "
               "EXECUTE FUNCTION touch_product()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER touch_product")
        return
    op.execute("DROP TRIGGER touch_product ON product")
    op.execute("DROP FUNCTION touch_product()")
