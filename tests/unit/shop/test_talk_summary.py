"""What an agent reads before the first word: the talk in a few lines, and answers that were liked before."""

from __future__ import annotations

import pytest

from shop.talk_summary import suggestions, summary

PHONE = "13800001234"


@pytest.fixture
def ann(shop):
    return shop.agents.add("ann", "小安", "long enough")


def past(shop, ann, sender, question, answer, rating):
    """A talk of before, with what its customer thought of it."""
    shop.messages.record_in(sender, "web", {"text": question})
    view = shop.handoffs.take_over(sender, ann.name, ann.id)
    shop.desk.speak(sender, ann, {"text": answer}, "m")
    shop.handoffs.close(view.id)
    shop.handoffs.rate(sender, view.id, rating)


def test_a_long_talk_becomes_five_lines_of_its_own_words_without_a_phone(shop):
    shop.messages.record_in("s", "web", {"text": "在吗"})
    for place in range(8):
        asked, _ = shop.messages.record_in(
            "s", "web", {"text": f"订单 20261120000000{place:02} 怎么还没到，电话 {PHONE}"}
        )
        answers = [{"text": f"第 {place} 次为您查了，还在路上。请再等等。"}]
        shop.messages.record_answers("s", answers, asked, heard=("neg", 3 if place == 5 else 1))
    shop.messages.record_in("s", "web", {"text": "啰嗦" * 200})
    found = summary(shop.messages.history("s", 0, 60))
    assert found["orders"] == ["2026112000000007", "2026112000000006", "2026112000000005"]
    assert found["wanted"].startswith("订单 2026112000000005")  # said in the greatest anger
    assert found["asked_last"].startswith("啰嗦")
    assert found["tried"] == ["第 6 次为您查了，还在路上。", "第 7 次为您查了，还在路上。"]
    lines = [found["wanted"], found["asked_last"], *found["tried"]]
    assert all(len(one) <= 80 and "\n" not in one for one in lines)
    assert PHONE not in str(found)
    assert [one["anger"] for one in found["moods"]] == [0, 1, 1, 1, 1, 1, 3, 1, 1, 0]


def test_a_liked_answer_to_a_like_question_is_offered_and_a_disliked_one_is_not(shop, ann):
    past(shop, ann, "a", "杯子的盖子可以单独买吗", f"可以的，盖子单独卖，打 {PHONE} 也行", 5)
    past(shop, ann, "b", "杯子的盖子可以单独买吗？", "不卖，自己想办法吧朋友", 1)
    found = suggestions(shop, "请问杯子盖子可以单独买吗")
    assert (found[0]["text"], found[0]["source"]) == ("可以的，盖子单独卖，打 138****1234 也行", "past")
    assert len(found) <= 3
    assert not any("自己想办法" in one["text"] for one in found)


def test_what_nobody_ever_asked_brings_no_answer(shop):
    assert suggestions(shop, "zzzz qqqq") == []
