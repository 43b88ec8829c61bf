"""Which talks an agent may see: the same whether the database or the push decides."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import event

from shop.talk_lists import any_talk, may_see, talk
from web.desk.push import Line, Push
from web.guard import Guard

PASSWORD = "long enough"


@pytest.fixture
def agents(shop):
    made = [
        shop.agents.add(f"{role}{at}", "x", PASSWORD, role=role, groups=groups)
        for at, (role, groups) in enumerate(
            itertools.product(("agent", "supervisor", "admin"), (("any",), ("presale",), ("order", "aftersale")))
        )
    ]
    return [shop.agents.get(one.id) for one in made]


@pytest.fixture
def talks(shop, agents):
    """A talk in each state and group, and one of nobody."""
    senders = []
    for group, state in itertools.product(("any", "presale", "aftersale"), ("waiting", "mine", "others", "closed")):
        sender = f"{group}-{state}"
        shop.messages.record_in(sender, "rest", {"text": "hi"})
        view = shop.handoffs.request(sender, None, "asked", skill_group=group)
        if state != "waiting":
            owner = agents[1] if state == "mine" else agents[0]
            shop.handoffs.accept(view.id, owner.name, owner.id)
        if state == "closed":
            shop.handoffs.close(view.id)
        senders.append(sender)
    shop.messages.record_in("bot", "rest", {"text": "hi"})
    return [*senders, "bot", "nobody"]


def test_both_ways_to_ask_who_sees_a_talk_agree(shop, agents, talks):
    for agent, sender in itertools.product(agents, talks):
        read = any_talk(shop, sender)
        seen = read if read is not None and may_see(agent, read) else None
        assert seen == talk(shop, agent, sender), (agent.role, agent.groups, sender)


def test_a_push_to_twenty_desks_reads_no_more_than_to_one(shop, agents, talks):
    push = Push(shop, Guard(shop))
    heard = type("Heard", (), {"id": 1, "sender_id": "any-waiting", "kind": "state", "body": None})()
    seen: list[str] = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    counts = []
    for lines in (1, 20):
        seen.clear()
        posts = push._for_each(heard, [Line(None, agents[0], "", 1.0) for _ in range(lines)])
        assert len(posts) == lines
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_word_said_just_before_the_end_still_reaches_who_had_the_talk(shop, agents, clock):
    ann, other = agents[0], agents[1]
    shop.messages.record_in("talk", "web", {"text": "hi"})
    view = shop.handoffs.request("talk", None, "asked")
    shop.handoffs.accept(view.id, ann.name, ann.id)
    clock.on(seconds=5)
    said, _ = shop.messages.record_in("talk", "web", {"text": "one more thing"})
    clock.on(seconds=1)
    shop.handoffs.close(view.id)
    clock.on(seconds=1)
    later, _ = shop.messages.record_in("talk", "web", {"text": "to the bot"})
    push = Push(shop, Guard(shop))
    lines = [Line(None, one, "", 1.0) for one in (ann, other)]
    for message_id, hears in ((said, [ann]), (later, [])):
        heard = type("Heard", (), {"id": message_id, "sender_id": "talk", "kind": "in", "body": None})()
        assert [line.agent for line, _ in push._for_each(heard, lines)] == hears
