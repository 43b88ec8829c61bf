"""What looks wrong in the shop's tables is counted and shown."""

from __future__ import annotations

from analytics.data_quality import SHOWN, report
from shop.front import Shop
from shop.states import OrderState
from tests.builders import Builder


def test_every_kind_of_fault_is_counted_and_some_are_shown(shop: Shop, build: Builder) -> None:
    product = build.product(stock=5000)
    buyer = build.customer()
    usual = [build.order(buyer, product.skus[0], state=OrderState.COMPLETED) for _ in range(SHOWN + 80)]
    assert all(one.count == 0 for one in report(shop) if one.name.startswith(("order", "quantity")))
    odd = build.order(buyer, product.skus[0], quantity=90, state=OrderState.COMPLETED)
    mean = (len(usual) + 90) / (len(usual) + 1)
    edge = build.order(buyer, product.skus[0], quantity=int(20 * mean), state=OrderState.COMPLETED)
    with shop.database.change() as session:
        session.connection().exec_driver_sql(f"UPDATE orders SET city = '' WHERE id < {usual[SHOWN + 5].id}")
        session.connection().exec_driver_sql(f"DELETE FROM order_line WHERE order_id = {usual[0].id}")
    found = {one.name: one for one in report(shop)}
    assert found["quantity_outlier"].rows == (odd.number,), f"{edge.number} is within 20 times the mean"
    assert found["order_without_line"].rows == (usual[0].number,)
    assert (found["order_without_city"].count, len(found["order_without_city"].rows)) == (SHOWN + 5, SHOWN)
    assert found["product_without_picture"].count == 1
    assert found["cost_above_price"].count == 0
