"""More than two hundred questions go through the ear's own parsing; pandas works out every number by itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from sqlalchemy import text

from analytics import follow_ups, order_stats, own_orders, questions
from analytics.questions import Named
from nlp.entities import EntityExtractor
from nlp.gazetteer import Gazetteer
from shop.front import Shop
from tests.demo_shops import DEMO_NOW, copied
from tests.unit.analytics.after_sale import after_sale_facts, expected_after_sale
from tests.unit.analytics.buying import BUYING, STEPS, days_of, expected_buying, expected_step
from tests.unit.analytics.periods import spans

CASES = yaml.safe_load((Path(__file__).parent / "cases.yml").read_text(encoding="utf-8"))
UNSOLD = ("pending_payment", "cancelled")


def expanded() -> list[tuple[str, bool, str, dict[str, Any]]]:
    return [
        (ask.replace("{when}", when), kind == "own", when, case)
        for kind, cases in CASES.items()
        for case in cases
        for when in case["when"]
        for ask in case["ask"]
    ]


class Facts:
    """The tables of a shop as frames, and who asks."""

    def __init__(self, shop: Shop, now: datetime) -> None:
        self.shop, self.now = shop, now
        engine = shop.database.engine
        with engine.connect() as connection:

            def read(table: str) -> pd.DataFrame:
                return pd.read_sql_query(text(f"SELECT * FROM {table}"), connection)

            orders, lines = read("orders"), read("order_line")
            sku, product, category, brand = read("sku"), read("product"), read("category"), read("brand")
            payment, events, cases = read("payment"), read("behaviour_event"), read("aftersale_case")
            used = read("customer_coupon")
        orders["at"] = pd.to_datetime(orders.created_at, utc=True).dt.tz_convert("Asia/Shanghai")
        orders["refunded"] = orders.id.map(payment.groupby("order_id").refunded_fen.sum()).fillna(0)
        orders["sold"], orders["ever"] = ~orders.state.isin(UNSOLD), orders.paid_at.notna()
        named = sku.merge(product, left_on="product_id", right_on="id", suffixes=("", "_p"))
        named = named.merge(category.add_prefix("c_"), left_on="category_id", right_on="c_id")
        named = named.merge(brand.add_prefix("b_"), left_on="brand_id", right_on="b_id").set_index("id")
        self.coupons = used.assign(at=pd.to_datetime(used.used_at, utc=True).dt.tz_convert("Asia/Shanghai"))
        self.coupons = self.coupons[self.coupons["at"].notna()]
        self.orders = orders
        self.lines = lines.merge(orders, left_on="order_id", right_on="id", suffixes=("", "_o"))
        self.lines = self.lines[self.lines.sold].merge(
            named[["name", "c_name", "b_name"]].rename(columns={"name": "product"}), left_on="sku_id", right_index=True
        )
        self.lines["amount"] = self.lines.quantity * self.lines.price_fen
        self.cases = after_sale_facts(cases, lines, orders, named)
        events["at"] = pd.to_datetime(events["at"], utc=True).dt.tz_convert("Asia/Shanghai")
        who = "s" + events.session.astype(str)
        events["who"] = who.where(events.customer_id.isna(), "c" + events.customer_id.fillna(0).astype(int).astype(str))
        self.events = events
        product["at"] = pd.to_datetime(product.created_at, utc=True).dt.tz_convert("Asia/Shanghai")
        self.on_sale = product[product.on_sale == 1]
        self.customer = int(self.lines.groupby("customer_id").size().idxmax())
        mine = self.lines[self.lines.customer_id == self.customer]
        self.names = {
            True: {"category": mine.groupby("c_name").amount.sum().idxmax(),
                   "brand": mine.groupby("b_name").amount.sum().idxmax()},
            False: {"category": self.lines.groupby("c_name").amount.sum().idxmax(),
                    "brand": self.lines.groupby("b_name").amount.sum().idxmax(),
                    "city": orders[orders.sold].groupby("city").total_fen.sum().idxmax()},
        }  # fmt: skip


@pytest.fixture(scope="module")
def facts(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return Facts(copied(demo_shop, tmp_path_factory.mktemp("asked"), lambda: DEMO_NOW), DEMO_NOW)


@pytest.fixture(scope="module")
def ear(demo_shop: Shop) -> EntityExtractor:
    return EntityExtractor(Gazetteer(demo_shop.catalogue.words))


def ask(facts: Facts, ear: EntityExtractor, text: str, own: bool, before: Any = None) -> tuple[Any, Any]:
    entities = [Named(one.type, one.value, one.text, one.start) for one in ear.extract(text, facts.now)]
    read = questions.read if before is None else None
    query = (
        read(text, entities, facts.now, own=own)
        if read
        else follow_ups.refine(before, text, entities, facts.now, own=own)
    )
    customer = facts.customer if own else None
    if query is not None and query.find is not None:
        return query, own_orders.find(facts.shop, query, facts.customer)
    return query, None if query is None else order_stats.answer(facts.shop, query, customer)


def within(frame: pd.DataFrame, span: Any) -> pd.DataFrame:
    return frame if span is None else frame[(frame["at"] >= span[0]) & (frame["at"] < span[1])]


def _keys(frame: pd.DataFrame, group: str) -> Any:
    days = frame["at"].dt.strftime("%Y-%m-%d")
    monday = (frame["at"] - pd.to_timedelta(frame["at"].dt.weekday, unit="D")).dt.strftime("%Y-%m-%d")
    columns = {"day": days, "week": monday, "month": days.str[:7], "category": frame.get("c_name"),
               "brand": frame.get("b_name"), "product": frame.get("product")}  # fmt: skip
    return columns[group] if group in columns else frame[group]


def expected(facts: Facts, case: dict[str, Any], own: bool, span: Any) -> tuple[float, dict[str, float]]:
    """The whole and, when grouped, each row."""
    answer, group, names = case["answer"], case.get("group"), facts.names[own]
    if answer == "cases" or (answer in ("refunded", "refund_rate") and (case.get("category") or group)):
        return expected_after_sale(facts, case, own, span)
    if answer in BUYING:
        return expected_buying(facts, case, span)
    if answer in STEPS:
        return expected_step(facts, answer, span)
    if answer == "coupons":
        return float(len(within(facts.coupons, span))), {}
    if answer in ("visitors", "conversion"):
        days = within(facts.events, span)
        by_day = days.groupby(days["at"].dt.date)
        visitors = by_day.who.nunique().sum()
        buyers = days[days.kind == "buy"].groupby(days["at"].dt.date).who.nunique().sum()
        each = days[days.kind == "buy"].groupby(days["at"].dt.date).who.nunique() / by_day.who.nunique()
        rows = {str(day): float(share) for day, share in each.fillna(0.0).items()} if group else {}
        return (float(visitors) if answer == "visitors" else buyers / visitors if visitors else 0.0), rows
    orders, lines = within(facts.orders, span), within(facts.lines, span)
    if own:
        orders, lines = orders[orders.customer_id == facts.customer], lines[lines.customer_id == facts.customer]
    if case.get("category"):
        lines = lines[lines.c_name == names["category"]]
    if case.get("brand"):
        lines = lines[lines.b_name == names["brand"]]
    if case.get("city"):
        orders = orders[orders.city == names["city"]]
    if case.get("channel"):
        orders = orders[orders.channel == "wechat"]
    goods = case.get("category") or case.get("brand") or group in ("category", "brand", "product")
    sold = orders[orders.sold]
    if goods or answer == "units":
        frame = lines
        values = {"units": frame.quantity, "spent": frame.amount, "sales": frame.amount}
        if answer == "orders":
            return float(frame.order_id.nunique()), {}
        series = values[answer]
    else:
        frame = sold
        if answer in ("average", "shop_average"):
            total = sold.total_fen - (sold.refunded if own else 0)
            return float(round(total.sum() / len(sold))) if len(sold) else 0.0, {}
        if answer == "refund_rate":
            ever = orders[orders.ever]
            return float((ever.refunded > 0).mean()) if len(ever) else 0.0, {}
        if answer == "refunded":
            return float(orders[orders.ever].refunded.sum()), {}
        series = {"spent": sold.total_fen - sold.refunded, "sales": sold.total_fen, "orders": sold.sold,
                  "saved": sold.discount_fen, "net": sold.total_fen - sold.refunded}[answer]  # fmt: skip
    rows = series.groupby(_keys(frame, group)).sum().to_dict() if group and len(frame) else {}
    if case.get("worst"):  # what sold nothing sold worst
        there = facts.on_sale if span is None else facts.on_sale[facts.on_sale["at"] < span[1]]
        sold_before = facts.lines if span is None else facts.lines[facts.lines["at"] < span[1]]
        there = {*there.name, *(set(sold_before["product"]) & set(facts.on_sale.name))}
        rows = {**dict.fromkeys(there, 0.0), **rows}
    return float(series.sum()), {str(key): float(value) for key, value in rows.items()}


def expected_find(facts: Facts, case: dict[str, Any], span: Any) -> str | None:
    lines = within(facts.lines, span)
    lines = lines[lines.customer_id == facts.customer]
    if case.get("category"):
        lines = lines[lines.c_name == facts.names[True]["category"]]
    if lines.empty:
        return None
    if case["answer"] == "dearest":
        return str(lines.sort_values(["total_fen", "at", "order_id"]).iloc[-1].number)
    ordered = lines.sort_values(["at", "order_id"])
    return str(ordered.iloc[0 if case["answer"] == "first" else -1].number)


def test_there_are_at_least_two_hundred_different_questions() -> None:
    assert len({(text, own) for text, own, *_ in expanded()}) >= 200


@pytest.mark.parametrize(("text", "own", "when", "case"), expanded(), ids=map(str, range(len(expanded()))))
def test_a_question_comes_to_the_number_that_pandas_comes_to(
    facts: Facts, ear: EntityExtractor, text: str, own: bool, when: str, case: dict[str, Any]
) -> None:
    names = facts.names[own]
    for kind, name in names.items():
        text = text.replace(f"{{{kind}}}", name)
    span = spans(facts.now)[when]
    query, answer = ask(facts, ear, text, own)
    if case["answer"] in ("dearest", "last", "first", "bought"):
        assert query.find is not None, f"{text}: {query}"
        assert (answer.number if answer else None) == expected_find(facts, case, span), f"{text}: {query}"
        return
    whole, rows = expected(facts, case, own, span)
    if case.get("mean"):
        whole /= days_of(facts, span)
    assert answer is not None, f"{text}: {query}"
    assert answer.value == pytest.approx(whole, rel=1e-9, abs=1e-6), f"{text}: {query}"
    if case.get("group"):
        assert answer.query.group is not None, f"{text}: {query}"
        told = {row.key: row.value for row in answer.rows}
        assert told.items() <= rows.items(), f"{text}: {query}"
        if query.top:
            best = sorted(rows.values(), reverse=not case.get("worst"))[: query.top]
            assert sorted(told.values(), reverse=not case.get("worst")) == pytest.approx(best), text
        else:
            assert told == rows, text


FOLLOW_UPS = [
    ("我今年花了多少", "那上个月呢", {"answer": "spent"}, "上个月"),
    ("我今年花了多少", "去年呢", {"answer": "spent"}, "去年"),
    ("我今年花了多少", "只看{category}", {"answer": "spent", "category": True}, "今年"),
    ("我去年花了多少", "按月分", {"answer": "spent", "group": "month"}, "去年"),
    ("我今年花了多少", "那订单数呢", {"answer": "orders"}, "今年"),
    ("我上个月花了多少", "今年到现在呢", {"answer": "spent"}, "今年到现在"),
]
SHOP_FOLLOW_UPS = [
    ("今年卖了多少", "那上个月呢", {"answer": "sales"}, "上个月"),
    ("上个月卖了多少", "按城市分", {"answer": "sales", "group": "city"}, "上个月"),
    ("今年卖了多少", "只看{category}", {"answer": "sales", "category": True}, "今年"),
    ("上周卖了多少", "换成订单数", {"answer": "orders"}, "上周"),
    ("上个月卖了多少", "{city}呢", {"answer": "sales", "city": True}, "上个月"),
    ("上个月卖了多少", "按类目拆开看", {"answer": "sales", "group": "category"}, "上个月"),
]


@pytest.mark.parametrize("own", [True, False])
def test_a_follow_up_changes_only_what_it_names(facts: Facts, ear: EntityExtractor, own: bool) -> None:
    for first, then, case, when in FOLLOW_UPS if own else SHOP_FOLLOW_UPS:
        names = facts.names[own]
        then = then.replace("{category}", names["category"]).replace("{city}", names.get("city", ""))
        before, _ = ask(facts, ear, first, own)
        query, answer = ask(facts, ear, then, own, before)
        assert query is not None, then
        whole, rows = expected(facts, case, own, spans(facts.now)[when])
        assert answer.value == pytest.approx(whole), f"{first} → {then}: {query}"
        if case.get("group"):
            assert {row.key: row.value for row in answer.rows} == rows


@pytest.mark.parametrize(
    "text", ["我要退货", "你好", "第二个", "帮我取消订单", "手机", "转人工", "这个有货吗", "我的订单到哪了"]
)
def test_another_wish_is_no_follow_up(facts: Facts, ear: EntityExtractor, text: str) -> None:
    before, _ = ask(facts, ear, "我今年花了多少", True)
    assert ask(facts, ear, text, True, before) == (None, None)


def test_a_period_is_held_against_the_same_part_of_the_one_before(facts: Facts, ear: EntityExtractor) -> None:
    _query, answer = ask(facts, ear, "上个月卖了多少，环比呢", False)
    assert answer.before == expected(facts, {"answer": "sales"}, False, spans(facts.now)["上上个月"])[0]
    _query, answer = ask(facts, ear, "昨天销售额跟前天比", False)
    assert answer.before == expected(facts, {"answer": "sales"}, False, spans(facts.now)["前天"])[0]
    _query, answer = ask(facts, ear, "上周卖了多少比上上周", False)
    assert answer.before == expected(facts, {"answer": "sales"}, False, spans(facts.now)["上上周"])[0]


def test_no_word_of_a_customer_reaches_the_database(facts: Facts, ear: EntityExtractor) -> None:
    query, answer = ask(facts, ear, "我今年花了多少'; DROP TABLE orders; --", True)
    assert "DROP" not in str(query.as_json())
    assert answer.value == expected(facts, {"answer": "spent"}, True, spans(facts.now)["今年"])[0]


HELD_AGAINST = [
    ("上个月卖了多少", "跟去年同期比呢", "上个月", ("2025-10-01", "2025-11-01")),
    ("上个月卖了多少", "比前一个月呢", "上个月", ("2026-09-01", "2026-10-01")),
    ("昨天卖了多少", "跟上周比呢", "昨天", ("2026-11-12", "2026-11-13")),
    ("上周卖了多少", "跟上个月比呢", "上周", ("2026-10-01", "2026-11-01")),
    ("今年双十一卖了多少", "跟去年双十一比呢", "今年双十一", ("2025-11-11", "2025-11-12")),
    ("", "上个月卖得比前一个月好吗", "上个月", ("2026-09-01", "2026-10-01")),
    ("", "上个月销售额比去年同期怎么样", "上个月", ("2025-10-01", "2025-11-01")),
    ("", "这个月卖了多少，比上个月呢", "这个月", ("2026-10-01", "2026-10-21")),
    ("", "销售额比上个月怎么样", "这个月", ("2026-10-01", "2026-10-21")),
]


@pytest.mark.skipif(str(DEMO_NOW.date()) != "2026-11-20", reason="the days below are of this moment")
@pytest.mark.parametrize(("first", "then", "when", "before"), HELD_AGAINST)
def test_what_figures_are_held_against_is_not_what_they_are_about(
    facts: Facts, ear: EntityExtractor, first: str, then: str, when: str, before: tuple[str, str]
) -> None:
    query, answer = ask(facts, ear, first or then, False)
    if first:
        query, answer = ask(facts, ear, then, False, query)
    elevenses = tuple(pd.Timestamp(day, tz="Asia/Shanghai") for day in ("2026-11-11", "2026-11-12"))
    span = {**spans(facts.now), "今年双十一": elevenses}[when]
    other = tuple(pd.Timestamp(day, tz="Asia/Shanghai") for day in before)
    assert answer.value == expected(facts, {"answer": "sales"}, False, span)[0] > 0, query
    assert answer.before == expected(facts, {"answer": "sales"}, False, other)[0] > 0, query


@pytest.mark.parametrize("text", ["上个月卖得最好的10个商品", "上个月卖得最差的十个商品", "上个月畅销榜前10名"])
def test_as_many_rows_are_told_as_were_asked_for(facts: Facts, ear: EntityExtractor, text: str) -> None:
    assert len(ask(facts, ear, text, False)[1].rows) == 10


@pytest.mark.parametrize(
    "text", ["昨天多少单", "上个月卖得最好的10个商品", "今年比去年增长多少", "手机和平板哪个卖得好"]
)
def test_a_whole_question_is_no_follow_up(facts: Facts, ear: EntityExtractor, text: str) -> None:
    before, _ = ask(facts, ear, "今年{category}卖了多少".replace("{category}", facts.names[False]["category"]), False)
    assert ask(facts, ear, text, False, before) == (None, None)


def test_the_same_time_of_last_year_is_asked_for_by_itself(facts: Facts, ear: EntityExtractor) -> None:
    before, _ = ask(facts, ear, "上个月卖了多少", False)
    query, answer = ask(facts, ear, "去年同期呢", False, before)
    span = spans(facts.now)["上个月"]
    assert span is not None
    year_ago = tuple(one - pd.DateOffset(years=1) for one in span)
    assert (answer.value, query.compare) == (expected(facts, {"answer": "sales"}, False, year_ago)[0], None)
