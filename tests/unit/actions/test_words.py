"""Words about orders, parcels and goods that several actions share."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from actions.cards import goods, order_card, parcel_card, stock_badge
from actions.lines import line_words
from actions.note import note_in, when_in
from actions.orders import next_steps, order_facts
from actions.presale import Attribute
from actions.shipping import DeliveryTime, LogisticsStuck, TrackPackage
from shop.states import OrderState
from tests.unit.actions.fakes import NOW, FakeShop, entity, line, order, parcel, run, tracker, turn


def test_a_line_is_said_with_its_spec_and_quantity():
    assert line_words(line(name="连衣裙", spec="红色 M", quantity=2)) == "连衣裙 红色 M ×2"


def test_a_line_without_a_spec_leaves_no_gap():
    assert line_words(line(name="大米", spec="")) == "大米 ×1"


def test_several_goods_are_said_as_the_first_and_their_number():
    assert goods(order("1", OrderState.PAID, line(1, "连衣裙"), line(2, "帽子", quantity=2))) == "连衣裙 等 3 件"


@pytest.mark.parametrize("state", list(OrderState))
def test_an_order_in_any_state_can_be_shown_and_told(state: OrderState):
    one = order(state=state)
    card = order_card(one, 2)
    assert card["buttons"][0]["payload"] == one.number
    assert "{" not in "".join([card["title"], card["badge"], *card["lines"]])
    assert order_facts(one)["order_state"] == card["badge"]
    assert len(next_steps(one)) <= 3


@pytest.mark.parametrize(("units", "word"), [(0, "暂时无货"), (3, "仅剩 3 件"), (6, "有货")])
def test_the_shelf_is_said_in_a_badge(units: int, word: str):
    assert stock_badge(units) == word


def test_a_parcels_newest_scan_stands_first():
    card = parcel_card(parcel())
    assert "已到杭州转运中心" in card["lines"][0]
    assert parcel().tracking_number in card["title"]


@pytest.mark.parametrize(
    ("text", "note"),
    [("备注：放门口", "放门口"), ("帮我备注一下，别打电话", "别打电话"), ("加个备注", None), ("我要改地址", None)],
)
def test_a_note_inside_a_sentence_is_found(text: str, note: str | None):
    assert note_in(text) == note


def test_an_attribute_is_answered_by_its_name():
    said = run(Attribute(FakeShop()), tracker("连衣裙什么料子", "ask_attribute", entity("product", "p1", "连衣裙")))
    assert "材质：棉" in said.text
    assert "颜色" not in said.text


def test_a_parcel_without_an_expected_day_is_told_without_one():
    shop = FakeShop(order(state=OrderState.SHIPPED, shipments=(parcel(eta=None),)))
    said = run(TrackPackage(shop), tracker("到哪了", "track_package"))
    assert "已到杭州转运中心" in said.text
    assert "预计" not in said.text


def test_why_does_it_not_move_of_an_order_just_shown_is_about_that_one():
    shop = FakeShop(order("2025010200000002", OrderState.SHIPPED), order("2025010100000001", OrderState.PAID))
    held = {"focus_order": {"value": "2025010100000001", "at": int(time.time())}}
    said = run(LogisticsStuck(shop), tracker("咋还不动啊", "logistics_stuck", slots=held))
    assert said.names == ["utter_order_paid"]
    assert run(LogisticsStuck(shop), tracker("咋还不动啊", "logistics_stuck")).names == ["utter_parcel"]
    said = run(LogisticsStuck(shop), tracker("快递停在武汉三天没动了", "logistics_stuck", slots=held))
    assert said.names == ["utter_parcel"]


def test_a_parcel_that_stands_still_is_said_to_and_can_be_looked_for():
    shop = FakeShop(order(state=OrderState.SHIPPED, shipments=(parcel(stuck=True),)))
    said = run(TrackPackage(shop), tracker("到哪了", "track_package"))
    assert said.names == ["utter_parcel_stuck"]


def test_some_units_of_a_line_are_said_with_their_own_number():
    assert line_words(line(name="连衣裙", spec="红色 M", quantity=2), 1) == "连衣裙 红色 M ×1"


@pytest.mark.parametrize(
    ("text", "dates", "wanted"),
    [
        ("这单周六下午送行不行", ["周六下午"], "周六下午"),
        ("改到周六3点以后送", ["周六3点"], "周六3点以后"),
        ("明天别送 后天送", ["明天", "后天"], "明天别送 后天送"),
    ],
)
def test_the_wished_time_is_taken_out_of_its_sentence(text: str, dates: list[str], wanted: str):
    found = [entity("date", {"start": "", "end": ""}, words) for words in dates]
    assert when_in(turn(FakeShop(), text, "schedule_delivery", *found)) == wanted


def test_a_day_of_arrival_that_is_over_is_not_promised_any_more():
    late = parcel(eta=NOW - timedelta(days=2))
    assert "预计" not in parcel_card(late)["subtitle"]
    shop = FakeShop(order(state=OrderState.SHIPPED, shipments=(late,)))
    for action, intent in ((TrackPackage, "track_package"), (DeliveryTime, "ask_delivery_time")):
        said = run(action(shop), tracker("到哪了", intent))
        assert "预计" not in said.text
        assert "已经晚了" in said.text
    assert "预计" in parcel_card(parcel(eta=NOW + timedelta(days=2)))["subtitle"]
