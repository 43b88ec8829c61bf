"""Trackers on the shop's database: whole when asked for, bounded for policies, erasable."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rasa.core.tracker_store import check_if_tracker_store_async
from rasa.shared.core.events import ActionExecuted, BotUttered, ConversationPaused, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import event as sql_event
from sqlalchemy import select

from bot.tracker_store import ShopTrackerStore, state_of
from shop.database import Database
from shop.errors import DatabaseDown
from shop.front import Shop
from shop.models import TrackerChunk
from tests.unit.bot.talks import FORM, Talk, session_start, tiny_domain, user

DOMAIN = tiny_domain()


def store_over(shop, bound=40) -> ShopTrackerStore:
    bounded = Shop(replace(shop.settings, history_events=bound), shop.database, shop.cipher, shop.clock)
    return ShopTrackerStore(DOMAIN, shop=bounded)


@pytest.fixture
def store(shop):
    return store_over(shop)


async def play(store, events, sender="talk"):
    """Add events to the stored tracker as the processor does, and save."""
    tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
    for event in events:
        tracker.update(event, DOMAIN)
    await store.save(tracker)
    return tracker


def answer_to(shop, text):
    """The events of a turn that answers a message which the gate kept."""
    asked, _ = shop.messages.record_in("talk", "web", {"text": text})
    said = user("greet", text)
    said.message_id = str(asked)
    return [*session_start(), said, ActionExecuted("action_listen")]


def shown(tracker):
    """What policies and actions can see of a tracker, its far past aside."""
    state = tracker.current_state()
    loop = state["active_loop"]
    if loop:
        loop = {key: loop[key] for key in ("name", "is_interrupted", "rejected", "trigger_message")}
    keys = ("slots", "latest_message", "paused", "latest_input_channel", "latest_action", "latest_action_name")
    return {**{key: state[key] for key in keys}, "loop": loop}


def test_every_method_that_rasa_awaits_is_a_coroutine(store):
    assert check_if_tracker_store_async(store)


async def test_a_new_conversation_has_no_tracker_and_gets_an_empty_one(store):
    assert await store.retrieve("talk") is None
    assert not await store.exists("talk")
    assert not (await store.get_or_create_tracker("talk", append_action_listen=False)).events


async def test_what_was_saved_comes_back_in_another_process(shop, store):
    talk = Talk(1)
    for _ in range(3):
        talk.turn()
    await play(store, talk.events)
    again = await store_over(shop, 400).retrieve("talk")
    assert [one.as_dict() for one in again.events] == [one.as_dict() for one in talk.events]
    assert await store.exists("talk")
    assert list(await store.keys()) == ["talk"]


async def test_a_turn_adds_one_row_and_rewrites_nothing(shop, store):
    talk = Talk(2)
    await play(store, talk.events)
    statements = []
    sql_event.listen(shop.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2].split()[0]))
    for _ in range(4):
        await play(store, talk.turn())
    assert statements.count("INSERT") == 4
    assert not {"UPDATE", "DELETE"} & set(statements)
    assert statements.count("SELECT") == 4 * (2 if shop.database.is_sqlite else 3)
    """The head, whether it is still there, PostgreSQL's lock; the tracker itself is still in memory."""


@pytest.mark.parametrize("seed", range(6))
async def test_a_bounded_tracker_shows_what_the_whole_one_shows(shop, seed):
    store, talk = store_over(shop), Talk(seed)
    await play(store, talk.events)
    for place in range(30):
        await play(store, talk.turn())
        if place % 3 == seed % 3:
            store = store_over(shop)  # a fresh process reads from the database
            bounded = await store.retrieve("talk")
            whole = DialogueStateTracker.from_events("talk", talk.events, DOMAIN.slots)
            assert shown(bounded) == shown(whole)
            assert shown(bounded.copy()) == shown(whole)
            assert len(bounded.events) < 40 + 25
    assert len((await store.retrieve_full_tracker("talk")).events) == len(talk.events)


async def test_a_kept_tracker_is_cut_before_it_grows_long(store):
    talk = Talk(3)
    for _ in range(60):
        await play(store, talk.turn())
        assert len((await store.retrieve("talk")).events) < 40 * 1.5 + 25


async def test_a_turn_that_fails_leaves_nothing_behind(store):
    await play(store, [*session_start(), user("greet"), ActionExecuted("action_listen")])
    half = await store.retrieve("talk")
    half.update(user("goods"))
    half.update(SlotSet("memory", "half"))
    after = await store.retrieve("talk")
    assert after.latest_message.text == "greet"
    assert after.get_slot("memory") is None


async def test_another_process_that_went_on_is_seen(shop, store):
    await play(store, [*session_start(), user("greet"), ActionExecuted("action_listen")])
    await play(store_over(shop), [user("goods"), SlotSet("memory", "elsewhere"), ActionExecuted("action_listen")])
    assert (await store.retrieve("talk")).get_slot("memory") == "elsewhere"


async def test_a_new_session_forgets_the_old_events_and_keeps_carried_slots(shop, store):
    talk = Talk(4)
    for _ in range(5):
        talk.turn()
    await play(store, [*talk.events, SlotSet("memory", "kept")])
    again = [SlotSet("memory", "kept"), ActionExecuted("action_session_start"), SessionStarted(),
             SlotSet("memory", "kept"), ActionExecuted("action_listen"), user("greet")]  # fmt: skip
    await play(store, again)
    for one in (store, store_over(shop)):
        tracker = await one.retrieve("talk")
        assert [event.type_name for event in tracker.events] == ["action", "session_started", "slot", "action", "user"]
        assert tracker.get_slot("memory") == "kept"
    whole = await store.retrieve_full_tracker("talk")
    assert len(whole.events) == len(talk.events) + 1 + len(again)


async def test_a_paused_talk_stays_paused(shop, store):
    await play(store, [*session_start(), ConversationPaused()])
    talk = Talk(5)
    for _ in range(30):
        await play(store, talk.turn())
    assert (await store_over(shop).retrieve("talk")).is_paused()


async def test_the_message_that_began_a_form_is_remembered_for_it(shop):
    store = store_over(shop, 10)
    talk = Talk(0)
    await play(store, talk.events)
    await play(store, [*talk._start(), ActionExecuted("action_listen")])
    for _ in range(12):
        await play(store, [*talk._fill(), ActionExecuted("action_listen")])
    loop = (await store_over(shop, 10).retrieve("talk")).active_loop
    assert (loop.name, loop.trigger_message["intent"]["name"]) == (FORM, "start_form")


async def test_events_that_rasas_http_interface_adds_are_kept_once(shop, store):
    talk = Talk(6)
    talk.turn()
    await play(store, talk.events)
    stranger = DialogueStateTracker.from_events("talk", [*talk.events, BotUttered("from an agent")], DOMAIN.slots)
    await store.save(stranger)
    await store.save(stranger)
    whole = await store_over(shop).retrieve_full_tracker("talk")
    assert [one.type_name for one in whole.events] == [*(one.type_name for one in talk.events), "bot"]


async def test_events_are_sealed_in_the_database(shop, store):
    await play(store, [*session_start(), user("greet", "我的电话 13812345678")])
    with shop.database.read() as session:
        assert "13812345678" not in session.execute(select(TrackerChunk.body_sealed)).scalar()


async def test_erasing_leaves_nothing_of_one_conversation(store):
    await play(store, Talk(7).events)
    await play(store, Talk(8).events, "another")
    assert await store.delete("talk") == 1
    assert await store.retrieve("talk") is None
    assert await store.retrieve_full_tracker("talk") is None
    assert list(await store.keys()) == ["another"]


@pytest.mark.parametrize("turns_before", [0, 1])
async def test_a_turn_whose_talk_is_erased_while_it_runs_leaves_nothing(shop, store, turns_before):
    for _ in range(turns_before):
        await play(store, answer_to(shop, "你好"))
    tracker = await store.get_or_create_tracker("talk", append_action_listen=False)
    for event in answer_to(shop, "我的电话 13812345678"):
        tracker.update(event, DOMAIN)
    shop.erasure.talk("talk")
    await store.save(tracker)
    assert await store.retrieve_full_tracker("talk") is None
    tracker.update(SlotSet("memory", "later"), DOMAIN)  # what the same turn still does
    await store.save(tracker)
    assert await store.retrieve_full_tracker("talk") is None
    await play(store, answer_to(shop, "在吗"))  # a new talk
    assert (await store.retrieve("talk")).latest_message.text == "在吗"
    assert len((await store.retrieve_full_tracker("talk")).events) == 5


async def test_what_an_erased_turn_adds_without_a_message_leaves_nothing(shop, store):
    await play(store, answer_to(shop, "你好"))
    tracker = await store.retrieve("talk")
    tracker.update(SlotSet("memory", "13812345678"), DOMAIN)
    shop.erasure.talk("talk")
    await store.save(tracker)
    assert await store.retrieve_full_tracker("talk") is None


async def test_a_dead_database_is_our_error(shop):
    dead = Shop(shop.settings, Database("postgresql+psycopg2://nobody@127.0.0.1:9/none"), shop.cipher)
    store = ShopTrackerStore(DOMAIN, shop=dead)
    with pytest.raises(DatabaseDown):
        await store.retrieve("talk")
    with pytest.raises(DatabaseDown):
        await store.save(DialogueStateTracker.from_events("talk", Talk(9).events, DOMAIN.slots))


def test_the_state_holds_only_what_differs_from_the_beginning():
    tracker = DialogueStateTracker.from_events("talk", [*session_start(), SlotSet("amount", "2")], DOMAIN.slots)
    assert state_of(tracker) == {"slots": {"amount": "2"}, "loop": None, "paused": False}
