"""Talks about photos, with a real shop and an eye that sees colours."""

from __future__ import annotations

import dataclasses
import io
import time
from datetime import timedelta

import pytest
from PIL import Image

from actions.chat import Deny
from actions.pictures import SearchByImage
from actions.presale import Price, SearchProduct, StockQuestion
from actions.verify import SubmitVerify
from shop.errors import NotFound
from shop.states import OrderState
from tests.unit.actions.fakes import entity, run, tracker
from tests.unit.vision.conftest import ColourEye, picture_of
from tests.unit.vision.test_screenshot import drawn
from vision.finder import PictureFinder, wire_finder

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TALK = "talk-1"


@pytest.fixture
def goods(shop, build):
    names = ("双肩包", "茶壶", "跑鞋", "吉他", "耳机", "口红")
    kind = build.category("杂货")
    made = [build.product(name, category=kind, options=(("黑色" if at % 2 else "白色", ""),),
                          price_fen=1000 * (at + 1), stock=3 + at)
            for at, name in enumerate(names)]  # fmt: skip
    for at, product in enumerate(made):
        build.picture(product, picture_of(at))
    wire_finder(shop, PictureFinder(shop, ColourEye()))
    return made


def sent(shop, number):
    return shop.uploads.put(TALK, picture_of(number)).id


def test_a_picture_alone_is_answered_with_product_price_and_stock(shop, goods):
    said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 1)]))
    assert said.names[0] == "utter_image_sure"
    assert "茶壶" in said.text
    assert "20" in said.text


def test_what_the_photo_is_about_stays_in_the_talk(shop, goods):
    said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 1)]))
    later = run(StockQuestion(shop), tracker("有货吗", "ask_stock", slots=said.slots))
    assert "茶壶" in later.text


def test_the_second_one_of_what_was_shown_can_be_asked_for(shop, goods):
    said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 1)]))
    second = said.slots["choices"]["values"][1]
    later = run(
        StockQuestion(shop), tracker("第二个有货吗", "ask_stock", entity("ordinal", 2, "第二个"), slots=said.slots)
    )
    assert shop.catalogue.product(second).card.name in later.text


def test_words_with_the_picture_choose(shop, goods):
    state = tracker("有黑色的同款吗", "search_product", entity("color", "黑色"), attachments=[sent(shop, 2)])
    said = run(SearchProduct(shop), state)
    assert set(said.slots["choices"]["values"]) <= {goods[1].code, goods[3].code, goods[5].code}


def test_words_come_first_and_the_picture_after(shop, goods):
    asked = run(SearchByImage(shop), tracker("有没有同款，要黑色的", "search_by_image", entity("color", "黑色")))
    assert asked.names == ["utter_image_send"]
    state = tracker("[图片]", "search_by_image", attachments=[sent(shop, 2)], slots=asked.slots)
    said = run(SearchByImage(shop), state)
    assert set(said.slots["choices"]["values"]) <= {goods[1].code, goods[3].code, goods[5].code}


def test_the_price_of_what_is_on_the_picture(shop, goods):
    said = run(Price(shop), tracker("这个多少钱", "ask_price", attachments=[sent(shop, 3)]))
    assert "吉他" in said.text
    assert "40" in said.text


def test_not_this_one_shows_others(shop, goods):
    said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[sent(shop, 1)]))
    shown = set(said.slots["choices"]["values"])
    later = run(Deny(shop), tracker("不是这个", "deny", slots=said.slots))
    others = set((later.slots.get("choices") or {"values": []})["values"])
    assert not shown & others
    assert later.names[0] in ("utter_image_choose", "utter_image_none_fits", "utter_image_unknown")


def test_a_photo_of_before_is_forgotten_after_a_while(shop, goods):
    old = {"photos": [sent(shop, 1)], "shown": [goods[1].code], "at": int(time.time()) - 3600}
    said = run(Deny(shop), tracker("不是这个", "deny", slots={"seen": old}))
    assert said.names == ["utter_deny_idle"]


def test_a_strangers_upload_is_not_looked_at(shop, goods):
    theirs = shop.uploads.put("another talk", picture_of(1)).id
    said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[theirs]))
    assert said.names == ["utter_image_gone"]


def test_several_pictures_of_several_things(shop, goods):
    state = tracker("[图片]", "search_by_image", attachments=[sent(shop, 0), sent(shop, 3)])
    said = run(SearchByImage(shop), state)
    assert said.names[0] == "utter_image_several"
    assert {goods[0].code, goods[3].code} <= set(said.slots["choices"]["values"])


def test_a_dark_photo_is_asked_for_again(shop, goods):
    out = io.BytesIO()
    Image.new("RGB", (300, 300), (4, 3, 5)).save(out, "JPEG")
    black = shop.uploads.put(TALK, out.getvalue()).id
    said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[black]))
    assert said.names == ["utter_image_dark"]


def test_the_shell_takes_a_path(shop, goods, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(picture_of(1))
    said = run(SearchByImage(shop), tracker(f"图片:{tmp_path / 'photo.jpg'}", "search_by_image", channel="cmdline"))
    assert "茶壶" in said.text


def test_only_the_shell_takes_a_path(shop, goods, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(picture_of(1))
    said = run(SearchByImage(shop), tracker(f"图片:{tmp_path / 'photo.jpg'}", "search_by_image", channel="rest"))
    assert said.names == ["utter_image_send"]


def test_a_wrong_path_is_told(shop, goods):
    said = run(SearchByImage(shop), tracker("图片:/nowhere/at/all.jpg", "search_by_image", channel="cmdline"))
    assert said.names == ["utter_error_bad_picture"]


def test_an_indecent_picture_is_refused_and_deleted(shop, goods):
    strict = dataclasses.replace(shop.settings, unsafe_pictures_from=0.000001)
    shop.settings = strict
    one = sent(shop, 1)
    said = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[one]))
    assert said.names == ["utter_image_unsafe"]
    with pytest.raises(NotFound):
        shop.uploads.get(one)


def test_an_indecent_picture_is_refused_whatever_was_asked_of_it(shop, goods):
    shop.settings = dataclasses.replace(shop.settings, unsafe_pictures_from=0.000001)
    one = sent(shop, 1)
    said = run(Price(shop), tracker("这个多少钱", "ask_price", attachments=[one]))
    assert said.names == ["utter_image_unsafe"]
    with pytest.raises(NotFound):
        shop.uploads.get(one)


def test_a_guests_parcel_label_waits_for_the_proof_and_then_names_the_parcel(shop, goods, build):
    customer = build.customer(phone="13800005678")
    meant, newer = (
        build.order(customer, one.skus[0], state=OrderState.SHIPPED, ago=timedelta(days=days))
        for one, days in ((goods[0], 2), (goods[1], 1))
    )
    tracking = shop.orders.get(customer.id, meant.number).shipments[0].tracking_number
    out = io.BytesIO()
    Image.fromarray(drawn(f"快递单号：{tracking}")).save(out, "PNG")
    label = shop.uploads.put(TALK, out.getvalue()).id
    asked = run(SearchByImage(shop), tracker("[图片]", "search_by_image", attachments=[label]))
    assert asked.next == "verify_form"
    assert asked.slots["kept"]["values"]["tracking_no"] == [tracking]
    slots = {**asked.slots, "verify_order": newer.number, "verify_tail": "5678"}
    told = run(SubmitVerify(shop), tracker("5678", "inform", slots=slots))
    assert told.names[0] == "utter_verified"
    assert tracking in told.text
    assert told.slots["focus_order"]["value"] == meant.number
