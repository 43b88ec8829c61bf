"""The web channel in a real Rasa server, by a socket.io client that is not a browser."""

from __future__ import annotations

import io
import time

import httpx
import pytest
import socketio
from PIL import Image

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
WAIT_S = 60.0


class Tab:
    """One browser tab."""

    def __init__(self, tiny, session=None, token=None, origin=None):
        self.tiny, self.token = tiny, token
        self.client = socketio.Client(websocket_extra_options={"origin": origin or tiny.web})
        self.said, self.echoes, self.states, self.session = [], [], [], None
        self.client.on("bot_uttered", self.said.append)
        self.client.on("user_echoed", self.echoes.append)
        self.client.on("session_state", self.states.append)
        self.client.on("session_confirm", lambda session: setattr(self, "session", session))
        self.client.connect(tiny.rasa, transports=["websocket"], wait_timeout=WAIT_S)
        self.client.emit("session_request", {"session_id": session, "token": token})
        wait_for(lambda: self.states)

    def say(self, text, **more):
        metadata = {"token": self.token, **more.pop("metadata", {})}
        return self.client.call("user_uttered", {"message": text, "metadata": metadata, **more}, timeout=40)

    def history(self, after=0):
        return self.client.call("history_request", {"after": after})["messages"]

    def http(self, method, path, **more):
        headers = {"X-Xiaoer-Session": self.session or "", **more.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return httpx.request(method, f"{self.tiny.rasa}/webhooks/web/{path}", headers=headers, timeout=40, **more)


def wait_for(ready, seconds=WAIT_S):
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def tab(tiny):
    made = []

    def make(**more):
        made.append(Tab(tiny, **more))
        return made[-1]

    yield make
    for one in made:
        one.client.disconnect()


def photo(size=(300, 200)):
    target = io.BytesIO()
    Image.new("RGB", size, "red").save(target, "PNG")
    return target.getvalue()


def test_a_page_that_asks_twice_before_an_answer_gets_one_session(tab):
    one, given = tab(), []
    one.client.on("session_confirm", given.append)
    for ask_id in ("again", "again", "another"):
        one.client.emit("session_request", {"session_id": None, "token": None, "ask_id": ask_id})
    wait_for(lambda: len(given) == 3)
    assert given[0] == given[1] != given[2]


def test_a_tab_gets_a_session_and_answers_with_cards(tab):
    one = tab()
    assert one.say("有什么商品")["ok"]
    wait_for(lambda: len(one.said) == 2)
    assert one.said[1]["custom"]["type"] == "products"
    assert [message["direction"] for message in one.history()] == ["in", "out", "out"]


def test_a_reloaded_tab_finds_its_history_and_only_what_is_new(tab):
    one = tab()
    one.say("你好")
    again = tab(session=one.session)
    assert again.session == one.session
    before = again.history()
    assert [message.get("text") for message in before][0] == "你好"
    one.say("再见")
    assert [message["text"] for message in again.history(after=before[-1]["id"])] == ["再见", "再见，欢迎再来。"]


def test_two_tabs_of_a_talk_see_the_same(tab):
    one = tab()
    two = tab(session=one.session)
    one.say("再见")
    wait_for(lambda: two.said)
    assert two.said[0]["text"] == "再见，欢迎再来。"
    assert two.echoes[0]["text"] == "再见"
    assert not one.echoes


def test_nobody_joins_a_conversation_without_its_proof(tab):
    one = tab()
    one.say("你好")
    other_end = "0" if one.session[-1] != "0" else "1"
    for guess in (one.session.split(".")[0], one.session[:-1] + other_end, "w-1.abc"):
        other = tab(session=guess)
        assert other.session != one.session
        assert other.history() == []


def test_a_customers_conversation_is_not_shown_to_a_guest_with_the_same_browser(tiny, tab):
    mine = tab(token=tiny.token(1))
    mine.say("我是谁")
    wait_for(lambda: mine.said)
    assert mine.said[0]["text"] == "您是第 1 位顾客。"
    guest = tab(session=mine.session)
    assert guest.session != mine.session
    guest.session = mine.session
    assert guest.http("GET", "history").status_code == 401
    assert len(mine.http("GET", "history").json()["messages"]) == 2


def test_a_second_delivery_says_nothing_new(tab):
    one = tab()
    first = one.say("再见", message_id="m-1")
    again = one.say("再见", message_id="m-1")
    assert (again["id"], again["double"]) == (first["id"], True)
    time.sleep(0.2)
    assert len(one.said) == 1


def test_a_message_before_any_session_asks_for_one(tiny):
    client, lost = socketio.Client(websocket_extra_options={"origin": tiny.web}), []
    client.on("session_lost", lambda *_: lost.append(1))
    client.connect(tiny.rasa, transports=["websocket"], wait_timeout=WAIT_S)
    try:
        assert client.call("user_uttered", {"message": "你好"}) == {"ok": False}
        wait_for(lambda: lost)
    finally:
        client.disconnect()


@pytest.mark.parametrize("data", [None, 5, [], "你好", {"message": 5}, {"message": "长" * 5000}, {"metadata": "x"}])
def test_a_wrong_message_is_answered_and_kept_from_the_bot(tab, data):
    one = tab()
    one.client.call("user_uttered", data, timeout=40)
    wait_for(lambda: one.said)


def test_a_page_of_another_origin_is_refused(tiny):
    with pytest.raises(socketio.exceptions.ConnectionError):
        Tab(tiny, origin="http://evil.example")


def test_a_picture_goes_up_and_comes_with_a_message(tiny, tab):
    one, other = tab(), tab()
    kept = one.http("POST", "upload", content=photo(), headers={"Content-Type": "image/png", "Origin": tiny.web})
    assert kept.headers["access-control-allow-origin"] == tiny.web
    form = one.http("POST", "upload", files={"file": ("evil.php", photo(), "text/html")})
    ids = [kept.json()["id"], form.json()["id"]]
    one.say("", metadata={"attachments": ids})
    wait_for(lambda: one.said)
    assert one.said[0]["text"] == "收到 2 张图片。"
    assert one.history()[0]["attachments"] == ids
    shown = one.http("GET", f"upload/{ids[0]}")
    assert (shown.headers["content-type"], shown.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert other.http("GET", f"upload/{ids[0]}").status_code == 404


def test_a_bad_picture_is_refused_in_chinese(tiny, tab):
    one = tab()
    for content, status in ((b"not a picture", 400), (b"", 400), (b"x" * (11 * 1024 * 1024), 413)):
        answer = one.http("POST", "upload", content=content)
        assert answer.status_code == status
        assert "图片" in answer.json()["error"]
    one.session = "w-1.forged"
    assert one.http("POST", "upload", content=photo()).status_code == 401
    assert tab().http("POST", "upload", content=photo(), headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_browser_may_ask_before_it_sends_a_picture(tiny):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-xiaoer-session"}
    good = httpx.options(f"{tiny.rasa}/webhooks/web/upload", headers={"Origin": tiny.web, **asked})
    assert good.headers["access-control-allow-origin"] == tiny.web
    assert "X-Xiaoer-Session" in good.headers["access-control-allow-headers"]
    evil = httpx.options(f"{tiny.rasa}/webhooks/web/upload", headers={"Origin": "http://evil.example", **asked})
    assert "access-control-allow-origin" not in evil.headers


def test_a_tab_is_told_who_speaks(tiny, tab):
    one = tab()
    tiny.shop.handoffs.accept(tiny.shop.handoffs.request(one.session.split(".")[0], None, "asked").id, "agent")
    assert one.say("你好")["ok"]
    assert tab(session=one.session).states[0]["speaker"] == "agent"
    assert all(each["direction"] == "sys" for each in one.said)


def test_agents_words_marks_and_states_reach_the_open_tabs_from_another_process(tiny, tab):
    one = tab()
    one.say("你好")
    sender = one.session.split(".")[0]
    heard = {"agent_typing": [], "read_mark": []}
    for event, kept in heard.items():
        one.client.on(event, kept.append)
    mei = next(each for each in tiny.shop.agents.all() if each.role == "agent")
    view = tiny.shop.handoffs.request(sender, None, "asked")
    wait_for(lambda: one.states[-1]["handoff"]["state"] == "waiting")
    tiny.shop.handoffs.accept(view.id, mei.name, mei.id)
    tiny.shop.signals.send(sender, "typing", {"by": "agent", "name": mei.name})
    tiny.shop.signals.send(sender, "read", {"by": "agent", "id": 1})
    said = tiny.shop.desk.speak(sender, mei, {"text": "您好，我是人工"}, "m1")
    wait_for(lambda: one.said and one.said[-1].get("id") == said.id)
    assert one.said[-1]["custom"]["agent"] == {"name": mei.name}
    assert [each["direction"] for each in one.said[-2:]] == ["sys", "agent"]
    wait_for(lambda: one.states[-1]["handoff"]["agent"] == {"name": mei.name})
    wait_for(lambda: heard["agent_typing"] and heard["read_mark"])
    tiny.shop.handoffs.close(view.id, by=mei.id)
    wait_for(lambda: one.states[-1]["handoff"]["state"] == "closed")
    assert one.said[-1]["custom"]["type"] == "rating"
    assert one.client.call("rate_talk", {"handoff_id": view.id, "rating": 5, "comment": "好"}) == {"ok": True}
    assert tiny.shop.handoffs.get(view.id).rating == 5
    assert not one.client.call("rate_talk", {"handoff_id": view.id + 99, "rating": 5})["ok"]


def test_a_waiting_tab_leaves_the_queue_or_a_message(tiny, tab):
    one = tab()
    one.say("你好")
    sender = one.session.split(".")[0]
    tiny.shop.handoffs.request(sender, None, "asked")
    assert one.client.call("queue_leave", {})["ok"]
    assert tiny.shop.handoffs.speaker(sender) == "bot"
    tiny.shop.handoffs.request(sender, None, "asked")
    bad = one.client.call("leave_message", {"text": "请回电", "phone": "12"})
    assert not bad["ok"]
    assert "电话" in bad["error"]
    assert one.client.call("leave_message", {"text": "请回电", "phone": "13800001234"})["ok"]
    assert tiny.shop.handoffs.speaker(sender) == "bot"
    wait_for(lambda: one.said[-1].get("notice") == "ticket")
