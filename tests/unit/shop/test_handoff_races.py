"""Two at once, hundreds of times, on both databases: one wins, and never both."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from shop.errors import ConcurrentChange
from shop.states import HandoffState

ROUNDS = 500


def at_once(*works):
    """Run the works at the same moment; their results, or the ConcurrentChange that they raised."""
    gate = threading.Barrier(len(works))

    def run(work):
        gate.wait()
        try:
            return work()
        except ConcurrentChange as error:
            return error

    return list(POOL.map(run, works))


POOL = ThreadPoolExecutor(3, thread_name_prefix="race")


def test_of_two_agents_who_accept_one_talk_exactly_one_has_it_every_time(shop):
    ann, bob = (shop.agents.add(name, name, "long enough", "agent") for name in ("ann", "bob"))
    for place in range(ROUNDS):
        talk = f"talk{place}"
        shop.messages.record_in(talk, "rest", {"text": "人工"})
        view = shop.handoffs.request(talk, None, "asked")
        takes = [partial(shop.handoffs.accept, view.id, one.name, one.id) for one in (ann, bob)]
        results = at_once(*takes)
        winners = [one for one in results if not isinstance(one, ConcurrentChange)]
        assert len(winners) == 1, place
        assert shop.handoffs.current(talk).agent_id == winners[0].agent_id
        assert [one.body["notice"] for one in shop.messages.history(talk)[1:]] == ["accepted"]


def test_an_answer_of_the_bot_never_comes_after_a_take_over(shop):
    """Half of the talks wait in the queue, half are the bot's alone."""
    ann = shop.agents.add("ann", "ann", "long enough", "agent")
    for place in range(ROUNDS):
        talk = f"talk{place}"
        asked, _ = shop.messages.record_in(talk, "rest", {"text": "在吗"})
        if place % 2:
            shop.handoffs.request(talk, None, "asked")
        answered, taken = at_once(
            partial(shop.messages.record_answers, talk, [{"text": "一"}, {"text": "二"}], asked, unless_agent=True),
            partial(shop.handoffs.take_over, talk, ann.name, ann.id),
        )
        assert taken.state is HandoffState.AGENT
        order = [one.direction for one in shop.messages.history(talk)]
        assert order == (["in", "out", "out", "sys"] if answered else ["in", "sys"]), place
        assert shop.messages.record_answers(talk, [{"text": "三"}], asked, unless_agent=True) == []


def test_an_agents_word_and_a_give_back_at_once_leave_no_word_after_the_end(shop):
    ann = shop.agents.add("ann", "ann", "long enough", "agent")
    for place in range(ROUNDS // 10):
        talk = f"talk{place}"
        shop.messages.record_in(talk, "rest", {"text": "在吗"})
        view = shop.handoffs.take_over(talk, ann.name, ann.id)
        spoken, closed = at_once(
            partial(shop.desk.speak, talk, ann, {"text": "您好"}, f"m{place}"),
            partial(shop.handoffs.close, view.id, by=ann.id),
        )
        assert closed.state is HandoffState.CLOSED
        kinds = [one.body.get("notice") or one.direction for one in shop.messages.history(talk)]
        if isinstance(spoken, ConcurrentChange):
            assert kinds == ["in", "accepted", "closed", "rate"]
        elif shop.handoffs.speaker(talk) == "bot":
            assert kinds == ["in", "accepted", "agent", "closed", "rate"]
        else:  # the word came after the end and took the talk over again
            assert kinds == ["in", "accepted", "closed", "rate", "accepted", "agent"]
