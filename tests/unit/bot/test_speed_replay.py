"""Patched replaying gives what Rasa's own gives: applied events, copies, states, slots."""

from __future__ import annotations

import copy
import random

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    BotUttered,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.loading import load_data_from_resource  # noqa: F401 - fails early on another Rasa

from bot.speed import prediction, replay
from tests.unit.bot.talks import Talk, talk_of, tiny_domain, user

DOMAIN = tiny_domain()


# Replaying


@pytest.mark.parametrize("seed", range(10))
def test_the_applied_events_are_those_of_rasa(seed):
    pick = random.Random(seed)
    tracker = talk_of(seed)
    for turn in range(12):
        extra = pick.choice([
            [user("greet"), ActionExecuted("utter_greet"), BotUttered("x")],
            [ActionReverted()], [UserUtteranceReverted()], [Restarted()],
            [ActionExecuted("action_session_start"), SessionStarted()], [SlotSet("memory", turn)],
        ])  # fmt: skip
        for event in extra:
            tracker.update(event)
        assert replay.applied_events(tracker) == replay._stock_applied_events(tracker)


@pytest.mark.parametrize("seed", range(6))
def test_a_copy_of_a_tracker_is_that_of_rasa(seed):
    tracker = talk_of(seed)
    ours, stock = replay.copy_tracker(tracker), tracker.travel_back_in_time(float("inf"))
    assert ours.current_state() == stock.current_state()
    assert list(ours.events) == list(stock.events)
    ours.update(SlotSet("memory", "changed"))
    assert tracker.get_slot("memory") != "changed"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("length", [1, 3, 7, 1000])
def test_the_latest_states_are_the_last_of_all_states(seed, length):
    tracker = talk_of(seed)
    whole = tracker.past_states(DOMAIN)
    assert prediction.latest_states(tracker, DOMAIN, length) == whole[-length:]


@pytest.mark.parametrize("seed", range(6))
def test_states_of_a_growing_talk_are_those_of_the_talk_as_it_is_then(seed):
    pick = random.Random(seed)
    tracker = talk_of(seed)
    for turn in range(30):
        extra = pick.choice([
            [user("greet")], [ActionExecuted("utter_greet"), BotUttered("x")], [SlotSet("memory", turn)],
            [ActionReverted()], [UserUtteranceReverted()], [Restarted()], [SessionStarted()],
        ])  # fmt: skip
        for event in extra:
            tracker.update(event)
        for length in (2, 5):
            assert prediction.latest_states(tracker, DOMAIN, length) == tracker.past_states(DOMAIN)[-length:]


@pytest.mark.parametrize("model_id", [None, "m1"])
def test_an_event_changes_a_tracker_as_in_rasa(model_id):
    trackers = [DialogueStateTracker("talk", DOMAIN.slots) for _ in range(2)]
    for tracker, change in zip(trackers, (replay.update, replay._stock_update), strict=True):
        tracker.model_id = tracker.assistant_id = model_id
        for event in [*copy.deepcopy(Talk(1).events), SlotSet("memory", 1, metadata={"a": 1})]:
            event.timestamp = 1.0
            change(tracker, event, DOMAIN)
        with pytest.raises(ValueError):
            change(tracker, "no event", DOMAIN)
    ours, stock = trackers
    assert [one.as_dict() for one in ours.events] == [one.as_dict() for one in stock.events]
    assert ours.current_state() == stock.current_state()


def test_a_copy_of_a_slot_is_a_slot_of_its_own():
    for slot in DOMAIN.slots:
        slot = copy.deepcopy(slot)
        slot.value = "before"
        twin = replay.copy_slot(slot)
        assert (type(twin), twin.__dict__) == (type(slot), slot.__dict__)
        twin.value = "after"
        assert slot.value == "before"
