"""Transfer, take over, give back, rate: the steps of a talk, and what the customer is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from shop.errors import BadValue, ConcurrentChange, NotFound, WrongState
from shop.handoff_rows import wire
from shop.models import HandoffStep
from shop.states import HandoffState

PASSWORD = "long enough"


@pytest.fixture
def ann(shop):
    return shop.agents.add("ann", "小安", PASSWORD)


@pytest.fixture
def bob(shop):
    return shop.agents.add("bob", "小波", PASSWORD)


@pytest.fixture
def view(shop):
    shop.messages.record_in("talk", "rest", {"text": "人工"})
    return shop.handoffs.request("talk", None, "asked")


def told(shop):
    return [one.body["notice"] for one in shop.messages.history("talk") if one.direction == "sys"]


def steps(shop):
    with shop.database.read() as session:
        return list(session.execute(select(HandoffStep.kind).order_by(HandoffStep.id)).scalars())


def test_a_whole_talk_is_recorded_step_by_step_and_told_to_the_customer(shop, view, ann, bob):
    shop.handoffs.accept(view.id, ann.name, ann.id)
    shop.handoffs.transfer(view.id, bob.id, by=ann.id)
    shop.handoffs.to_group(view.id, "aftersale", by=bob.id)
    shop.handoffs.take_over("talk", ann.name, ann.id)
    shop.handoffs.close(view.id, "solved", ["退款", "加急"], by=ann.id)
    shop.handoffs.rate("talk", view.id, 5, "很好")
    assert steps(shop) == ["asked", "accepted", "transferred", "group", "accepted", "closed", "rated"]
    assert told(shop) == ["accepted", "transferred", "regrouped", "accepted", "closed", "rate"]
    last = shop.messages.history("talk")[-1].body
    assert last["custom"] == {"type": "rating", "handoff_id": view.id}
    done = shop.handoffs.get(view.id)
    assert (done.rating, done.tags, done.close_reason) == (5, ("退款", "加急"), "solved")


def test_back_in_a_groups_queue_a_talk_is_nobodys_and_one_step_sooner(shop, view, ann):
    shop.handoffs.accept(view.id, ann.name, ann.id)
    again = shop.handoffs.to_group(view.id, "aftersale")
    assert (again.state, again.agent, again.agent_id, again.priority) == (HandoffState.WAITING, None, None, 1)
    assert shop.handoffs.waiting("aftersale")[0].id == view.id


def test_a_talk_of_the_bot_is_taken_over_and_given_back(shop, ann):
    shop.messages.record_in("talk", "rest", {"text": "在吗"})
    taken = shop.handoffs.take_over("talk", ann.name, ann.id)
    assert (taken.reason, shop.handoffs.speaker("talk")) == ("taken", "agent")
    assert shop.handoffs.take_over("talk", ann.name, ann.id).id == taken.id
    shop.handoffs.close(taken.id, "back", by=ann.id)
    assert shop.handoffs.speaker("talk") == "bot"
    assert told(shop) == ["accepted", "back", "rate"]


def test_a_word_of_an_agent_takes_the_talk_over_and_is_said_once(shop, ann, bob):
    shop.messages.record_in("talk", "rest", {"text": "在吗"})
    first = shop.desk.speak("talk", ann, {"text": "您好"}, "m1")
    again = shop.desk.speak("talk", ann, {"text": "您好"}, "m1")
    assert first.id == again.id
    assert first.body["agent"] == {"name": "小安"}
    assert again.body["custom"] == {"agent": {"name": "小安"}}
    with pytest.raises(ConcurrentChange):
        shop.desk.speak("talk", bob, {"text": "我来"}, "m2")
    assert [one.direction for one in shop.messages.history("talk")] == ["in", "sys", "agent"]


def test_a_supervisor_barges_in_and_the_first_agent_is_out(shop, view, ann, bob):
    shop.handoffs.accept(view.id, ann.name, ann.id)
    shop.handoffs.take_over("talk", bob.name, bob.id)
    assert told(shop) == ["accepted", "barged"]
    with pytest.raises(ConcurrentChange):
        shop.desk.speak("talk", ann, {"text": "等等"}, "m1")


def test_nothing_is_done_to_a_closed_talk(shop, view, ann):
    shop.handoffs.close(view.id)
    for step in (lambda: shop.handoffs.transfer(view.id, ann.id), lambda: shop.handoffs.to_group(view.id, "any")):
        with pytest.raises(WrongState):
            step()
    with pytest.raises(NotFound):
        shop.handoffs.transfer(view.id + 1, ann.id)


def test_a_talk_goes_to_no_agent_who_has_left_the_shop(shop, view, ann, bob):
    shop.handoffs.accept(view.id, ann.name, ann.id)
    shop.agents.change(bob.id, is_active=False)
    with pytest.raises(NotFound):
        shop.handoffs.transfer(view.id, bob.id)


@pytest.mark.parametrize(("rating", "comment"), [(0, ""), (6, ""), (True, ""), ("5", ""), (5, "长" * 501), (5, 7)])
def test_a_rating_that_is_none_is_refused(shop, view, ann, rating, comment):
    shop.handoffs.accept(view.id, ann.name, ann.id)
    shop.handoffs.close(view.id)
    with pytest.raises(BadValue):
        shop.handoffs.rate("talk", view.id, rating, comment)


def test_only_the_talks_own_customer_rates_it_and_only_after_it(shop, view, ann):
    with pytest.raises(WrongState):
        shop.handoffs.rate("talk", view.id, 5)
    shop.handoffs.accept(view.id, ann.name, ann.id)
    shop.handoffs.close(view.id)
    with pytest.raises(NotFound):
        shop.handoffs.rate("another", view.id, 1)


def test_the_wire_says_who_speaks_and_how_long_it_takes(shop, view, ann):
    assert wire(None)["state"] == "bot"
    assert wire(shop.handoffs.current("talk")) == {
        "id": view.id, "state": "waiting", "position": 1, "wait_s": None, "agent": None,
    }  # fmt: skip
    shop.handoffs.accept(view.id, ann.name, ann.id)
    assert wire(shop.handoffs.current("talk"))["agent"] == {"name": "小安"}


def test_a_message_left_is_a_ticket_and_ends_the_wait(shop, view, ann):
    number = shop.tickets.leave("talk", None, "请回电", "138 0000 1234")
    assert shop.handoffs.speaker("talk") == "bot"
    ticket = shop.tickets.all()[0]
    assert (ticket["id"], ticket["phone"], ticket["text"]) == (number, "138****1234", "请回电")
    assert shop.tickets.phone(number) == "13800001234"
    assert shop.tickets.settle(number, ann.id, "已回电")["state"] == "done"
    assert shop.tickets.all() == []


@pytest.mark.parametrize(
    ("text", "phone", "field"), [("", "", "text"), ("x" * 1001, "", "text"), ("请回电", "123", "phone")]
)
def test_a_ticket_needs_words_and_a_phone_that_is_one(shop, text, phone, field):
    with pytest.raises(BadValue) as caught:
        shop.tickets.leave("talk", None, text, phone)
    assert caught.value.facts["field"] == field


def test_notes_stay_with_the_agents_and_mentions_are_signalled(shop, view, ann, bob):
    shop.desk.note("talk", ann.id, " 客户很急 ", [bob.id])
    note = shop.desk.notes("talk")[0]
    assert (note["text"], note["agent"], note["mentions"]) == ("客户很急", "小安", [bob.id])
    assert all("客户很急" not in str(one.body) for one in shop.messages.history("talk"))
    with pytest.raises(NotFound):
        shop.desk.note("talk", ann.id, "x", [bob.id + 99])
    with pytest.raises(BadValue):
        shop.desk.note("talk", ann.id, " ")


def test_canned_replies_are_found_by_shortcut_title_and_words_the_most_used_first(shop, ann, bob):
    shop.desk.keep_canned("hi", "问候", "您好，很高兴为您服务", None)
    mine = shop.desk.keep_canned("yf", "运费", "满 99 包邮", ann.id)
    shop.desk.used_canned(mine)
    assert [one["shortcut"] for one in shop.desk.canned(ann.id)] == ["yf", "hi"]
    assert [one["shortcut"] for one in shop.desk.canned(ann.id, "包邮")] == ["yf"]
    assert [one["shortcut"] for one in shop.desk.canned(bob.id)] == ["hi"]
    assert shop.desk.canned(bob.id, "%") == []
    with pytest.raises(NotFound):
        shop.desk.drop_canned(mine, bob.id)
    shop.desk.drop_canned(mine, ann.id)
