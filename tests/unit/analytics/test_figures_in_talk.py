"""The figures as the bot tells them: to a customer their own, to an operator the shop's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.figures import AskBusiness, OrderSpend
from actions.orders import ListOrders
from actions.presale import Price, SearchProduct
from actions.verify import SubmitVerify, VerifyForm
from analytics import order_stats, shop_panel
from analytics.query import Metric, Query
from nlp.entities import EntityExtractor
from nlp.gazetteer import Gazetteer
from shop import work_accounts
from shop.errors import BadValue, NotIdentified
from shop.front import Shop
from shop.models import Customer
from shop.sales_days import refresh
from shop.states import OrderState
from tests.builders import Builder
from tests.unit.actions.fakes import run, tracker


def say(shop: Shop, customer: int, text: str, action: Any = OrderSpend, slots: dict[str, Any] | None = None) -> Any:
    """What the bot answers a customer whose conversation is linked."""
    shop.identity.link("talk-1", customer, "test")
    found = EntityExtractor(Gazetteer(shop.catalogue.words)).extract(text, shop.clock())
    entities = [{"entity": one.type, "value": one.value, "text": one.text} for one in found]
    return run(action(shop), tracker(text, "order_spend", *entities, slots=slots or {}))


def bought(build: Builder) -> tuple[Any, Any]:
    """A customer with two paid orders of this year and one of the last; somebody else with a dear one."""
    mine, other = build.customer(), build.customer("李四", "13900000000")
    phone = build.product("青禾手机", category=build.category("手机", code="phone"), price_fen=199900, stock=50)
    dress = build.product(price_fen=10000, stock=50)
    done = OrderState.COMPLETED
    build.order(mine, dress.skus[0], state=done, ago=timedelta(days=3))
    build.order(mine, phone.skus[0], state=done, ago=timedelta(days=20), discount_fen=5000)
    build.order(mine, dress.skus[0], state=done, ago=timedelta(days=200))
    build.order(mine, dress.skus[0], state=OrderState.PENDING_PAYMENT)
    build.order(other, phone.skus[0], state=done, quantity=3)
    return mine, other


def test_a_customer_hears_what_they_spent_this_year(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    said = say(shop, mine.id, "我今年花了多少")
    assert "2 单" in said.text
    assert "¥2049" in said.text
    assert "今年" in said.text


def test_a_follow_up_keeps_the_question_and_changes_the_time(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    first = say(shop, mine.id, "我今年花了多少")
    held = {"figures": first.slots["figures"]}
    assert "¥100" in say(shop, mine.id, "那去年呢", ListOrders, held).text
    assert "¥1999" in say(shop, mine.id, "只看手机", ListOrders, held).text


def test_what_is_no_follow_up_is_answered_by_its_own_action(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    held = {"figures": say(shop, mine.id, "我今年花了多少").slots["figures"]}
    assert say(shop, mine.id, "我的订单呢", ListOrders, held).names == ["utter_list_orders"]


def test_after_talk_of_goods_how_much_is_about_the_goods(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    held = {"figures": say(shop, mine.id, "我今年花了多少").slots["figures"]}
    assert say(shop, mine.id, "多少钱呢", Price, held).slots["figures"] is not None, "directly after figures"
    goods = say(shop, mine.id, "有没有连衣裙", SearchProduct, held)
    assert goods.slots["figures"] is None
    asked = say(shop, mine.id, "多少钱呢", Price, {**held, **goods.slots})
    assert not {"utter_order_spend", "utter_figure_own"} & set(asked.names)


def test_the_dearest_the_last_and_the_bought_one_are_found(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    assert "青禾手机" in say(shop, mine.id, "我最贵的一单是哪个").text
    assert "2025-03-09" in say(shop, mine.id, "我上次买东西是什么时候").text
    assert "¥1999" in say(shop, mine.id, "我买过的那款手机多少钱").text
    assert "¥50" in say(shop, mine.id, "一共省了多少").text


def test_a_customer_gets_no_figures_of_the_shop(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    assert say(shop, mine.id, "昨天卖得怎么样", AskBusiness).names == ["utter_business_closed"]
    assert "5997" not in say(shop, mine.id, "店里今年卖了多少").text


@pytest.mark.parametrize("text", ["我的退货率是多少", "我今年的转化率", "今年有多少访客", "我按月的退款率"])
def test_a_figure_that_only_a_shop_has_is_answered_with_a_sentence(shop: Shop, build: Builder, text: str) -> None:
    mine, _ = bought(build)
    assert say(shop, mine.id, text).names == ["utter_figure_unknown_own"]


@pytest.mark.parametrize("metric", [Metric.REFUND_RATE, Metric.VISITORS, Metric.CONVERSION])
def test_a_customer_has_no_rates_and_no_visitors(shop: Shop, build: Builder, metric: Metric) -> None:
    mine, _ = bought(build)
    with pytest.raises(BadValue) as caught:
        order_stats.answer(shop, Query(metric=metric), mine.id)
    assert caught.value.facts["field"] == "metric"


def test_a_guest_who_proves_who_they_are_is_answered_what_they_had_asked(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    number = shop.orders.list(mine.id)[0].number
    text = "我今年手机花了多少"
    found = EntityExtractor(Gazetteer(shop.catalogue.words)).extract(text, shop.clock())
    asked = [{"entity": one.type, "value": one.value, "text": one.text} for one in found]
    slots = {"verify_order": None, "verify_tail": None}
    slots |= run(OrderSpend(shop), tracker(text, "order_spend", *asked, slots=slots)).slots
    slots |= run(VerifyForm(shop), tracker(text, "order_spend", *asked, slots=slots, form="verify_form")).slots
    assert slots["kept"]["text"] == text
    slots |= {"verify_order": number, "verify_tail": "5678", "requested_slot": None}
    said = run(SubmitVerify(shop), tracker("5678", "inform", slots=slots))
    assert said.names == ["utter_verified", "utter_figure_own"]
    assert "今年您手机" in said.text
    assert "¥1999" in said.text
    assert said.slots["kept"] is None


def test_a_mean_of_months_begins_with_the_customers_own_first_order(shop: Shop, build: Builder) -> None:
    mine, other = bought(build)
    build.order(other, build.product("旧杯子").skus[0], state=OrderState.COMPLETED, ago=timedelta(days=900))
    said = say(shop, mine.id, "我平均每个月花多少").text
    assert "¥325" in said, "2149 yuan in 201 days, not in 901"


def test_the_askers_words_stand_for_a_time_only_when_they_mean_it(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    said = say(shop, mine.id, "今年第一季度花了多少")
    assert "今年您" not in said.text
    assert "-01-01" in said.text
    assert "今年您" in say(shop, mine.id, "我今年花了多少").text


def test_a_time_without_sales_is_named_and_not_the_one_with_sales(shop: Shop, build: Builder) -> None:
    boss = operator(shop, build)
    why = "为什么这个月销量涨了"
    assert say(shop, boss, why, AskBusiness).names == ["utter_why_sales_none"]
    cup = build.product("水杯", price_fen=5000, stock=9)
    build.order(build.customer(), cup.skus[0], state=OrderState.COMPLETED, ago=timedelta(hours=1))
    said = say(shop, boss, why, AskBusiness)
    assert said.names == ["utter_why_sales_one"]
    assert "¥50" in said.text


def operator(shop: Shop, build: Builder) -> int:
    shop.agents.add("chief", "主管", "a long password", "supervisor")
    account = build.customer("主管", "13700000000")
    work_accounts.link(shop, "chief", account.id)
    return int(account.id)


def test_an_operator_gets_figures_of_the_shop(shop: Shop, build: Builder) -> None:
    bought(build)
    boss = operator(shop, build)
    assert "¥8046" in say(shop, boss, "今年卖了多少", AskBusiness).text
    said = say(shop, boss, "今年哪个品类卖得最好", AskBusiness)
    assert "手机" in said.text
    assert [one for one in said.messages if one.get("custom")][0]["custom"]["chart"] == "bar"
    held = {"figures": say(shop, boss, "今年卖了多少", AskBusiness).slots["figures"]}
    assert "杭州市" in say(shop, boss, "按城市分", ListOrders, held).text


def test_an_operator_hears_what_runs_out_and_why_sales_moved(shop: Shop, build: Builder) -> None:
    bought(build)
    boss = operator(shop, build)
    scarce = build.product("快断货的杯子", price_fen=1000, stock=20)
    build.order(
        build.customer("赵六", "13600000000"), scarce.skus[0], quantity=19, state=OrderState.PAID, ago=timedelta(days=1)
    )
    assert "快断货的杯子" in say(shop, boss, "什么快断货了", AskBusiness).text
    build.order(
        build.customer("钱七", "13500000000"), scarce.skus[0], state=OrderState.COMPLETED, ago=timedelta(days=35)
    )
    assert "销售额" in say(shop, boss, "为什么这个月销量涨了", AskBusiness).text
    assert say(shop, boss, "有多少售后待处理", AskBusiness).names == ["utter_pending_cases_none"]
    assert say(shop, boss, "预测一下未来28天能卖多少", AskBusiness).names == ["utter_business_forecast"]
    assert "utter_figure_unknown" in say(shop, boss, "手机的转化率", AskBusiness).names


def test_a_parcels_label_opens_neither_the_shops_figures_nor_a_work_account(shop: Shop, build: Builder) -> None:
    bought(build)
    shop.agents.add("chief", "主管", "a long password", "supervisor")
    account = build.add(Customer(code="chief", phone_sealed=shop.cipher.seal("13700001234")))
    number = build.order(account).number
    assert shop.identity.prove("talk-1", number, "1234") == account.id  # a customer's still
    work_accounts.link(shop, "chief", account.id)
    asked = tracker("今年卖了多少", "order_spend")
    assert run(AskBusiness(shop), asked).names == ["utter_business_closed"]  # the link of before is cut
    with pytest.raises(NotIdentified):
        shop.identity.prove("talk-1", number, "1234")
    assert run(AskBusiness(shop), asked).names == ["utter_business_closed"]
    asked.latest_message["metadata"]["identity"] = shop.identity.issue_assertion("talk-1", account.id)
    assert run(AskBusiness(shop), asked).names == ["utter_figure"]


def test_an_agent_without_rank_and_a_dismissed_one_are_customers(shop: Shop, build: Builder) -> None:
    boss = operator(shop, build)
    assert work_accounts.role_of(shop, boss) == "supervisor"
    shop.agents.change(shop.agents.all()[0].id, is_active=False)
    assert work_accounts.role_of(shop, boss) is None


def test_figures_follow_every_change_of_an_order_at_once(shop: Shop, build: Builder) -> None:
    mine, _ = bought(build)
    boss = operator(shop, build)
    assert "¥8046" in say(shop, boss, "今年卖了多少", AskBusiness).text
    order = build.order(mine, build.product("水杯", price_fen=5000).skus[0], state=OrderState.PAID)
    assert "¥8096" in say(shop, boss, "今年卖了多少", AskBusiness).text
    shop.orders.cancel(mine.id, order.number, "unwanted", key="k")
    assert "¥8046" in say(shop, boss, "今年卖了多少", AskBusiness).text
    assert refresh(shop) == 0


def test_a_forecast_takes_a_category_with_all_below_it_and_drops_no_wish(shop: Shop, build: Builder) -> None:
    boss = operator(shop, build)
    parent = build.category("数码", code="digital")
    below = build.category("手机", code="phone", above=parent)
    brand = build.brand("青禾", code="qinghe")
    phone = build.product("折叠屏", category=below, brand=brand, price_fen=199900, stock=50)
    other = build.product("碎花裙", price_fen=5000, stock=500)
    buyer = build.customer("赵六", "13600000000")
    for ago in range(1, 40):
        build.order(buyer, phone.skus[0], state=OrderState.COMPLETED, ago=timedelta(days=ago))
        build.order(buyer, other.skus[0], quantity=5, state=OrderState.COMPLETED, ago=timedelta(days=ago))
    assert shop_panel.series(shop, "category", "digital").values.sum() == 39
    assert say(shop, boss, "预测一下未来28天数码能卖多少", AskBusiness).names == ["utter_business_forecast"]
    assert say(shop, boss, "预测一下未来28天青禾能卖多少", AskBusiness).names == ["utter_figure_unknown"]
    assert say(shop, boss, "预测一下未来28天杭州能卖多少", AskBusiness).names == ["utter_figure_unknown"]


def test_the_worst_seller_is_what_did_not_sell_at_all(shop: Shop, build: Builder) -> None:
    bought(build)
    boss = operator(shop, build)
    now = shop.clock()
    build.product("没人要的杯子", created_at=now - timedelta(days=300))
    build.product("没人要的老杯子", created_at=now - timedelta(days=900))
    build.product("刚来的杯子", created_at=now)
    build.product("下架的杯子", on_sale=0)
    said = say(shop, boss, "今年卖得最差的2个商品", AskBusiness).text
    assert "没人要的老杯子 0 件；没人要的杯子 0 件；一件没卖的商品共 3 个" in said
    assert "没人要的杯子 0" in say(shop, boss, "杭州今年卖得最差的5个商品", AskBusiness).text
    before = say(shop, boss, "去年卖得最差的5个商品", AskBusiness).text
    assert "没人要的老杯子 0" in before
    assert "刚来的杯子" not in said + before
    assert "下架的杯子" not in said + before
    assert "没人要的杯子" not in say(shop, boss, "今年卖得最好的商品", AskBusiness).text


@pytest.mark.parametrize("text", ["生意怎么样", "今天客单价多少", "压货严重吗", "库存"])
def test_an_operators_words_about_the_shop_are_answered_whatever_they_were_heard_as(
    shop: Shop, build: Builder, text: str
) -> None:
    mine, _ = bought(build)
    boss = operator(shop, build)
    told = {"utter_figure", "utter_stock_over", "utter_stock_over_none", "utter_stock_total"}
    assert told & set(say(shop, boss, text, Price).names)
    assert not told & set(say(shop, mine.id, text, Price).names), "a customer's words are a customer's"


@pytest.mark.parametrize("text", ["上个月毛利多少", "哪个客户买得最多", "浙江卖了多少", "昨天几点卖得最多"])
def test_a_figure_that_nobody_keeps_is_not_answered_with_another(shop: Shop, build: Builder, text: str) -> None:
    bought(build)
    assert say(shop, operator(shop, build), text, AskBusiness).names == ["utter_business_unknown"]


def test_how_business_goes_is_about_today_and_a_figure_without_a_time_says_so(shop: Shop, build: Builder) -> None:
    bought(build)
    boss = operator(shop, build)
    assert "2025-03-12销售额是 ¥5997" in say(shop, boss, "生意咋样", AskBusiness).text
    assert say(shop, boss, "店铺销售额多少", AskBusiness).text.startswith("至今")
    held = {"figures": say(shop, boss, "今年卖了多少", AskBusiness).slots["figures"]}
    assert "退款是 ¥0" in say(shop, boss, "那退款呢", ListOrders, held).text


def test_a_week_that_runs_is_explained_as_far_as_it_has_come(shop: Shop, build: Builder) -> None:
    bought(build)
    boss = operator(shop, build)
    cup = build.product("水杯", price_fen=5000, stock=9)
    for ago in (1, 8):
        build.order(
            build.customer(phone=f"1350000000{ago}"), cup.skus[0], state=OrderState.PAID, ago=timedelta(days=ago)
        )
    said = say(shop, boss, "为什么这周销量掉了", AskBusiness).text
    assert "2025-03-10 至 2025-03-12" in said
    assert "2025-03-03 至 2025-03-05" in said
