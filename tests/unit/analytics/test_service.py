"""The service report against a recomputation with pandas, on made-up talks, and by hand on small ones."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import event, insert

from analytics import service_people as people
from analytics import service_talks as bot
from analytics.query import SHANGHAI, Period
from shop.models import Conversation, Customer, Handoff, HandoffStep, Message

PERIOD = Period(date(2025, 3, 1), date(2025, 3, 8))
START = PERIOD.moments[0]
INTENTS = ("order_status", "ask_stock", "thank", "goodbye", "nlu_fallback", None)
PASSWORD = "long enough"


def at(**delta):
    return START + timedelta(**delta)


def say(shop, sender, moment, intent=None, mood=None, anger=None, direction="in"):
    body = shop.cipher.seal_json({"text": "x"})
    row = {
        "sender_id": sender,
        "direction": direction,
        "body_sealed": body,
        "at": moment,
        "intent": intent,
        "mood": mood,
        "anger": anger,
    }
    with shop.database.change() as session:
        session.execute(insert(Message.__table__), row)


def know(shop, sender, customer=None):
    with shop.database.change() as session:
        session.add(Conversation(sender_id=sender, channel="web", owner_id=customer))


@pytest.fixture
def made(shop, build):
    """A week and more of talks of 12 conversations, of whom two are one customer's."""
    chance = random.Random(7)
    customer = build.add(Customer(code="c"))
    body = shop.cipher.seal_json({"text": "x"})
    rows = []
    for number in range(12):
        know(shop, f"s{number}", customer.id if number < 2 else None)
        for _ in range(chance.randrange(3, 9)):
            moment = at(hours=chance.uniform(-20, 190))
            for _ in range(chance.randrange(1, 6)):
                rows.append({
                    "sender_id": f"s{number}", "direction": "in", "body_sealed": body, "at": moment,
                    "intent": chance.choice(INTENTS), "mood": chance.choice(("neg", "neu", "pos", None)),
                    "anger": chance.randrange(4),
                })  # fmt: skip
                moment += timedelta(minutes=chance.uniform(1, 70))
    with shop.database.change() as session:
        session.execute(insert(Message.__table__), rows)
        for number in range(0, 12, 3):
            session.add(
                Handoff(
                    sender_id=f"s{number}", state="closed", reason="asked", created_at=at(hours=chance.uniform(0, 160))
                )
            )
    return rows


def recomputed(shop, rows):
    """Talks by pandas: runs of messages of a sender without a pause of an hour."""
    frame = pd.DataFrame(rows).sort_values(["sender_id", "at"], kind="stable").reset_index(drop=True)
    pause = frame.groupby("sender_id")["at"].diff().ge(pd.Timedelta(hours=1)) | frame["sender_id"].ne(
        frame["sender_id"].shift()
    )
    frame["run"] = pause.cumsum()
    frame["person"] = frame["sender_id"].replace({"s0": "c", "s1": "c"})
    runs = frame.groupby("run").agg(
        sender=("sender_id", "first"),
        person=("person", "first"),
        start=("at", "min"),
        end=("at", "max"),
        last=("intent", "last"),
        size=("at", "size"),
    )
    runs["last"] = frame.groupby("run")["intent"].apply(lambda one: one.iloc[-1])
    with shop.database.read() as session:
        handoffs = [(one.sender_id, one.created_at) for one in session.query(Handoff)]

    def outcome(run):
        if any(sender == run.sender and run.start <= when < run.end + timedelta(hours=1) for sender, when in handoffs):
            return "handed"
        later = runs[
            (runs.person == run.person) & (runs.start > run.end) & (runs.start <= run.end + timedelta(hours=24))
        ]
        if len(later):
            return "taken_back"
        return "confirmed" if run["last"] in ("thank", "goodbye") else "assumed"

    runs["outcome"] = runs.apply(outcome, axis=1)
    first, last = PERIOD.moments
    return frame, runs[(runs.start >= first) & (runs.start < last)]


def test_talks_and_their_ends_are_what_pandas_makes_of_the_rows(shop, made):
    found = bot.talks(shop, PERIOD)
    _frame, runs = recomputed(shop, made)
    assert len(runs) > 20
    assert [(one.sender_id, one.started_at, len(one.moments)) for one in found] == [
        (one.sender, one.start.to_pydatetime(), one["size"]) for _, one in runs.iterrows()
    ]
    assert [one.outcome for one in found] == list(runs.outcome)
    counts = runs.outcome.value_counts()
    sums = bot.containment(found)
    assert {name: sums[name] for name in bot.OUTCOMES} == {name: int(counts.get(name, 0)) for name in bot.OUTCOMES}
    assert min(sums[name] for name in bot.OUTCOMES) > 0, "the made-up rows must show every end"
    assert sums["containment"] == pytest.approx((counts["confirmed"] + counts["assumed"]) / len(runs))


def test_intents_moods_and_hours_are_what_pandas_makes_of_the_rows(shop, made):
    found = bot.talks(shop, PERIOD)
    frame, runs = recomputed(shop, made)
    mine = frame[frame.run.isin(runs.index)].copy()
    local = mine["at"].dt.tz_convert(SHANGHAI)
    mine["day"], mine["weekday"], mine["hour"] = local.dt.date.astype(str), local.dt.dayofweek + 1, local.dt.hour
    heard = mine[mine.mood.notna()]
    by_day = heard.groupby("day").agg(
        n=("mood", "size"), neg=("mood", lambda one: (one == "neg").mean()), anger=("anger", "mean")
    )
    assert [(row["day"], row["messages"]) for row in bot.moods(found)] == [
        (day, one.n) for day, one in by_day.iterrows()
    ]
    assert [row["negative"] for row in bot.moods(found)] == pytest.approx(list(by_day.neg))
    assert [row["anger"] for row in bot.moods(found)] == pytest.approx(list(by_day.anger))
    hours = mine.groupby(["weekday", "hour"]).size()
    assert {(row["weekday"], row["hour"]): row["messages"] for row in bot.hours(found)} == hours.to_dict()
    wanted = (
        mine[mine.intent.isin(["order_status", "ask_stock", "thank", "goodbye"])]
        .groupby("intent")
        .agg(talks=("run", "nunique"), messages=("run", "size"))
    )
    assert {row["intent"]: (row["talks"], row["messages"]) for row in bot.top_intents(found)} == {
        name: (one.talks, one.messages) for name, one in wanted.iterrows()
    }


def test_a_customer_who_comes_back_within_a_day_takes_the_first_talk_back_also_elsewhere(shop, build):
    customer = build.add(Customer(code="c"))
    know(shop, "web", customer.id)
    know(shop, "phone", customer.id)
    say(shop, "web", at(hours=10), "thank")
    say(shop, "phone", at(hours=33), "order_status")
    say(shop, "phone", at(hours=58), "goodbye")
    assert [(one.sender_id, one.outcome) for one in bot.talks(shop, PERIOD)] == [
        ("phone", "assumed"), ("phone", "confirmed"), ("web", "taken_back"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "state", "ended", "outcomes"),
    [
        (timedelta(hours=1), "closed", timedelta(hours=6), ["handed", "handed"]),  # an agent had it all the while
        (timedelta(hours=1), "closed", timedelta(hours=4), ["handed", "assumed"]),  # given back before the second
        (timedelta(days=-40), "agent", None, ["handed", "handed"]),  # held since long before the period
        (timedelta(days=-40), "closed", timedelta(hours=2), ["handed", "assumed"]),
        (timedelta(days=-40), "closed", timedelta(days=-1), ["taken_back", "assumed"]),
    ],
)
def test_a_talk_that_an_agent_holds_is_no_talk_of_the_bots_however_long_ago_it_was_asked_for(
    shop, asked, state, ended, outcomes
):
    know(shop, "s")
    for hours in (1, 5):
        say(shop, "s", at(hours=hours))
    closed_at = None if ended is None else START + ended
    with shop.database.change() as session:
        session.add(Handoff(sender_id="s", state=state, reason="asked", created_at=START + asked, closed_at=closed_at))
        session.add(Handoff(sender_id="other", state="agent", reason="asked", created_at=START + asked))
    assert [one.outcome for one in bot.talks(shop, PERIOD)] == outcomes


def test_handoffs_are_found_by_the_indexes_of_messages_and_handoffs(shop):
    query = bot.handoffs_of(PERIOD).compile(shop.database.engine)
    with shop.database.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("plans are read in SQLite's words")
        values = [one if not isinstance(one, datetime) else str(one) for one in query.params.values()]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", tuple(values))]
    assert plan
    assert [step for step in plan if step.startswith("SCAN")] == []


def test_the_report_about_people_reads_no_table_whole(shop):
    if not shop.database.is_sqlite:
        pytest.skip("plans are read in SQLite's words")
    asked = []
    event.listen(shop.database.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    people.cases(shop, PERIOD)
    assert len(asked) == 2
    with shop.database.engine.connect() as connection:
        for query, values in list(asked):
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)]
            assert "ix_handoff_created_at" in " ".join(plan), plan
            assert [step for step in plan if step.startswith("SCAN")] == [], query


def test_what_the_bot_and_people_said_makes_no_talk(shop):
    know(shop, "s")
    say(shop, "s", at(hours=1), direction="out")
    assert bot.talks(shop, PERIOD) == []
    assert bot.containment([])["containment"] is None


@pytest.fixture
def staff(shop):
    return [shop.agents.add(name, name, PASSWORD) for name in ("ann", "bob")]


def handoff(shop, sender, minute, steps, **columns):
    with shop.database.change() as session:
        row = Handoff(sender_id=sender, state="closed", reason="asked", created_at=at(minutes=minute), **columns)
        session.add(row)
        session.flush()
        for kind, agent, when in steps:
            session.add(HandoffStep(handoff_id=row.id, kind=kind, agent_id=agent, at=at(minutes=when)))
        return row.id


def test_what_a_platforms_own_staff_has_is_in_no_agents_hands(shop, staff):
    ann = staff[0].id
    steps = [("asked", None, 0), ("accepted", ann, 2), ("elsewhere", None, 5), ("closed", None, 50)]
    handoff(shop, "a", 0, steps, accepted_at=at(minutes=2), closed_at=at(minutes=50), close_reason="elsewhere")
    (case,) = people.cases(shop, PERIOD)
    assert case.held == {ann: 180}


def test_handling_is_the_time_in_peoples_hands_only_and_each_agents_is_their_own(shop, staff):
    ann, bob = (one.id for one in staff)
    handoff(
        shop, "a", 0,
        [("asked", None, 0), ("accepted", ann, 2), ("reason", None, 3), ("group", ann, 10), ("accepted", bob, 30), ("closed", bob, 35)],
        accepted_at=at(minutes=2), first_reply_at=at(minutes=3), closed_at=at(minutes=35), close_reason="solved",
        agent_id=bob, rating=5, skill_group="aftersale", reasons=[{"reason": "asked"}, {"reason": "anger"}],
    )  # fmt: skip
    handoff(
        shop, "b", 5, [("asked", None, 5), ("accepted", ann, 6), ("transferred", bob, 16), ("closed", bob, 18)],
        accepted_at=at(minutes=6), first_reply_at=at(minutes=8), closed_at=at(minutes=18), close_reason="solved",
        agent_id=bob, rating=2, skill_group="order",
    )  # fmt: skip
    handoff(shop, "c", 7, [("asked", None, 7), ("closed", None, 22)], closed_at=at(minutes=22), close_reason="timeout")
    found = people.cases(shop, PERIOD)
    assert [one.handling_s for one in found] == [13 * 60, 12 * 60, None]
    sums = people.figures(found)
    assert (sums["handoffs"], sums["accepted"], sums["timeout"], sums["rated"]) == (3, 2, 1, 2)
    assert (sums["wait_s"], sums["first_s"], sums["handling_s"], sums["rating"]) == (90, 90, 750, 3.5)
    agents = {row["agent"]: row for row in people.by_agent(found, people.names(shop))}
    assert (agents["ann"]["handoffs"], agents["ann"]["handling_s"]) == (2, (8 + 10) / 2 * 60)
    assert (agents["bob"]["handoffs"], agents["bob"]["handling_s"]) == (2, (5 + 2) / 2 * 60)
    assert {row["reason"]: row["handoffs"] for row in people.by_reason(found)} == {"asked": 3, "anger": 1}
    assert {row["group"]: row["handling_s"] for row in people.by_group(found)} == {
        "aftersale": 780,
        "order": 720,
        "any": None,
    }


def test_the_services_own_steps_give_the_same_figures(shop, staff, clock):
    """What shop.handoffs writes is what the report reads."""
    ann, bob = staff
    shop.messages.record_in("talk", "rest", {"text": "hi"})
    view = shop.handoffs.request("talk", None, "asked")
    clock.on(seconds=30)
    shop.handoffs.accept(view.id, ann.name, ann.id)
    clock.on(seconds=20)
    shop.desk.speak("talk", ann, {"text": "hi"}, "m")
    clock.on(seconds=40)
    shop.handoffs.transfer(view.id, bob.id)
    clock.on(seconds=15)
    shop.handoffs.close(view.id, by=bob.id)
    shop.handoffs.rate("talk", view.id, 4)
    day = datetime.date(view.created_at.astimezone(SHANGHAI))
    (case,) = people.cases(shop, Period(day, day + timedelta(days=1)))
    assert (case.wait_s, case.first_s, case.handling_s, case.rating) == (30, 20, 75, 4)
    assert case.held == {ann.id: 60, bob.id: 15}
