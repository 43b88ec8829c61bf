"""What happens to talks as time passes."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from shop.handoff_clock import Seat, choose, drain, tell_positions, tick
from shop.models import Customer
from shop.signals import Feed
from shop.states import HandoffState

PASSWORD = "long enough"


@pytest.fixture
def staff(shop):
    def make(name, *groups, capacity=2, online=True):
        agent = shop.agents.add(name, name, PASSWORD, groups=groups or ("any",), capacity=capacity)
        return shop.agents.set_status(agent.id, "online") if online else agent

    return make


@pytest.fixture
def ask(shop):
    def one(sender, **more):
        shop.messages.record_in(sender, "rest", {"text": "人工"})
        return shop.handoffs.request(sender, None, "asked", **more)

    return one


def notices(shop, sender):
    return [one.body["notice"] for one in shop.messages.history(sender) if one.direction == "sys"]


def test_the_queue_drains_when_an_agent_comes_online_and_when_one_frees_up(shop, staff, ask):
    for name in "abc":
        ask(name)
    ann = staff("ann", capacity=2, online=False)
    assert drain(shop) == 0
    shop.agents.set_status(ann.id, "online")
    assert drain(shop) == 2
    assert [one.sender_id for one in shop.handoffs.waiting()] == ["c"]
    shop.handoffs.close(shop.handoffs.current("a").id)
    assert drain(shop) == 1
    assert shop.handoffs.speaker("c") == "agent"


def test_a_long_queue_costs_one_look_while_nobody_has_room(shop, staff, ask):
    for place in range(4):
        ask(f"talk{place}")
    staff("ann", capacity=1)
    seen = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert drain(shop) == 1
    seen.clear()
    assert drain(shop) == 0
    assert len([one for one in seen if "SELECT" in one]) == 1


def test_the_least_loaded_agent_of_the_group_gets_the_talk(shop, staff, ask):
    ann, bob = staff("ann", "presale", capacity=4), staff("bob", "presale", capacity=4)
    staff("cid", "aftersale", capacity=9)
    for place in range(4):
        ask(f"talk{place}", skill_group="presale")
    assert drain(shop) == 4
    assert len(shop.handoffs.with_agents(ann.id)) == len(shop.handoffs.with_agents(bob.id)) == 2


def test_a_customer_comes_back_to_the_agent_they_had_while_there_is_room(shop, staff, ask):
    ann, bob = staff("ann"), staff("bob")
    shop.handoffs.accept(ask("talk").id, bob.name, bob.id)
    shop.handoffs.close(shop.handoffs.current("talk").id)
    ask("talk")
    drain(shop)
    assert shop.handoffs.current("talk").agent_id == bob.id
    assert shop.handoffs.with_agents(ann.id) == []


def test_the_choice_prefers_the_last_agent_then_the_smallest_share():
    seats = [Seat(1, "a", ("any",), 1, 2), Seat(2, "b", ("any",), 2, 8), Seat(3, "c", ("any",), 0, 0 + 1)]
    assert choose(seats, None).agent_id == 3
    assert choose(seats, 1).agent_id == 1
    assert choose(seats[:2], 9).agent_id == 2
    assert choose([], 1) is None


def test_with_assignment_off_agents_pick_themselves(shop, staff, ask):
    from dataclasses import replace

    staff("ann")
    ask("talk")
    shop.settings = replace(shop.settings, auto_assign=False)
    assert drain(shop) == 0


def test_anger_and_level_come_sooner_and_long_waits_catch_up(shop, build, ask, clock):
    diamond = build.add(Customer(code="d", level=4))
    ask("first")
    clock.on(minutes=1)
    ask("angry")
    shop.handoffs.request("vip", diamond.id, "asked")
    assert [one.sender_id for one in shop.handoffs.waiting()] == ["vip", "first", "angry"]
    raised = shop.handoffs.raise_priority("angry", "anger", by=3)
    assert raised.position == 1
    assert [one["reason"] for one in raised.reasons] == ["asked", "anger"]
    clock.on(minutes=11)
    late = shop.handoffs.request("late", diamond.id, "asked")  # two steps are worth ten minutes
    assert late.position == 4
    assert shop.handoffs.raise_priority("nobody", "anger") is None


def test_a_wait_that_is_too_long_ends_with_an_offer_to_leave_a_message(shop, ask, clock):
    ask("talk")
    clock.on(minutes=shop.settings.queue_timeout_minutes - 1)
    tick(shop)
    assert shop.handoffs.speaker("talk") == "waiting"
    clock.on(minutes=2)
    tick(shop)
    assert shop.handoffs.speaker("talk") == "bot"
    last = shop.messages.history("talk")[-1].body
    assert last["custom"] == {"type": "leave_message"}


def test_a_talk_sent_to_another_group_waits_its_whole_time_there(shop, staff, ask, clock):
    ann = staff("ann", "presale")
    view = shop.handoffs.accept(ask("talk").id, ann.name, ann.id)
    clock.on(minutes=shop.settings.queue_timeout_minutes + 5)
    shop.handoffs.to_group(view.id, "aftersale", by=ann.id)
    clock.on(minutes=shop.settings.queue_timeout_minutes - 1)
    tick(shop)
    assert shop.handoffs.speaker("talk") == "waiting"
    clock.on(minutes=2)
    tick(shop)
    assert shop.handoffs.get(view.id).close_reason == "timeout"


def test_a_talk_sent_away_is_not_handed_back_to_who_had_or_sent_it(shop, staff, ask):
    ann, boss = staff("ann"), staff("boss")
    view = shop.handoffs.accept(ask("talk").id, ann.name, ann.id)
    shop.handoffs.to_group(view.id, "aftersale", by=boss.id)
    assert drain(shop) == 0
    shop.handoffs.accept(view.id, ann.name, ann.id)  # by hand, they may
    shop.handoffs.to_group(view.id, "order", by=ann.id)
    assert drain(shop) == 1
    assert shop.handoffs.current("talk").agent_id == boss.id


def test_a_silent_agent_is_warned_then_the_bot_takes_the_talk_back(shop, staff, ask, clock):
    ann = staff("ann")
    view = shop.handoffs.accept(ask("talk").id, ann.name, ann.id)
    feed = Feed(shop)
    feed.start()
    clock.on(seconds=shop.settings.agent_warn_s + 1)
    shop.agents.seen([ann.id])
    tick(shop)
    tick(shop)
    assert [one.kind for one in feed.poll()].count("warn") == 1
    assert shop.handoffs.get(view.id).warned_at is not None
    clock.on(seconds=shop.settings.agent_silence_s)
    tick(shop)
    assert shop.handoffs.speaker("talk") == "bot"
    assert shop.handoffs.get(view.id).close_reason == "silence"
    assert notices(shop, "talk") == ["accepted", "silence", "rate"]


def test_an_agent_who_answers_is_not_silent_until_the_customer_speaks_again(shop, staff, ask, clock):
    ann = staff("ann")
    view = shop.handoffs.accept(ask("talk").id, ann.name, ann.id)
    clock.on(seconds=30)
    shop.desk.speak("talk", ann, {"text": "您好"}, "m1")
    assert (shop.handoffs.get(view.id).first_reply_at - view.accepted_at).total_seconds() == 30
    clock.on(seconds=shop.settings.agent_silence_s + 1)
    tick(shop)
    assert shop.handoffs.speaker("talk") == "agent"
    shop.handoffs.customer_spoke("talk")
    clock.on(seconds=shop.settings.agent_silence_s + 1)
    tick(shop)
    assert shop.handoffs.speaker("talk") == "bot"


def test_a_talk_whose_customer_has_gone_ends(shop, staff, ask, clock):
    ann = staff("ann")
    shop.handoffs.accept(ask("talk").id, ann.name, ann.id)
    shop.desk.speak("talk", ann, {"text": "您好"}, "m1")
    clock.on(minutes=shop.settings.customer_idle_minutes + 1)
    tick(shop)
    assert notices(shop, "talk") == ["accepted", "idle", "rate"]


def test_places_are_told_when_they_change_and_only_then(shop, ask):
    first = ask("a")
    ask("b")
    assert tell_positions(shop) == 2
    assert tell_positions(shop) == 0
    shop.handoffs.close(first.id)
    assert tell_positions(shop) == 1


def test_an_agent_whose_desk_has_closed_is_away_and_gets_nothing(shop, staff, ask, clock):
    ann = staff("ann")
    clock.on(seconds=shop.settings.agent_lost_s + 1)
    ask("talk")
    tick(shop)
    assert shop.agents.get(ann.id).status == "away"
    assert shop.handoffs.speaker("talk") == "waiting"


def test_the_estimate_grows_with_the_place_and_shrinks_with_more_hands(shop, staff, ask):
    ask("a")
    assert ask("b").wait_s is None  # nobody is there
    staff("ann", capacity=1)
    one = shop.handoffs.current("b").wait_s
    assert one == 2 * shop.handoffs.current("a").wait_s
    staff("bob", capacity=3)
    assert shop.handoffs.current("b").wait_s == one / 4


def test_a_dead_part_does_not_stop_the_others(shop, ask, clock, caplog):
    ask("talk")
    clock.on(minutes=shop.settings.queue_timeout_minutes + 1)
    tick(shop)
    assert shop.handoffs.speaker("talk") == "bot"
    assert shop.handoffs.past("talk")[0].state is HandoffState.CLOSED
