"""Measured patches to Rasa 3.6.21, all in this one place, each with its reason.

    action_calls.py   what an action server is sent, how, and what it answers
    replay.py         events, trackers and slots
    hearing.py        understanding a message
    prediction.py     states and rules of RulePolicy, the graph, the domain

``apply()`` puts them in at server start (the tracker store and the channels
call it); training never loads them. Tests under tests/unit/bot/test_speed*.py
show that old and new agree. Another version of Rasa gets no patch: that is
logged, and it runs as it was delivered.
"""

from __future__ import annotations

import gc
import logging
import sys
from typing import Any

import rasa
import rasa.core.actions.action
import rasa.core.actions.forms
import rasa.core.policies.rule_policy
import rasa.core.processor
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.speed import action_calls, hearing, prediction, replay
from shop.settings import load_settings

log = logging.getLogger(__name__)
VERSION = "3.6.21"
YOUNG_OBJECTS = 20_000
SWITCH_S = 0.0005
"""So long a thread that comes back from ONNX or the database waits for Python's lock (stock: 5 ms, thrice a turn)."""

_applied = False


def apply() -> bool:
    """Put the patches in, once; False when this Rasa is not the one they were made for."""
    global _applied
    if rasa.__version__ != VERSION:
        log.warning("Rasa %s is not %s: running without bot/speed", rasa.__version__, VERSION)
        return False
    if _applied:
        return True
    _applied = True
    RemoteAction._validate_action_result = action_calls.validate_action_result
    RemoteAction._action_call_format = action_calls.action_call_format
    EndpointConfig.request = action_calls.request
    Event.resolve_by_type = staticmethod(replay.resolve_by_type)
    Slot.__copy__ = replay.copy_slot
    DialogueStateTracker.applied_events = replay.applied_events
    DialogueStateTracker.copy = replay.copy_tracker
    DialogueStateTracker.update = replay.update
    MessageProcessor.parse_message = hearing.parse_message
    RulePolicy._prediction_states = prediction.prediction_states
    RulePolicy._get_possible_keys = prediction.possible_keys
    DaskGraphRunner.run = prediction.run_graph
    Domain.is_empty = prediction.is_empty
    Agent._create_tracker_store = staticmethod(plain_tracker_store)
    # An action that hangs must be given up far within the 60 s that a conversation's lock lives (stock: 300 s).
    rasa.core.actions.action.DEFAULT_REQUEST_TIMEOUT = load_settings().action_timeout_s
    for module in (rasa.core.processor, rasa.core.policies.rule_policy, rasa.core.actions.forms):
        module.copy = _NoCopies  # these modules copy deeply for debug lines only: 2 ms a turn for nothing
    return True


def settle() -> None:
    """Call once when everything is loaded: the collector need not look at it again, and threads change quickly.

    Stock: a full collection walks all that Rasa and its model hold, half a second in
    which nobody is answered; and one of the young starts at each 700 new objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)
    sys.setswitchinterval(SWITCH_S)


# The tracker store. Stock: wrapped so that a database that is down is replaced by an empty memory, silently; the bot
# would then forget a customer in the middle of a form and go on. Ours says that it is down, and so does the gate.

_stock_tracker_store = Agent._create_tracker_store


def plain_tracker_store(store: TrackerStore | None, domain: Domain) -> TrackerStore:
    """As in Agent, without the wrapper around a store of ours."""
    if store is None or type(store).__module__.partition(".")[0] != "bot":
        stock: TrackerStore = _stock_tracker_store(store, domain)
        return stock
    store.domain = domain
    return store


class _NoCopies:
    """Stands for the module ``copy`` where its copies only feed debug lines."""

    @staticmethod
    def deepcopy(value: Any, _memo: Any = None) -> Any:
        return value
