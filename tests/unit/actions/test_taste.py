"""Two questions to a customer whom nobody knows yet, and the ideas that follow from the answers."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import Any

import pytest

from actions.chat import Affirm, Continue, Deny, Reply
from actions.presale import Compare, ProductFacts
from actions.recommend import Recommend
from actions.wishes import suiting_shelves
from shop.front import Shop
from shop.models import BehaviourEvent, Category, Customer, Product
from tests.demo_shops import columns, copied
from tests.unit.actions.fakes import Said, entity, run, tracker


@pytest.fixture(scope="module")
def newcomers(taught_shop: Shop, tmp_path_factory) -> Shop:
    """A shop of its own, to which everybody is a guest."""
    folder = tmp_path_factory.mktemp("newcomers")
    shop = copied(taught_shop, folder, taught_shop.clock)
    shutil.copytree(taught_shop.settings.data_dir / "recsys", folder / "recsys")
    shop.__dict__["identity"] = SimpleNamespace(who=lambda *_: None)
    yield shop
    shop.database.dispose()


class Talk:
    """Turns of one talk, with its slots."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.slots = shop, {}

    def say(self, action: Any, text: str, *entities: dict[str, Any], intent: str = "inform") -> Said:
        said = run(action(self.shop), tracker(text, intent, *entities, slots=self.slots))
        self.slots.update(said.slots)
        return said

    @property
    def shown(self) -> list[Any]:
        return self.shop.catalogue.cards(self.slots["choices"]["values"])


@pytest.fixture
def talk(newcomers: Shop) -> Talk:
    return Talk(newcomers)


def price(low: int | None, high: int | None, text: str) -> dict[str, Any]:
    return entity("price_range", {"min_fen": low, "max_fen": high}, text)


def test_somebody_new_is_asked_for_whom_and_at_what_price_and_then_shown_what_fits(talk: Talk):
    first = talk.say(Recommend, "推荐点东西", intent="recommend_product")
    assert first.names == ["utter_taste_whom"]
    second = talk.say(Reply, "送女朋友", intent="chitchat")
    assert second.names == ["utter_taste_price"]
    third = talk.say(Continue, "300元以内", price(None, 30000, "300元以内"))
    assert third.names[0] == "utter_recommend"
    assert len(talk.shown) == 5
    assert all(one.price_min_fen <= 30000 for one in talk.shown)
    suiting = set(
        columns(talk.shop, Category.name, where=Category.code.in_(suiting_shelves({"persons": ["girlfriend"]})))
    )
    assert suiting & {one.category for one in talk.shown}


def test_every_answer_that_the_questions_offer_is_understood(talk: Talk):
    from tests.house.project import responses

    for whom in (one["payload"] for one in responses()["utter_taste_whom"][0]["buttons"]):
        for budget in (one["payload"] for one in responses()["utter_taste_price"][0]["buttons"]):
            other = Talk(talk.shop)
            other.say(Recommend, "推荐点东西", intent="recommend_product")
            if other.say(Reply, whom, intent="out_of_scope").names == ["utter_taste_price"]:
                named = [] if "不限" in budget else [price(None, 30000, budget)]
                other.say(Affirm, budget, *named, intent="affirm")
            assert len(other.shown) == 5


def test_a_category_answers_the_first_question_and_a_bare_sum_the_second(talk: Talk):
    shelf = max(
        columns(talk.shop, Category.code, where=Category.parent_id.is_not(None)),
        key=lambda one: len(talk.shop.catalogue.search("", category=one, limit=50)),
    )
    talk.say(Recommend, "推荐点东西", intent="recommend_product")
    talk.say(Continue, "看看这类", entity("category", shelf, "这类"))
    talk.say(Continue, "99999")
    inside = {one.code for one in talk.shop.catalogue.search("", category=shelf, limit=200)}
    assert {one.code for one in talk.shown} <= inside
    assert talk.slots["recommend"]["wish"]["high"] == 9_999_900


@pytest.mark.parametrize(("said", "high"), [("三百", 30000), ("一千五吧", 150000), ("500", 50000), ("预算200", 20000)])
def test_a_sum_without_a_unit_is_a_budget(talk: Talk, said: str, high: int):
    talk.say(Recommend, "推荐点东西", intent="recommend_product")
    talk.say(Continue, "自己用")
    talk.say(Continue, said)
    assert talk.slots["recommend"]["wish"]["high"] == high


def test_both_answers_in_one_message_need_no_second_question(talk: Talk):
    talk.say(Recommend, "推荐点东西", intent="recommend_product")
    talk.say(Recommend, "送长辈，两百以内", price(None, 20000, "两百以内"), intent="recommend_product")
    assert all(one.price_min_fen <= 20000 for one in talk.shown)


def test_who_insists_gets_goods_without_an_answer(talk: Talk):
    talk.say(Recommend, "推荐点东西", intent="recommend_product")
    assert "utter_recommend_popular" in talk.say(Recommend, "你就推荐吧", intent="recommend_product").names


def test_the_answers_are_kept_for_the_rest_of_the_talk(talk: Talk):
    talk.say(Recommend, "推荐点东西", intent="recommend_product")
    talk.say(Continue, "送孩子")
    talk.say(Continue, "100元以内", price(None, 10000, "100元以内"))
    first = [one.code for one in talk.shown]
    talk.say(Continue, "换一批")
    assert not set(first) & {one.code for one in talk.shown}
    assert all(one.price_min_fen <= 10000 for one in talk.shown)
    talk.say(Recommend, "再推荐点东西", intent="recommend_product")
    assert talk.slots["recommend"]["wish"]["persons"] == ["child"]


def test_another_talk_ends_the_questions(talk: Talk):
    talk.say(Recommend, "推荐点东西", intent="recommend_product")
    assert talk.say(Compare, "这两个哪个好", intent="compare_products").slots["taste"] is None
    assert talk.say(Deny, "都行", intent="deny").names == ["utter_deny_idle"]


def test_an_order_is_no_answer(talk: Talk):
    talk.say(Recommend, "推荐点东西", intent="recommend_product")
    assert talk.say(Affirm, "随便，我的订单退了吧", intent="affirm").names == ["utter_affirm_idle"]


def test_who_names_a_wish_is_asked_nothing(talk: Talk):
    talk.say(Recommend, "送女朋友什么好", intent="recommend_product")
    assert len(talk.shown) == 5


@pytest.mark.parametrize(
    "named",
    [entity("product", "P00001", "声悦降噪耳机"), entity("category", "earphone", "耳机")],
    ids=["like", "refused"],
)
def test_who_names_a_product_or_refuses_a_kind_is_not_asked_as_if_they_had_said_nothing(talk: Talk, named):
    text = "推荐个跟声悦降噪耳机差不多的" if named["entity"] == "product" else "推荐个东西，不要耳机"
    assert "utter_taste_whom" not in talk.say(Recommend, text, named, intent="recommend_product").names


def test_concurrent_talks_of_one_customer_are_sessions_of_their_own(newcomers: Shop, tmp_path):
    shop = copied(newcomers, tmp_path, newcomers.clock)
    shutil.copytree(newcomers.settings.data_dir / "recsys", tmp_path / "recsys")
    who = columns(shop, Customer.id, where=Customer.consent.is_(True))[0]
    shop.__dict__["identity"] = SimpleNamespace(who=lambda *_: who)
    before = len(columns(shop, BehaviourEvent.id))
    sessions = []
    for sender in ("talk-a", "talk-b"):
        slots = run(Recommend(shop), tracker("送女朋友什么好", "recommend_product", sender=sender)).slots
        code = slots["choices"]["values"][0]
        name = columns(shop, Product.name, where=Product.code == code)[0]
        run(ProductFacts(shop), tracker(name, "inform", entity("product", code, name), slots=slots, sender=sender))
        sessions.append(columns(shop, BehaviourEvent.session, where=BehaviourEvent.customer_id == who)[-1])
    assert len(columns(shop, BehaviourEvent.id)) == before + 2
    assert len(set(sessions)) == 2
    assert not any("talk-" in one for one in sessions)
    shop.database.dispose()
