"""What was said, kept once and sealed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from shop.models import Conversation, Message


def test_history_gives_both_directions_in_order(shop):
    asked, _ = shop.messages.record_in("talk", "web", {"text": "你好"})
    shop.messages.record_answers("talk", [{"text": "您好"}, {"text": "请讲"}], asked)
    shop.messages.record_out("talk", {"text": "我来"}, direction="agent")
    assert [(one.direction, one.body["text"]) for one in shop.messages.history("talk")] == [
        ("in", "你好"), ("out", "您好"), ("out", "请讲"), ("agent", "我来"),
    ]  # fmt: skip
    assert [one.body["text"] for one in shop.messages.answers(asked)] == ["您好", "请讲"]


def test_history_after_an_id_gives_only_what_is_newer(shop):
    ids = [shop.messages.record_in("talk", "web", {"text": str(place)})[0] for place in range(5)]
    assert [one.id for one in shop.messages.history("talk", after_id=ids[2])] == ids[3:]
    assert [one.id for one in shop.messages.history("talk", limit=2)] == ids[3:]


def test_history_is_of_one_conversation(shop):
    shop.messages.record_in("talk", "web", {"text": "mine"})
    assert shop.messages.history("another") == []


def test_a_double_is_kept_once(shop):
    first, new = shop.messages.record_in("talk", "web", {"text": "一"}, "client-1")
    again, new_again = shop.messages.record_in("talk", "web", {"text": "一"}, "client-1")
    assert (new, new_again) == (True, False)
    assert first == again
    assert len(shop.messages.history("talk")) == 1


def test_the_same_client_id_of_two_senders_is_no_double(shop):
    assert shop.messages.record_in("a", "web", {"text": "x"}, "1")[1]
    assert shop.messages.record_in("b", "web", {"text": "x"}, "1")[1]


def test_a_message_that_arrives_many_times_at_once_is_kept_once(shop):
    def send(_: int) -> tuple[int, bool]:
        return shop.messages.record_in("talk", "web", {"text": "x"}, "client-1")

    with ThreadPoolExecutor(8) as threads:
        kept = list(threads.map(send, range(16)))
    assert len({one for one, _ in kept}) == 1
    assert sum(new for _, new in kept) == 1


def test_bodies_are_sealed_in_the_database(shop):
    shop.messages.record_in("talk", "web", {"text": "我的电话 13812345678"})
    with shop.database.read() as session:
        assert "13812345678" not in session.execute(select(Message.body_sealed)).scalar()


def test_a_conversation_keeps_the_moment_of_its_last_message(shop, clock):
    shop.messages.record_in("talk", "web", {"text": "x"})
    clock.on(hours=1)
    shop.messages.record_in("talk", "web", {"text": "y"})
    with shop.database.read() as session:
        row = session.execute(select(Conversation)).scalar()
    assert (row.channel, row.last_at) == ("web", clock())


def test_erasing_deletes_every_message_of_a_conversation(shop):
    asked, _ = shop.messages.record_in("talk", "web", {"text": "x"})
    shop.messages.record_out("talk", {"text": "y"}, asked)
    shop.messages.record_in("another", "web", {"text": "z"})
    shop.erasure.talk("talk")
    assert shop.messages.history("talk") == []
    assert len(shop.messages.history("another")) == 1


def test_the_mood_of_a_message_is_kept_with_it(shop):
    first, _ = shop.messages.record_in("talk", "web", {"text": "什么玩意"})
    second, _ = shop.messages.record_in("talk", "web", {"text": "再不发我投诉"})
    shop.messages.record_answers("talk", [{"text": "抱歉"}], first, heard=("neg", 1))
    shop.messages.set_mood(second, "neg", 2)
    assert [(one.mood, one.anger) for one in shop.messages.history("talk")] == [("neg", 1), ("neg", 2), (None, 0)]
    assert shop.messages.standing("talk").angers == [1, 2]
    assert shop.messages.standing("another").angers == []
    for anger in (0, 3):
        more, _ = shop.messages.record_in("talk", "web", {"text": "喂"})
        shop.messages.set_mood(more, "neg", anger)
    assert shop.messages.standing("talk").angers == [2, 0, 3]  # the newest


def test_the_mood_is_kept_though_a_person_has_taken_over(shop):
    asked, _ = shop.messages.record_in("talk", "web", {"text": "快点"})
    shop.handoffs.accept(shop.handoffs.request("talk", None, "asked").id, "agent")
    assert shop.messages.record_answers("talk", [{"text": "好"}], asked, unless_agent=True, heard=("neg", 1)) == []
    assert shop.messages.standing("talk").angers == [1]


@pytest.mark.parametrize("spoke_again", [False, True])
def test_answers_to_a_message_that_was_erased_meanwhile_are_not_kept(shop, spoke_again):
    asked, _ = shop.messages.record_in("talk", "web", {"text": "x"})
    assert shop.messages.is_kept("talk", asked)
    shop.erasure.talk("talk")
    if spoke_again:  # SQLite gives the id again
        shop.messages.record_in("another", "web", {"text": "z"})
    kept = shop.messages.record_answers("talk", [{"text": "y"}], asked, heard=("neg", 3), meant="greet")
    assert kept == []
    assert not shop.messages.is_kept("talk", asked)
    assert shop.messages.history("talk") == []
    assert [one.mood for one in shop.messages.history("another")] == [None] * spoke_again
