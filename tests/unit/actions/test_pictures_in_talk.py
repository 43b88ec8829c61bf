"""Pictures beside other business: proofs of a case, screenshots of orders, and whose taste parts near-ties."""

from __future__ import annotations

import dataclasses
import time
from types import SimpleNamespace

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.account import Promotion
from actions.aftersale import StartCase
from actions.chat import Affirm, Continue, Deny
from actions.picture_words import corrected_to
from actions.pictures import SearchByImage
from actions.turn import Turn
from recsys.recommender import install
from shop.errors import NotFound
from shop.states import OrderState
from tests.unit.actions.fakes import entity, run, tracker
from tests.unit.actions.test_pictures import TALK, goods, sent  # noqa: F401
from tests.unit.vision.conftest import picture_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def buyer(shop, build):
    """A customer whom the talk knows."""
    customer = build.customer()
    shop.identity.link(TALK, customer.id, "web")
    return customer


class Fond:
    """A recommender that says how much each product is liked."""

    def __init__(self, liking):
        self._ids = {code: at for at, code in enumerate(liking)}
        self._liking = liking
        self.asked_of = None

    def shelf(self):
        return SimpleNamespace(id_of=self._ids)

    def recommend(self, ask):
        self.asked_of = ask.customer_id
        return [SimpleNamespace(code=code, score=score) for code, score in self._liking.items()]


def test_a_customers_taste_parts_products_that_look_the_same(shop, goods, build, buyer):  # noqa: F811
    twin = build.product("另一把茶壶")
    build.picture(twin, picture_of(1))
    codes = [goods[1].code, twin.code]
    for liked in codes:
        fond = Fond({one: float(one == liked) for one in codes})
        install(shop, fond)
        said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 1)]))
        assert said.slots["choices"]["values"][0] == liked
        assert fond.asked_of == buyer.id


def test_an_indecent_screenshot_is_refused_before_an_order_is_read_from_it(shop, goods, build, buyer):  # noqa: F811
    build.order(buyer, goods[0].skus[0])
    shop.settings = dataclasses.replace(shop.settings, unsafe_pictures_from=0.000001)
    one = sent(shop, 1)
    said = run(StartCase(shop), tracker("这个坏了要退货", "return_goods", attachments=[one]))
    assert said.names == ["utter_image_unsafe"]
    with pytest.raises(NotFound):
        shop.uploads.get(one)


def test_an_indecent_picture_that_is_named_twice_is_refused_once(shop, goods):  # noqa: F811
    shop.settings = dataclasses.replace(shop.settings, unsafe_pictures_from=0.000001)
    one = sent(shop, 1)
    said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[one, one]))
    assert said.names == ["utter_image_unsafe"]


def test_a_photo_of_the_damage_waits_for_the_choice_of_the_order_and_is_its_proof(shop, goods, build, buyer):  # noqa: F811
    orders = [build.order(buyer, one.skus[0], state=OrderState.DELIVERED) for one in goods[:2]]
    photo = sent(shop, 4)
    words = tracker("收到就是碎的", "damaged_item", entity("reason", "damaged", "碎的"), attachments=[photo])
    asked = run(StartCase(shop), words)
    assert len(asked.slots["choices"]["values"]) == 2
    number = entity("order_no", orders[0].number, orders[0].number)
    begun = run(Continue(shop), tracker(orders[0].number, "inform", number, slots=asked.slots))
    assert (begun.slots["case_order"], begun.slots["case_proof"]) == (orders[0].number, [photo])


def test_whether_to_send_a_photo_of_the_damage_is_no_search(shop):
    waits = {"resume": "action_start_case", "choices": {"kind": "order", "values": ["1", "2"], "then": ""}}
    said = run(SearchByImage(shop), tracker("拍照发你？", "search_by_image", slots=waits))
    assert (said.names, said.slots.get("resume", "kept")) == (["utter_proof_later"], "kept")
    inside = tracker("拍照发你？", "search_by_image", slots={"requested_slot": "case_proof"}, form="case_form")
    assert run(SearchByImage(shop), inside).names == [], "the form asks for it by itself"


def test_words_after_the_photo_choose_among_what_is_like_it(shop, goods):  # noqa: F811
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 2)]))
    words = tracker("要黑色的同款", "search_by_image", entity("color", "黑色"), slots=first.slots)
    said = run(SearchByImage(shop), words)
    assert set(said.slots["choices"]["values"]) <= {goods[1].code, goods[3].code, goods[5].code}


def test_not_this_but_that_is_looked_for_by_its_name(shop, goods, build):  # noqa: F811
    strap = build.product("可调节肩带")
    build.picture(strap, picture_of(9))
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 0)]))
    said = run(Deny(shop), tracker("不是这个，是包的肩带", "deny", slots=first.slots))
    assert said.names[0] in ("utter_image_choose", "utter_image_by_words")
    assert said.slots["choices"]["values"] == [strap.code]


def test_few_words_with_a_photo_are_about_the_photo_whatever_is_heard(shop, goods):  # noqa: F811
    said = run(Affirm(shop), tracker("这个是什么", "affirm", attachments=[sent(shop, 1)]))
    assert said.names[0] == "utter_image_sure"
    cheaper = run(Promotion(shop), tracker("便宜点的同款", "ask_discount", attachments=[sent(shop, 3)]))
    again = run(Promotion(shop), tracker("便宜点的同款", "ask_discount", slots=said.slots))
    for told, dear in ((cheaper, 3), (again, 1)):
        assert told.names[0] in ("utter_image_choose", "utter_image_none_fits")
        assert set((told.slots["choices"] or {"values": []})["values"]) <= {one.code for one in goods[:dear]}


def test_a_correction_that_sounds_like_wrong_goods_or_a_bare_no_is_about_the_photo(shop, goods, build):  # noqa: F811
    strap = build.product("可调节肩带")
    build.picture(strap, picture_of(9))
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 0)]))
    for action, text, intent in (
        (StartCase, "不是这个 我要的是肩带", "wrong_item"),
        (Deny, "不对，是肩带", "deny"),
        (Deny, "不是的，我要的是肩带", "deny"),
    ):
        said = run(action(shop), tracker(text, intent, slots=first.slots))
        assert said.slots["choices"]["values"] == [strap.code], text


@pytest.mark.parametrize(("text", "intent", "more"), [
    ("你们发来的不是这个，发错了", "wrong_item", {}), ("不是", "deny", {"offer": "action_get_coupon"}),
])  # fmt: skip
def test_what_is_no_correction_of_a_photo_is_left_to_its_own_action(shop, goods, text, intent, more):  # noqa: F811
    first = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 0)]))
    action = StartCase if intent == "wrong_item" else Deny
    said = run(action(shop), tracker(text, intent, slots={**first.slots, **more}))
    assert not any(one.startswith("utter_image") for one in said.names)


@pytest.mark.parametrize(("text", "named"), [
    ("不是，是后面那个杯子", "后面那个杯子"), ("不对", ""), ("不是的", ""), ("不是很想要", ""), ("不对称的裙子", ""),
    ("不是这个，是包的带子", "包的带子"), ("都不是。我要的是那个茶壶！", "那个茶壶"), ("不是这款", ""), ("认错了", ""),
])  # fmt: skip
def test_what_it_is_instead_is_heard(shop, goods, text, named):  # noqa: F811
    seen = {"photos": [sent(shop, 1)], "shown": [goods[1].code], "at": int(time.time())}
    assert corrected_to(Turn(shop, tracker(text, "deny", slots={"seen": seen}), CollectingDispatcher())) == named
