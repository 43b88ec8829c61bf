"""A shop's owner in a hurry: short words after one another, about figures, shelves and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.chat import Reply, Unsure
from actions.figures import AskBusiness, OrderSpend
from actions.orders import ListOrders
from analytics import replenish
from nlp.entities import EntityExtractor
from nlp.gazetteer import Gazetteer
from shop import work_accounts
from shop.front import Shop
from shop.models import AfterSaleCase
from shop.states import OrderState
from tests.builders import Builder
from tests.unit.actions.fakes import run, tracker


class Owner:
    """Talks as a work account; what the bot remembers goes from turn to turn."""

    def __init__(self, shop: Shop, build: Builder) -> None:
        self.shop, self.slots = shop, dict[str, Any]()
        shop.agents.add("chief", "主管", "a long password", "supervisor")
        account = build.customer("主管", "13700000000")
        work_accounts.link(shop, "chief", account.id)
        shop.identity.link("talk-1", account.id, "test")
        self.ear = EntityExtractor(Gazetteer(shop.catalogue.words))

    def says(self, text: str, action: Any = ListOrders, intent: str = "inform") -> Any:
        """What is answered; heard as something else unless an action is given."""
        found = self.ear.extract(text, self.shop.clock())
        entities = [
            {"entity": one.type, "value": one.value, "text": one.text, "start": one.start, "end": one.end}
            for one in found
        ]
        said = run(action(self.shop), tracker(text, intent, *entities, slots=self.slots))
        self.slots |= said.slots
        return said

    def asks(self, text: str) -> Any:
        """The same, heard as a question about the shop."""
        return self.says(text, AskBusiness, "ask_business")


@pytest.fixture
def goods(build: Builder) -> dict[str, Any]:
    """A phone that is scarce and sold, a cup that is plenty and sold; by the name of their categories."""
    phone = build.product("青禾手机", category=build.category("手机", code="phone"), price_fen=200000, stock=2)
    cup = build.product("白瓷杯", category=build.category("杯子", code="cup"), price_fen=5000, stock=500)
    buyer = build.customer()
    for days, units in ((1, 3), (8, 5), (9, 1), (35, 2)):
        build.order(buyer, cup.skus[0], quantity=units, state=OrderState.COMPLETED, ago=timedelta(days=days))
    for days in (1, 8, 35):
        build.order(buyer, phone.skus[0], quantity=6, state=OrderState.COMPLETED, ago=timedelta(days=days))
    return {"手机": phone, "杯子": cup}


@pytest.fixture
def owner(shop: Shop, build: Builder, goods: dict[str, Any]) -> Owner:
    return Owner(shop, build)


def test_a_day_is_held_against_the_same_day_of_the_week_before(owner: Owner) -> None:
    assert "¥12150" in owner.asks("昨天卖得咋样").text
    said = owner.says("比上周呢").text
    assert "¥12250" in said, "the same weekday, not the whole week"


def test_a_mistyped_day_and_metric_are_read(owner: Owner) -> None:
    assert owner.asks("坐天卖得咋样").text == "坐天销售额是 ¥12150。"
    assert "客单价" not in owner.asks("昨天客单件多少").text
    assert "平均每单" in owner.asks("昨天客单件多少").text
    assert "转化率" in owner.asks("昨天转化律").text


def test_shelves_are_narrowed_as_figures_are(owner: Owner) -> None:
    low = owner.asks("什么快断货了")
    assert "青禾手机" in low.text
    cups = owner.says("杯子的呢")
    assert cups.names == ["utter_stock_low_none"]
    assert cups.text.startswith("杯子")
    assert "青禾手机" in owner.says("手机的").text


def test_why_goes_on_with_another_time(owner: Owner) -> None:
    assert owner.asks("为啥昨天掉了").names[0].startswith("utter_why_sales")
    assert owner.says("那上周呢").names[0].startswith("utter_why_sales")
    assert owner.says("只看手机").names == ["utter_figure"], "a category is no cause"
    said = owner.asks("为什么昨天手机卖得少了")
    assert said.names == ["utter_figure"], "visitors look at no category"
    assert "¥12000" in said.text


def test_a_wish_for_a_table_and_what_is_not_understood_leave_the_question(owner: Owner) -> None:
    owner.asks("昨天卖了多少")
    assert owner.says("导出给我", Unsure, "nlu_fallback").names == ["utter_business_export"]
    owner.says("asdfgh", Reply, "out_of_scope")
    owner.says("啥", Unsure, "nlu_fallback")
    assert "杯子" in owner.says("只看杯子").text
    owner.says("谢谢", Reply, "thank")
    assert owner.slots["figures"] is None, "other talk ends it"


def test_who_has_no_figures_before_them_gets_no_table(owner: Owner) -> None:
    assert "utter_business_export" not in owner.says("导出给我", Unsure, "nlu_fallback").names


def test_a_refusal_leaves_the_question_before(owner: Owner) -> None:
    owner.asks("昨天转化率")
    assert owner.says("按渠道看").names == ["utter_figure_unknown"]
    assert owner.says("那前天呢").names == ["utter_figure"]


def test_two_times_are_held_against_each_other_with_the_figure_of_before(owner: Owner) -> None:
    assert "销售额" in owner.says("前天和昨天比").text
    owner.asks("昨天卖了几单")
    said = owner.says("这周和上周比一下").text
    assert "订单数" in said
    assert "单，" in said


def test_the_worst_follow_the_best(owner: Owner) -> None:
    assert owner.asks("上个月哪个商品卖得最好").text
    said = owner.says("倒数呢")
    assert said.names == ["utter_figure_rows"]
    assert owner.slots["figures"]["query"]["ascending"] is True


def test_what_goods_are_ranked_by_stays_until_another_figure_is_named(owner: Owner) -> None:
    owner.asks("上个月哪个商品卖得最好")
    assert owner.slots["figures"]["query"]["metric"] == "units"
    owner.says("换成销售额")
    assert owner.slots["figures"]["query"]["metric"] == "sales"
    owner.says("那这个月呢")
    assert owner.slots["figures"]["query"]["metric"] == "sales"


def test_no_rows_are_not_told_as_a_list(owner: Owner) -> None:
    owner.asks("前天手机卖了多少")
    assert owner.says("按城市分").names == ["utter_figure"]


def test_days_that_goods_last_are_no_forecast_and_a_forecast_is_of_the_days_that_are_named(owner: Owner) -> None:
    lasts = owner.asks("杯子还能卖几天")
    assert lasts.names == ["utter_stock_total"]
    assert "¥" in lasts.text
    week = owner.asks("下周能卖多少")
    assert week.names == ["utter_business_forecast"]
    table = next(one["custom"] for one in week.messages if one.get("custom"))
    assert len(table["rows"]) == 7
    assert len(next(one["custom"] for one in owner.asks("预计卖多少").messages if one.get("custom"))["rows"]) == 28
    assert owner.asks("明年十二月能卖多少").names == ["utter_business_forecast_far"]


def test_what_to_buy_is_told_with_units_and_days(owner: Owner) -> None:
    said = owner.asks("该补什么货")
    line = next(one for one in replenish.plan(owner.shop) if one.buy)
    assert said.names == ["utter_stock_plan"]
    assert line.order_by == "2025-03-12", "two are left of what sells more than that in a week"
    assert f"「青禾手机」红色 M进 {line.buy} 件，今天就订、{line.arrives} 到（现有 2 件）" in said.text
    assert owner.asks("什么快断货了").names == ["utter_stock_low"]


@pytest.mark.parametrize("text", ["这周要进多少货", "给我个采购清单", "手机要补多少", "手里还有五千万块先进啥"])
def test_what_to_buy_is_asked_in_other_words(owner: Owner, text: str) -> None:
    assert owner.says(text).names == ["utter_stock_plan"]


def test_what_to_buy_keeps_to_the_goods_and_the_money_that_are_named(owner: Owner) -> None:
    assert owner.asks("杯子要进多少").names == ["utter_stock_plan_none"]
    owner.asks("该补什么货")
    assert owner.says("杯子的呢").names == ["utter_stock_plan_none"]


def test_why_refunds_rose_is_answered_by_their_reasons(owner: Owner, shop: Shop, build: Builder) -> None:
    buyer = build.customer("赵六", "13600000000")
    sent = build.order(buyer, build.product("灯").skus[0], state=OrderState.DELIVERED, ago=timedelta(days=3))
    for number, kind in enumerate(("refund", "return", "repair")):
        build.add(
            AfterSaleCase(
                number=f"A{number}", order_id=sent.id, customer_id=buyer.id, kind=kind, reason="quality",
                state="submitted", amount_fen=1, created_at=shop.clock() - timedelta(minutes=5),
                order_line_id=sent.lines[0].id,
            )
        )  # fmt: skip
    said = owner.says("为什么今天退款多了")
    assert said.names == ["utter_why_refunds"]
    assert "质量问题 2（0）" in said.text
    most = owner.says("是哪个商品退的最多")
    assert most.names == ["utter_figure_rows"]
    assert "退货退款单数合计 2 单。按商品看：灯 2 单" in most.text


def test_a_short_why_is_about_the_figure_just_told(owner: Owner) -> None:
    assert owner.says("为啥掉了").names != ["utter_why_sales_one"], "nothing was told before it"
    owner.asks("昨天卖了多少")
    said = owner.says("为啥掉了")
    assert said.names == ["utter_why_sales_one"]
    assert "2025-03-11" in said.text
    phones = owner.says("那手机为啥掉了")
    assert phones.names == ["utter_figure"]
    assert "手机" in phones.text


def test_the_same_weekday_is_said_in_other_words(owner: Owner) -> None:
    owner.asks("昨天卖了多少")
    assert "2025-03-04（¥12250）" in owner.says("跟上周同一天比呢").text


def test_a_city_or_a_channel_takes_the_place_of_their_grouping(owner: Owner) -> None:
    owner.asks("昨天卖了多少")
    assert owner.says("按城市分").names == ["utter_figure_rows"]
    assert owner.says("杭州呢").names == ["utter_figure"]
    assert owner.says("微信的呢").names == ["utter_figure"]
    assert "微信" in owner.says("微信的呢").text, "said twice, told twice"
    assert "网页" in owner.says("网页的呢").text


def test_the_best_of_what_stands_there_is_asked_without_a_that(owner: Owner) -> None:
    owner.asks("按月看今年卖了多少")
    best = owner.says("哪个月最好")
    assert best.names == ["utter_figure_rows"]
    assert owner.says("前2名是啥").names == ["utter_figure_rows"]
    assert owner.slots["figures"]["query"]["top"] == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("还有几单没发货", "utter_unshipped"),
        ("断活的有哪些", "utter_stock_out_none"),
        ("杯子够卖多久", "utter_stock_total"),
        ("压了多少钱的货", "utter_stock_over"),
        ("哪些断货了", "utter_stock_out_none"),
        ("五一备多少货", "utter_business_forecast"),
        ("今天开张了没", "utter_figure"),
        ("今天退了几单", "utter_figure"),
        ("哪些商品退货最多", "utter_figure"),
        ("退货的都是啥原因", "utter_figure"),
        ("杯子的退款率", "utter_figure"),
        ("客单假多少", "utter_figure"),
    ],
)
def test_an_owners_own_words_heard_as_something_else(owner: Owner, text: str, name: str) -> None:
    assert owner.says(text).names == [name]


def test_what_lies_too_long_is_the_shops_also_when_it_is_heard_as_ones_own(owner: Owner) -> None:
    assert owner.says("压了多少钱的货", OrderSpend, "order_spend").names == ["utter_stock_over"]


def test_a_period_that_runs_is_told_up_to_today(owner: Owner) -> None:
    owner.asks("这个月卖了多少")
    assert "2025-03-01 至 2025-03-12" in owner.says("按城市分").text


def test_parcels_that_wait_are_counted_and_those_that_wait_too_long(owner: Owner, shop: Shop, build: Builder) -> None:
    cup, buyer = build.product("碗"), build.customer("钱七", "13500000000")
    for days in (0, 1, 3):
        build.order(buyer, cup.skus[0], state=OrderState.PAID, ago=timedelta(days=days, hours=1))
    said = owner.says("有多少单没发货")
    assert "3 单" in said.text
    assert "48 小时的 1 单" in said.text


def test_a_customer_asks_after_their_own_parcels(shop: Shop, build: Builder, owner: Owner) -> None:
    buyer = build.customer("孙八", "13400000000")
    shop.identity.link("talk-1", buyer.id, "test")
    assert "utter_unshipped" not in owner.says("还有几单没发货").names


def test_the_same_time_of_last_year_without_a_time_is_this_years(owner: Owner) -> None:
    owner.asks("客单价多少")
    assert owner.says("去年同期呢").names == ["utter_figure"]
    assert owner.slots["figures"]["query"]["period"] == {"start": "2024-01-01", "end": "2024-03-13", "grain": "year"}
