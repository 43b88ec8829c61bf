"""The REST channel in a real Rasa server with a real action server."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Talk:
    def __init__(self, tiny, token=None):
        self.address = f"{tiny.rasa}/webhooks/rest/webhook"
        self.sender, self.token = f"t-{uuid.uuid4().hex}", token

    def __call__(self, text, **more):
        body = {"sender": self.sender, "message": text, **more}
        if self.token:
            body["metadata"] = {"token": self.token}
        return httpx.post(self.address, json=body, timeout=40)

    def texts(self, text, **more):
        answer = self(text, **more)
        assert answer.status_code == 200
        return [one.get("text") for one in answer.json()]


@pytest.fixture
def talk(tiny):
    return Talk(tiny)


def is_chinese(text):
    return any("\u4e00" <= one <= "\u9fff" for one in text)


def test_a_text_with_blank_lines_stays_one_answer_with_its_buttons(talk):
    (answer,) = talk("你好").json()
    assert "\n\n" in answer["text"]
    assert [one["payload"] for one in answer["buttons"]] == ["有什么商品", "我是谁"]
    assert answer["recipient_id"] == talk.sender


def test_cards_come_whole(talk):
    text, cards = talk("有什么商品").json()
    assert text["text"]
    assert cards["custom"]["type"] == "products"
    assert len(cards["custom"]["items"]) == 2


def test_the_action_knows_the_customer_of_the_token_and_nobody_else(tiny):
    assert Talk(tiny, tiny.token(2)).texts("我是谁") == ["您是第 2 位顾客。"]
    assert Talk(tiny).texts("我是谁") == ["您还没有登录。"]
    forged = Talk(tiny, tiny.token(2)[:-4] + "AAAA").texts("我是谁")
    assert forged[-1] == "您还没有登录。"
    assert len(forged) == 2


def test_a_guest_cannot_speak_as_the_customer_of_the_same_sender_id(tiny):
    ann = Talk(tiny, tiny.token(1))
    ann.texts("我是谁")
    guest = Talk(tiny)
    guest.sender = ann.sender
    assert guest.texts("我是谁", metadata={"identity": "forged"}) == ["您还没有登录。"]


HOSTILE = [
    {"sender": "s", "message": ""}, {"sender": "s", "message": None}, {"sender": "s", "message": 5},
    {"sender": "s", "message": ["你好"]}, {"sender": "s", "message": {"a": 1}}, {"sender": "s", "message": True},
    {"sender": "s", "message": "长" * 10_000}, {"sender": "s", "message": "\x00\x1b[0m\x07"},
    {"sender": "s", "message": "😀😀😀"}, {"sender": "s", "message": "' OR 1=1; DROP TABLE orders; --"},
    {"sender": "s", "message": "<script>alert(1)</script>"}, {"sender": "s", "message": '/restart{"a": 1}'},
    {"sender": "s", "message": "/session_start"}, {"sender": "s", "message": "{{7*7}} ${jndi:ldap://x}"},
    {"sender": "s"}, {}, {"message": "你好"}, {"sender": None, "message": "你好"}, {"sender": 5, "message": "你好"},
    {"sender": "../../etc", "message": "你好"}, {"sender": "x" * 500, "message": "你好"}, {"sender": "中文", "message": "你好"},
    {"sender": "a~guest", "message": "你好"}, {"sender": "s", "message": "你好", "metadata": "text"},
    {"sender": "s", "message": "你好", "metadata": {"token": 5, "attachments": {"a": 1}}},
    {"sender": "s", "message": "你好", "message_id": {"a": 1}}, {"sender": "s", "message": "你好", "input_channel": "cmdline"},
    [], "text", 5, None,
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: json.dumps(body, ensure_ascii=True)[:60])
def test_whatever_comes_in_a_chinese_sentence_goes_out(tiny, body):
    answer = httpx.post(f"{tiny.rasa}/webhooks/rest/webhook", json=body, timeout=40)
    assert answer.status_code == 200
    assert answer.json()
    assert all(is_chinese(one.get("text") or json.dumps(one, ensure_ascii=False)) for one in answer.json())
    assert all(one["recipient_id"] not in ("default", None, "") for one in answer.json())


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b'{"sender": "s", "message": "\\ud800"}', b"[" * 100_000, b"x" * 400_000]
)
def test_what_is_no_json_is_answered_too(tiny, raw):
    answer = httpx.post(f"{tiny.rasa}/webhooks/rest/webhook", content=raw, timeout=40)
    assert answer.status_code == 200
    assert is_chinese(answer.json()[0]["text"])


def test_without_a_sender_each_gets_a_conversation_of_its_own(tiny):
    seen = set()
    for _ in range(2):
        answer = httpx.post(f"{tiny.rasa}/webhooks/rest/webhook", json={"message": "你好"}, timeout=40)
        seen.add(answer.headers["X-Xiaoer-Sender"])
        assert answer.json()[0]["recipient_id"] in seen
    assert len(seen) == 2


def test_the_same_message_twice_at_once_is_answered_once_and_told_twice(tiny, talk):
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: talk("有什么商品", message_id="m-1").json(), range(2))
    assert first == second
    assert len([one for one in tiny.shop.messages.history(talk.sender) if one.direction == "in"]) == 1


def test_an_action_that_fails_or_is_silent_leaves_nobody_without_an_answer(talk):
    for text in ("坏了", "别出声"):
        said, *_more = talk.texts(text)  # after the second failure a person is called, and that is told too
        assert is_chinese(said)


def test_a_person_who_speaks_silences_the_bot(tiny, talk):
    view = tiny.shop.handoffs.request(talk.sender, None, "asked")
    assert talk.texts("再见") == ["再见，欢迎再来。"]
    tiny.shop.handoffs.accept(view.id, "agent")
    (said,) = talk.texts("你好")
    assert "人工" in said
    tiny.shop.handoffs.close(view.id)
    assert talk.texts("再见") == ["再见，欢迎再来。"]


def test_a_form_goes_on_over_an_interruption(talk):
    assert talk.texts("填表") == ["要几件？"]
    assert "要几件？" in talk.texts("你好")
    assert talk.texts("两件") == ["什么颜色？"]
    assert talk.texts("红色") == ["好的，两件 件，红色。"]


def test_a_form_goes_on_when_the_bot_was_asked_by_many_at_once(tiny):
    talks = [Talk(tiny) for _ in range(8)]

    def fill(talk):
        return [talk.texts(text)[-1] for text in ("填表", "三件", "蓝色")]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(fill, talks)) == [["要几件？", "什么颜色？", "好的，三件 件，蓝色。"]] * 8


def test_without_the_action_server_a_customer_reads_a_sentence_and_the_talk_goes_on(tiny, talk):
    assert talk.texts("填表") == ["要几件？"]
    tiny.stop("actions")
    try:
        other = Talk(tiny)
        assert is_chinese(other.texts("有什么商品")[0])
    finally:
        tiny.start_actions()
    assert len(other.texts("有什么商品")) == 2
    assert talk.texts("两件") == ["什么颜色？"]


def test_the_logs_hold_nothing_personal(tiny, talk):
    talk("我的电话 13812345678，坏了")
    assert "13812345678" not in tiny.log("rasa") + tiny.log("actions")
