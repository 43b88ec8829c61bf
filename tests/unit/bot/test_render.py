"""One list of payloads, each platform's messages."""

from __future__ import annotations

import pytest

from bot.channels.render import Form, Renderer, cut, merged, pack
from bot.channels.texts import Texts

GREETING = {
    "text": "您好",
    "buttons": [{"title": "查订单", "payload": "我的订单"}, {"title": "转人工", "payload": "转人工"}],
}
ORDERS = {
    "custom": {
        "type": "orders",
        "items": [
            {
                "title": "保温杯",
                "price": "¥59.00",
                "badge": "已发货",
                "lines": ["3月1日 2025001"],
                "buttons": [{"title": "选第1个", "payload": "2025001"}],
            },
            {
                "title": "帆布鞋",
                "price": "¥129.00",
                "badge": "待发货",
                "buttons": [{"title": "选第2个", "payload": "2025002"}],
            },
        ],
    }
}
ONE = {
    "custom": {
        "type": "products",
        "items": [
            {
                **ORDERS["custom"]["items"][0],
                "buttons": [
                    {"title": "看详情", "payload": "保温杯详情"},
                    {"title": "有货吗", "payload": "保温杯有货吗"},
                ],
            }
        ],
    }
}


@pytest.fixture
def renderer():
    return Renderer(Form(), Texts(service_phone="400", shop_name="店"))


def test_buttons_become_numbers_that_stand_for_what_a_person_would_type(renderer):
    done = renderer.render([GREETING])
    assert done.pieces[0].text == "您好\n回复数字选择：\n1 查订单\n2 转人工"
    assert done.pieces[0].lead == "您好"
    assert done.choices == {"1": "我的订单", "2": "转人工"}


def test_numbers_run_on_through_a_turn(renderer):
    done = renderer.render([GREETING, ORDERS])
    assert done.choices == {"1": "我的订单", "2": "转人工", "3": "2025001", "4": "2025002"}
    assert done.pieces[1].text.splitlines()[0] == "3. 保温杯 ¥59.00 已发货"
    assert "回复 3" not in done.pieces[0].text
    assert done.pieces[1].text.endswith("例如回复 3。")


def test_a_single_card_lists_its_buttons(renderer):
    done = renderer.render([ONE])
    assert done.choices == {"1": "保温杯详情", "2": "保温杯有货吗"}
    assert done.pieces[0].text.endswith("1 看详情\n2 有货吗")


def test_the_stars_of_a_rating_are_typed_as_they_are(renderer):
    done = renderer.render([GREETING, {"text": "请评价", "custom": {"type": "rating", "handoff_id": 7}}])
    assert done.choices["5"] == {"rate": 7, "stars": 5}
    assert done.choices["1"] == {"rate": 7, "stars": 1}


def test_a_person_is_named_and_a_picture_stands_alone(renderer):
    done = renderer.render([{"text": "在的", "agent": {"name": "小王"}}, {"image": "https://x/y.jpg"}])
    assert [one.text for one in done.pieces] == ["【客服 小王】在的", "https://x/y.jpg"]
    assert done.pieces[1].kind == "image"


def test_long_texts_are_cut_at_lines_and_nothing_is_lost():
    text = "\n".join(f"第 {at} 行" + "字" * 40 for at in range(50))
    parts = cut(text, 500)
    assert all(len(one.encode()) <= 500 for one in parts)
    assert "\n".join(parts) == text
    whole = "长" * 1000
    assert "".join(cut(whole, 500)) == whole


@pytest.mark.parametrize("room", [1, 2, 3, 4, None])
def test_pieces_are_merged_into_the_room_in_order_and_none_is_lost(renderer, room):
    bodies = [{"text": f"第 {at} 句"} for at in range(4)]
    pieces = renderer.render(bodies).pieces
    sizes = pack(pieces, room, 2000)
    assert sum(sizes) == 4
    assert len(sizes) == min(4, room or 4)
    assert merged(pieces).text == "第 0 句\n\n第 1 句\n\n第 2 句\n\n第 3 句"


def test_texts_are_merged_before_cards(renderer):
    pieces = renderer.render([{"text": "a"}, {"text": "b"}, ORDERS]).pieces
    assert pack(pieces, 2, 2000) == [2, 1]


def test_what_does_not_fit_even_merged_has_to_wait(renderer):
    pieces = renderer.render([{"text": "长" * 600}, {"text": "长" * 600}]).pieces
    assert pack(pieces, 1, 2000) == [1, 1]


def test_amounts_are_offered_by_letters_so_that_a_typed_number_stays_an_amount(renderer):
    done = renderer.render(
        [{"text": "退几件？", "buttons": [{"title": "1件", "payload": "1件"}, {"title": "3件", "payload": "3件"}]}]
    )
    assert done.choices == {"A": "1件", "B": "3件"}
    assert "回复字母选择" in done.pieces[0].text
