"""Points: how many there are, and what they are good for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from actions.account import Membership
from tests.house.project import ROOT
from tests.unit.actions.fakes import FakeShop, run, tracker


@pytest.fixture
def shop() -> FakeShop:
    made = FakeShop()
    card = SimpleNamespace(level=1, points=126, coupons=2, year_spend_fen=5000, next_level_fen=100000)
    made.membership = SimpleNamespace(card=lambda customer: card)
    entry = SimpleNamespace(id="points_use", answer="结算页能抵", buttons=("我的积分",))
    made.faq = SimpleNamespace(entry=lambda name: entry if name == "points_use" else None)
    return made


@pytest.mark.parametrize("text", ["积分能换啥", "积分怎么用", "积分可以抵钱吗", "积分会不会过期"])
def test_what_points_are_good_for_is_said_from_the_faq(shop: FakeShop, text: str):
    assert run(Membership(shop), tracker(text, "ask_membership")).text == "结算页能抵"


@pytest.mark.parametrize(
    "text", ["我有多少积分", "我有多少积分能抵钱", "还剩多少积分可以抵", "我会员什么时候过期", "成长值多少了"]
)
def test_how_many_there_are_is_said_from_the_account(shop: FakeShop, text: str):
    said = run(Membership(shop), tracker(text, "ask_membership"))
    assert said.names == ["utter_membership"]
    assert "126" in said.text


def test_the_faq_that_ships_has_that_entry():
    assert "- id: points_use\n" in (ROOT / "data" / "faq" / "promo.yml").read_text(encoding="utf-8")
