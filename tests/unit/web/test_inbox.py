"""Another inbox in the place of our desk: Chatwoot by its API, any program by signed webhooks."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from shop.errors import BadSetting
from shop.states import HandoffState
from tests.fakes.chatwoot import SECRET, TOKEN, FakeChatwoot
from web.inbox.bridge import Bridge
from web.inbox.carrier import LEASE, LEASE_S, TRIES, Carrier
from web.inbox.inbox import Event, Faulty, Plain, agent_of, is_signed, post, signature

SENDER, OTHER = "wechat:o-person", "wechat:o-other"


def with_inbox(shop, **more):
    shop.settings = replace(
        shop.settings, inbox_kind="chatwoot", inbox_url="https://chat.example", inbox_secret=SECRET,
        inbox_token=TOKEN, inbox_place="1/4", **more,
    )  # fmt: skip


@pytest.fixture
def there(shop):
    """A Chatwoot whose webhooks reach us."""
    with_inbox(shop)
    fake = FakeChatwoot()
    fake.now_s = lambda: shop.clock().timestamp()
    fake.bridge = Bridge(shop, httpx.Client(transport=fake.transport))
    client = TestClient(Starlette(routes=[fake.bridge.route()]))
    fake.deliver = lambda body, headers: client.post("/inbox/events", content=body, headers=headers)
    return fake


def asks(shop, sender=SENDER, *words, customer=None):
    for one in words or ("我要人工",):
        shop.messages.record_in(sender, "wechat", {"text": one})
    return shop.handoffs.request(sender, customer, "asked", skill_group="aftersale")


def texts(shop, direction, sender=SENDER):
    return [one.body["text"] for one in shop.messages.history(sender) if one.direction == direction]


def test_a_handoff_becomes_a_conversation_with_a_note_for_its_people(shop, there, build):
    customer = build.customer("欧阳小敏", "13812345678")
    shop.messages.record_in(SENDER, "wechat", {"text": "电话 13812345678，壶坏了"})
    shop.messages.record_out(SENDER, {"text": "很抱歉"})
    asks(shop, customer=customer.id)
    there.bridge.look()
    (conversation,) = there.conversations.values()
    assert conversation["custom_attributes"] == {"reason": "asked", "group": "aftersale", "priority": 0}
    (note,) = there.texts(1, "outgoing", private=True)
    assert note.splitlines()[1:] == ["> 电话 138****5678，壶坏了", "< 很抱歉", "> 我要人工"]
    (contact,) = there.contacts.values()
    assert contact["name"] == "欧***"
    assert SENDER not in json.dumps(contact), "the messenger's address stays here"


def test_words_go_both_ways_once_and_a_first_answer_takes_the_talk(shop, there):
    asks(shop)
    there.bridge.look()
    shop.messages.record_in(SENDER, "wechat", {"text": "在吗"})
    there.bridge.look()
    there.bridge.look()
    assert there.texts(1) == ["在吗"]
    for _ in range(2):  # Chatwoot tries again when an answer got lost
        assert there.says(1, "您好，我是小梅", number=55).json() == {"ok": True, "done": True}
    assert texts(shop, "agent") == ["您好，我是小梅"]
    current = shop.handoffs.current(SENDER)
    assert (current.state, current.agent) == (HandoffState.AGENT, "Mei")
    there.bridge.look()
    assert there.texts(1) == ["在吗"], "an agent's own words do not come back"


def test_notes_and_customers_words_of_there_reach_no_customer(shop, there):
    asks(shop)
    there.bridge.look()
    assert there.says(1, "内部：老客户", private=True).json()["done"] is False
    echo = {"event": "message_created", "id": 1, "content": "x", "message_type": "incoming", "conversation": {"id": 1}}
    assert there._hook(echo).json()["done"] is False
    assert texts(shop, "agent") == []


def test_an_assignment_accepts_and_another_one_transfers(shop, there):
    asks(shop)
    there.bridge.look()
    there.assigns(1)
    assert shop.handoffs.current(SENDER).agent == "Mei"
    there.assigns(1, 8, "Lei")
    there.assigns(1, 8, "Lei")
    assert shop.handoffs.current(SENDER).agent == "Lei"
    assert len([one for one in shop.agents.all() if one.login.startswith("inbox-")]) == 2


def test_a_resolved_conversation_ends_the_talk_and_the_next_handoff_is_a_new_one_of_the_same_contact(shop, there):
    asks(shop)
    there.bridge.look()
    there.says(1, "好了")
    there.resolves(1)
    assert shop.handoffs.speaker(SENDER) == "bot"
    there.bridge.look()
    shop.messages.record_in(SENDER, "wechat", {"text": "跟机器人说的"})
    there.bridge.look()
    assert there.texts(1) == [], "after the end words are the bot's"
    asks(shop)
    there.bridge.look()
    assert (len(there.conversations), len(there.contacts)) == (2, 1)


def test_a_customer_who_leaves_resolves_the_conversation(shop, there):
    asks(shop)
    there.bridge.look()
    shop.handoffs.leave(SENDER)
    there.bridge.look()
    assert there.conversations[1]["status"] == "resolved"


def test_a_talk_of_a_platforms_own_staff_is_not_brought_and_nothing_is_done_in_it_from_there(shop, there):
    asks(shop)  # waits, and stands there, until the platform's staff takes it
    there.bridge.look()
    shop.elsewhere.take(SENDER, "Mei")
    shop.messages.record_in(SENDER, "wechat", {"text": "跟平台的人说的"})
    shop.messages.record_in(OTHER, "wechat", {"text": "你好"})
    shop.elsewhere.take(OTHER, "Mei")
    for _ in range(2):
        there.bridge.look()
    assert (len(there.conversations), there.conversations[1]["status"], there.texts(1)) == (1, "resolved", [])
    for report in (there.resolves, there.assigns, partial(there.says, text="您好")):
        assert report(1).status_code == 409
    current = shop.handoffs.current(SENDER)
    assert (current.skill_group, current.agent, texts(shop, "agent")) == ("elsewhere", "Mei", [])


def test_a_finished_talk_costs_no_read_any_more_and_a_new_one_is_brought_all_the_same(shop, there):
    class Counted:
        """Shared values that note what is read."""

        def __init__(self, values):
            self._values, self.read = values, []

        def get(self, key):
            self.read.append(key)
            return self._values.get(key)

        def __getattr__(self, name):
            return getattr(self._values, name)

    finished = asks(shop)
    there.bridge.look()
    shop.handoffs.leave(SENDER)
    there.bridge.look()
    shop.shared_values = counted = Counted(shop.shared_values)
    there.bridge.look()
    assert counted.read == [f"inbox:{finished.id}"], "once more, to find that it has ended"
    counted.read.clear()
    there.bridge.look()
    assert counted.read == []
    new = asks(shop)
    there.bridge.look()
    assert f"inbox:{new.id}" in counted.read
    assert f"inbox:{finished.id}" not in counted.read
    assert len(there.conversations) == 2


def test_what_was_not_taken_comes_later_in_order_and_once(shop, there):
    asks(shop)
    there.bridge.look()
    there.down = True
    for one in ("一", "二"):
        shop.messages.record_in(SENDER, "wechat", {"text": one})
    with pytest.raises(Faulty):
        there.bridge.look()
    there.down = False
    there.bridge.look()
    there.bridge.look()
    assert there.texts(1) == ["一", "二"]


def test_a_process_that_looks_meanwhile_brings_nothing_twice(shop, there):
    asks(shop)
    assert shop.shared_values.lease("inbox:lease", 60)
    there.bridge.look()
    assert there.conversations == {}
    shop.shared_values.free("inbox:lease")
    there.bridge.look()
    assert len(there.conversations) == 1


@pytest.mark.parametrize("what", ["secret", "old", "body", "none"])
def test_a_report_without_a_right_and_fresh_signature_does_nothing(shop, there, what):
    asks(shop)
    there.bridge.look()
    deliver = there.deliver
    if what == "secret":
        answer = there._hook({"event": "conversation_status_changed", "id": 1, "status": "resolved"}, "another secret")
    elif what == "old":
        there.now_s = lambda: shop.clock().timestamp() - 301
        answer = there.resolves(1)
    else:
        there.deliver = lambda body, headers: deliver(
            body + b" " if what == "body" else body, headers if what == "body" else {}
        )
        answer = there.resolves(1)
    assert (answer.status_code, answer.json()) == (401, {"error": "bad_signature"})
    assert shop.handoffs.speaker(SENDER) == "waiting"


def test_a_report_about_an_unknown_conversation_or_of_another_form_breaks_nothing(shop, there):
    assert there._hook({"event": "conversation_status_changed", "id": 99, "status": "resolved"}).status_code == 404
    for odd in ([], None, {"event": 3}, {"event": "message_created", "sender": 5, "message_type": "outgoing"}):
        assert there._hook(odd).status_code in (200, 400)


def test_without_an_inbox_there_is_no_such_address(shop):
    client = TestClient(Starlette(routes=[Bridge(shop).route()]))
    assert client.post("/inbox/events", json={}).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"inbox_kind": "x"}, {"inbox_secret": "short"}, {"inbox_place": "1"}], ids=["kind", "secret", "place"]
)
def test_a_half_set_inbox_stops_the_start(shop, wrong):
    with_inbox(shop)
    shop.settings = replace(shop.settings, **wrong)
    with pytest.raises(BadSetting):
        Bridge(shop)


def test_any_program_takes_signed_webhooks_and_answers_by_them(shop):
    with_inbox(shop)
    shop.settings = replace(shop.settings, inbox_kind="webhook", inbox_url="https://other.example/hook")
    got = []

    def take(request):
        assert is_signed(SECRET, request.headers, request.content, shop.clock().timestamp())
        got.append(json.loads(request.content))
        return httpx.Response(204)

    bridge = Bridge(shop, httpx.Client(transport=httpx.MockTransport(take)))
    client = TestClient(Starlette(routes=[bridge.route()]))

    def report(**body):
        raw, stamp = json.dumps(body).encode(), str(int(shop.clock().timestamp()))
        signed = {"X-Xiaoer-Timestamp": stamp, "X-Xiaoer-Signature": signature(SECRET, stamp, raw)}
        return client.post("/inbox/events", content=raw, headers=signed)

    view = asks(shop)
    bridge.look()
    shop.messages.record_in(SENDER, "wechat", {"text": "在吗"})
    bridge.look()
    agent = {"id": "a7", "name": "小梅"}
    assert report(event="assign", sender_id=SENDER, agent=agent).status_code == 200
    assert report(event="message", sender_id=SENDER, agent=agent, id="m1", text="您好").status_code == 200
    assert report(event="message", sender_id=SENDER, id="m2", text="没有署名").status_code == 404
    assert report(event="message", sender_id="nobody", agent=agent, id="m3", text="x").status_code == 404
    assert report(event="close", sender_id=SENDER).status_code == 200
    bridge.look()
    assert [one["event"] for one in got] == ["handoff.created", "message.created", "handoff.closed"]
    assert (got[0]["handoff"]["id"], got[1]["message"]["text"]) == (view.id, "在吗")
    assert texts(shop, "agent") == ["您好"]
    assert shop.handoffs.get(view.id).close_reason == "solved"


def test_a_conversation_that_was_deleted_there_stops_no_other_talk_and_is_given_up_after_some_tries(
    shop, there, caplog
):
    asks(shop)
    asks(shop, OTHER)
    there.bridge.look()
    there.refuses = {"/conversations/1/messages": 404}
    for sender in (SENDER, OTHER):
        shop.messages.record_in(sender, "wechat", {"text": "在吗"})
    for _ in range(TRIES):
        with pytest.raises(Faulty, match="status 404 at chat.example"):
            there.bridge.look()
    assert there.texts(2) == ["在吗"]
    asked = len(there.asked)
    there.bridge.look()
    assert len(there.asked) == asked, "nothing more of it is brought"
    assert [one.levelname for one in caplog.records if one.name == "web.inbox.carrier"] == ["ERROR"]


def test_a_fault_that_passes_gives_no_talk_up(shop, there):
    asks(shop)
    there.bridge.look()
    shop.messages.record_in(SENDER, "wechat", {"text": "在吗"})
    there.refuses = {"/messages": 503}
    for _ in range(TRIES + 1):
        with pytest.raises(Faulty):
            there.bridge.look()
    there.refuses = {}
    there.bridge.look()
    assert there.texts(1) == ["在吗"]


def test_a_note_that_fails_makes_no_second_conversation_and_comes_later(shop, there):
    asks(shop)
    there.refuses = {"/messages": 500}
    with pytest.raises(Faulty):
        there.bridge.look()
    there.refuses = {}
    there.bridge.look()
    there.bridge.look()
    assert len(there.conversations) == 1
    assert [one.splitlines()[1:] for one in there.texts(1, "outgoing", private=True)] == [["> 我要人工"]]


def test_an_echo_of_an_old_conversation_touches_no_new_handoff_of_the_customer(shop, there):
    asks(shop)
    there.bridge.look()
    shop.handoffs.leave(SENDER)
    new = asks(shop)
    there.bridge.look()
    assert there.resolves(1).status_code == 200
    assert there.assigns(1).status_code == 200
    assert shop.handoffs.current(SENDER).id == new.id
    assert shop.handoffs.speaker(SENDER) == "waiting"
    there.resolves(2)
    assert shop.handoffs.current(SENDER) is None


def test_two_first_words_of_a_person_at_once_make_one_agent(shop):
    class Rivalled:
        """Agents of whom another process makes the same a moment sooner."""

        def __init__(self, agents):
            self._agents = agents

        def add(self, login, name, password):
            self._agents.add(login, name, password)
            return self._agents.add(login, name, password)

        def get(self, agent_id):
            return self._agents.get(agent_id)

    agents = shop.agents
    shop.agents = Rivalled(agents)
    found = agent_of(shop, Event("message", SENDER, "7", "Mei"))
    assert [(one.id, one.name) for one in agents.all()] == [(found.id, "Mei")]


def test_a_word_from_the_other_inbox_takes_no_talk_from_an_agent_of_our_desk(shop, there):
    view = asks(shop)
    there.bridge.look()
    ours = shop.agents.add("lin", "Lin", "a long password")
    shop.handoffs.accept(view.id, ours.name, ours.id)
    for answer in (there.says(1, "我来"), there.assigns(1)):
        assert (answer.status_code, answer.json()) == (409, {"error": "concurrent_change"})
    assert shop.handoffs.current(SENDER).agent_id == ours.id
    assert texts(shop, "agent") == []


def test_a_process_that_lost_its_lease_brings_nothing_more_and_frees_nobody_elses(shop, clock):
    with_inbox(shop)
    asks(shop)
    asks(shop, OTHER)
    begun = []

    class Slow(Plain):
        """Takes a minute and a half, or so long that another process begins."""

        def begin(self, talk, customer, note):
            begun.append(talk.id)
            clock.on(seconds=takes)
            if takes > LEASE_S:
                assert shop.shared_values.lease(LEASE, LEASE_S)
            return talk.sender_id

    carrier = Carrier(shop, Slow(httpx.Client(), "https://other.example", SECRET, lambda: 0.0))
    takes = LEASE_S + 1
    carrier.look()
    assert len(begun) == 1
    assert not shop.shared_values.lease(LEASE, LEASE_S), "the other process still has it"
    shop.shared_values.free(LEASE)
    takes = LEASE_S * 0.75
    asks(shop, "wechat:o-third")
    carrier.look()
    assert len(begun) == 3, "a lease that is renewed lasts"
    assert shop.shared_values.lease(LEASE, LEASE_S)


def test_a_fault_names_the_host_of_the_webhook_and_not_its_path():
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(500)))
    with pytest.raises(Faulty) as caught:
        post(client, "https://other.example/hook/a-password?key=secret", b"{}", {})
    assert str(caught.value) == "status 500 at other.example"
