"""Who speaks: the bot, the queue, a person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shop.errors import ConcurrentChange, NotFound, ShopError, WrongState
from shop.states import HandoffState


def ask(shop, sender="talk", **more):
    return shop.handoffs.request(sender, None, "asked", **more)


def test_the_bot_speaks_until_somebody_asks_for_a_person(shop):
    assert shop.handoffs.speaker("talk") == "bot"
    assert ask(shop).new
    assert shop.handoffs.speaker("talk") == "waiting"


def test_asking_twice_keeps_one_place(shop):
    first, again = ask(shop), ask(shop)
    assert (again.id, again.new, again.position) == (first.id, False, 1)


def test_asking_many_times_at_once_makes_one_row(shop):
    with ThreadPoolExecutor(8) as threads:
        views = list(threads.map(lambda _: ask(shop), range(16)))
    assert len({view.id for view in views}) == 1
    assert sum(view.new for view in views) == 1


def test_positions_count_from_one_and_urgent_talks_go_first(shop):
    assert ask(shop, "a").position == 1
    assert ask(shop, "b").position == 2
    assert ask(shop, "urgent", priority=5).position == 1
    assert shop.handoffs.current("b").position == 3
    assert [one.sender_id for one in shop.handoffs.waiting()] == ["urgent", "a", "b"]


def test_each_skill_group_has_its_own_queue(shop):
    ask(shop, "a", skill_group="refund")
    assert ask(shop, "b", skill_group="presale").position == 1
    assert [one.sender_id for one in shop.handoffs.waiting("refund")] == ["a"]


def test_leaving_the_queue_gives_the_talk_back_to_the_bot(shop):
    ask(shop)
    assert shop.handoffs.leave("talk")
    assert shop.handoffs.speaker("talk") == "bot"
    assert not shop.handoffs.leave("talk")


def test_an_agent_takes_and_closes_a_talk(shop, clock):
    view = ask(shop)
    taken = shop.handoffs.accept(view.id, "李雷")
    assert (taken.state, taken.agent, taken.position) == (HandoffState.AGENT, "李雷", 0)
    assert shop.handoffs.speaker("talk") == "agent"
    assert not shop.handoffs.leave("talk")
    assert shop.handoffs.close(view.id).state is HandoffState.CLOSED
    assert shop.handoffs.close(view.id).state is HandoffState.CLOSED
    assert shop.handoffs.speaker("talk") == "bot"
    assert ask(shop).new


def test_taking_a_talk_twice_is_harmless_for_its_agent_and_refused_to_others(shop):
    view = ask(shop)
    shop.handoffs.accept(view.id, "a")
    assert shop.handoffs.accept(view.id, "a").agent == "a"
    with pytest.raises(ConcurrentChange):
        shop.handoffs.accept(view.id, "b")


def test_a_closed_or_unknown_talk_cannot_be_taken(shop):
    view = ask(shop)
    shop.handoffs.close(view.id)
    with pytest.raises(WrongState):
        shop.handoffs.accept(view.id, "a")
    with pytest.raises(NotFound):
        shop.handoffs.accept(view.id + 1, "a")


def test_of_many_agents_exactly_one_gets_the_talk(shop):
    view = ask(shop)

    def take(name: str) -> str:
        try:
            return str(shop.handoffs.accept(view.id, name).agent)
        except ShopError as error:
            return type(error).__name__

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(take, [f"agent{place}" for place in range(8)]))
    winners = [one for one in outcomes if one.startswith("agent")]
    assert len(winners) == 1
    assert outcomes.count("ConcurrentChange") == 7
    assert shop.handoffs.current("talk").agent == winners[0]


def test_a_customer_who_leaves_while_an_agent_takes_ends_in_one_state(shop):
    for place in range(10):
        view = ask(shop, f"talk{place}")

        def leave(view=view) -> object:
            try:
                return shop.handoffs.leave(view.sender_id)
            except ConcurrentChange:
                return "lost"

        def take(view=view) -> object:
            try:
                return shop.handoffs.accept(view.id, "a").state
            except (ConcurrentChange, WrongState):
                return "lost"

        with ThreadPoolExecutor(2) as threads:
            left, taken = threads.submit(leave), threads.submit(take)
        speaker = shop.handoffs.speaker(view.sender_id)
        assert speaker == ("agent" if taken.result() is HandoffState.AGENT else "bot")
        assert (left.result() is True) == (speaker == "bot")


def test_asking_again_more_urgently_moves_ahead(shop):
    for sender in ("first", "second"):
        shop.handoffs.request(sender, None, "asked")
    assert not shop.handoffs.request("second", None, "anger", priority=2).new
    assert shop.handoffs.current("second").position == 1
    shop.handoffs.request("second", None, "asked")
    assert shop.handoffs.current("second").position == 1
