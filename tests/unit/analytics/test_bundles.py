"""What lies dead is bundled with a product that sells."""

from __future__ import annotations

from datetime import timedelta

from analytics import replenish
from analytics.plan_table import plan_text
from shop.front import Shop
from shop.states import OrderState
from tests.builders import Builder


def test_dead_goods_go_with_what_they_were_bought_with_else_with_the_best_of_their_shelf(
    shop: Shop, build: Builder
) -> None:
    covers, films, boxes = build.category("壳"), build.category("膜"), build.category("箱")
    phone = build.product("手机", stock=90)
    cover, best_cover = (
        build.product("旧壳", category=covers, stock=2),
        build.product("新壳", category=covers, stock=90),
    )
    film, rare, film_out = (build.product(name, category=films, stock=90) for name in ("新膜", "冷膜", "缺货膜"))
    dead_film, box = build.product("旧膜", category=films, stock=2), build.product("旧箱", category=boxes, stock=2)
    buyer, long_ago, done = build.customer(), timedelta(days=200), OrderState.COMPLETED
    for _ in range(2):
        build.order(buyer, phone.skus[0], cover.skus[0], ago=long_ago, state=done)
        build.order(buyer, film_out.skus[0], quantity=9, ago=timedelta(days=3), state=done)
    for _ in range(3):  # never paid, so never bought together
        build.order(buyer, best_cover.skus[0], cover.skus[0], ago=long_ago, state=OrderState.CANCELLED)
    build.order(buyer, phone.skus[0], dead_film.skus[0], box.skus[0], ago=long_ago, state=done)
    for sold, units in ((phone, 4), (best_cover, 9), (film, 7), (rare, 1)):
        build.order(buyer, sold.skus[0], quantity=units, ago=timedelta(days=3), state=done)
    with shop.database.change() as session:
        session.connection().exec_driver_sql(f"UPDATE stock SET on_hand = 0 WHERE sku_id = {film_out.skus[0].id}")
    lines = replenish.plan(shop)
    told = {one.name: (one.advice, one.partner) for one in lines}
    assert told["旧壳"] == ("bundle", "手机")
    assert told["旧膜"] == ("bundle", "新膜"), "one order with the phone is chance; what is sold out helps nobody"
    assert told["旧箱"] == ("bundle", ""), "nothing else stands on its shelf"
    assert told["手机"][1] == ""
    shown = plan_text(lines, []).splitlines()
    assert any("旧壳" in line and line.endswith("手机") for line in shown)
