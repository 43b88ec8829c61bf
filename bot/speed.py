"""Measured patches to Rasa 3.6.21, all in one place, each with its reason.

``apply()`` puts them in at server start (the tracker store and the channels
call it); training never loads them. Tests under tests/unit/bot/test_speed.py
show that old and new agree. Another version of Rasa is refused a patch: it is
logged and runs as it was delivered.

Where a turn's time went before (one user, one action, 2 shared cores):
``jsonschema`` re-checking its own schema 30 ms, states of the whole history for
each prediction 3 ms and more the longer the talk, copies for log lines that are
not written 2 ms, a new connection for each action call 1 ms.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import rasa
import rasa.core.actions.action
import rasa.core.actions.forms
import rasa.core.agent
import rasa.core.policies.rule_policy
import rasa.core.processor
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.core.tracker_store import TrackerStore
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.utils.common import all_subclasses
from rasa.shared.utils.schemas.events import EVENT_SCHEMA
from rasa.utils.endpoints import ClientResponseError, EndpointConfig, concat_url

from shop.settings import load_settings

log = logging.getLogger(__name__)
VERSION = "3.6.21"
TURNS_FOR_ACTIONS = 3
"""Turns of the talk that an action is sent; it reads the last one, forms the one before."""

State = dict[str, Any]
_applied = False


def apply() -> bool:
    """Put the patches in, once; False when this Rasa is not the one they were made for."""
    global _applied
    if rasa.__version__ != VERSION:
        log.warning("Rasa %s is not %s: running without bot/speed.py", rasa.__version__, VERSION)
        return False
    if _applied:
        return True
    _applied = True
    RemoteAction._validate_action_result = validate_action_result
    RemoteAction._action_call_format = action_call_format
    EndpointConfig.request = request
    Event.resolve_by_type = staticmethod(resolve_by_type)
    RulePolicy._prediction_states = prediction_states
    DialogueStateTracker.applied_events = applied_events
    DialogueStateTracker.copy = copy_tracker
    DaskGraphRunner.run = run_graph
    Domain.is_empty = is_empty
    Agent._create_tracker_store = staticmethod(plain_tracker_store)
    # An action that hangs must be given up far within the 60 s that a conversation's lock lives (stock: 300 s).
    rasa.core.actions.action.DEFAULT_REQUEST_TIMEOUT = load_settings().action_timeout_s
    for module in (rasa.core.processor, rasa.core.policies.rule_policy, rasa.core.actions.forms):
        module.copy = _NoCopies  # these modules copy deeply for debug lines only
    return True


# What an action server answers. Stock: `jsonschema.validate` checks the schema against its meta-schema at each
# call (30 ms) and tries all 23 kinds of event for each event. Here: compiled once; the event's own kind only.


@lru_cache(maxsize=1)
def _whole_result() -> Any:
    schema = RemoteAction.action_response_format_spec()
    return validator_for(schema)(schema)


@lru_cache(maxsize=1)
def _kinds_of_event() -> tuple[Any, dict[str, Any]]:
    common = {key: value for key, value in EVENT_SCHEMA.items() if key != "oneOf"}
    make = validator_for(EVENT_SCHEMA)
    kinds = {kind["properties"]["event"]["const"]: make(kind) for kind in EVENT_SCHEMA["oneOf"]}
    return make(common), kinds


def validate_action_result(_self: Any, result: Any) -> bool:
    """As in RemoteAction: True, or a ValidationError; the error's text holds no values, they may be personal."""
    if _is_valid_result(result):
        return True
    error = next(iter(_whole_result().iter_errors(result)))
    error.message = "The action server's response is not valid at /" + "/".join(str(one) for one in error.absolute_path)
    error.instance, error.context = "…", []
    raise error


def _is_valid_result(result: Any) -> bool:
    if not isinstance(result, dict):
        return False
    responses, events = result.get("responses", []), result.get("events", [])
    if not isinstance(responses, list) or not all(isinstance(one, dict) for one in responses):
        return False
    if not isinstance(events, list):
        return False
    common, kinds = _kinds_of_event()
    for event in events:
        if not common.is_valid(event):
            return False
        kind = kinds.get(event["event"])
        if kind is None or not kind.is_valid(event):
            return False
    return True


# What an action is sent. Stock: every event of the tracker, at each call.


def action_call_format(self: Any, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    """As in RemoteAction, with the events of the last turns only; slots and the active form are whole anyway."""
    state = tracker.current_state(EventVerbosity.NONE)
    state["events"] = [event.as_dict() for event in recent_events(tracker, TURNS_FOR_ACTIONS)]
    call = {"next_action": self._name, "sender_id": tracker.sender_id, "tracker": state, "version": rasa.__version__}
    if not self._is_selective_domain_enabled() or domain.does_custom_action_explicitly_need_domain(self.name()):
        call["domain"] = domain.as_dict()
    return call


def recent_events(tracker: DialogueStateTracker, turns: int) -> list[Event]:
    """The events from the ``turns``-last message of the customer on."""
    seen = 0
    for back, event in enumerate(reversed(tracker.events), 1):
        seen += event.type_name == UserUttered.type_name
        if seen == turns:
            return list(islice(tracker.events, len(tracker.events) - back, None))
    return list(tracker.events)


# Calls of the action server. Stock: a new session, so a new connection, for each call.

_sessions: WeakKeyDictionary[Any, aiohttp.ClientSession] = WeakKeyDictionary()
_stock_request = EndpointConfig.request


async def request(
    self: EndpointConfig,
    method: str = "post",
    subpath: str | None = None,
    content_type: str | None = "application/json",
    compress: bool = False,
    **kwargs: Any,
) -> Any:
    """As in EndpointConfig, over connections that stay open.

    A server may close an idle connection at the very moment of a call; such a
    call is made once more. That is safe: changes carry an idempotency key.
    """
    if self.cafile or self.basic_auth:
        return await _stock_request(self, method, subpath, content_type, compress, **kwargs)
    headers = {**({"Content-Type": content_type} if content_type else {}), **kwargs.pop("headers", {}), **self.headers}
    url, params = concat_url(self.url, subpath), self.combine_parameters(kwargs)
    for again in (True, False):
        try:
            async with _session().request(
                method, url, headers=headers, params=params, compress=compress, **kwargs
            ) as response:
                if response.status >= 400:
                    raise ClientResponseError(response.status, response.reason, await response.content.read())
                try:
                    return await response.json()
                except aiohttp.ContentTypeError:
                    return None
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            if not again:
                raise
    return None


def _session() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.closed:
        # The action server (Sanic) closes connections that were idle for 5 s: be the first to do so.
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=3))
        _sessions[loop] = session
    return session


# Classes of events by name. Stock: walks all subclasses of Event for each stored event.

_stock_resolve = Event.resolve_by_type
_classes: dict[str, type[Event]] = {}


def resolve_by_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    """As in Event; a name that the table lacks is looked up the stock way."""
    if not _classes:
        for one in all_subclasses(Event):
            _classes.setdefault(one.type_name, one)
    found = _classes.get(type_name)
    return found if found is not None else _stock_resolve(type_name, default)


# States for RulePolicy. Stock: a state for every action of the talk, twice a prediction (words and intent).
# A rule looks no further back than its own length, so the last states are enough, and one computation.

_stock_states = RulePolicy._prediction_states


def prediction_states(
    self: Any,
    tracker: DialogueStateTracker,
    domain: Domain,
    use_text_for_last_user_input: bool = False,
    rule_only_data: dict[str, Any] | None = None,
) -> list[State]:
    """As in Policy, but only as many of the latest states as the longest rule can see."""
    featurizer = self.featurizer
    if getattr(featurizer, "max_history", None) is not None or self.supported_data().name == "ML_DATA":
        states: list[State] = _stock_states(self, tracker, domain, use_text_for_last_user_input, rule_only_data)
        return states
    length = _longest_rule(self) + 1
    key = (len(tracker.events), length, id(domain))
    kept = tracker.__dict__.get("_xiaoer_states")
    if kept is None or kept[0] != key:
        kept = (key, latest_states(tracker, domain, length))
        tracker.__dict__["_xiaoer_states"] = kept
    states = [{part: dict(values) for part, values in state.items()} for state in kept[1]]
    featurizer._choose_last_user_input([states], use_text_for_last_user_input)
    return states


def latest_states(tracker: DialogueStateTracker, domain: Domain, length: int) -> list[State]:
    """The last ``length`` of the states that ``tracker.past_states(domain)`` gives."""
    events = tracker.applied_events()
    skipped = 1 + sum(event.type_name == ActionExecuted.type_name for event in events) - length
    replay = tracker.init_copy()
    states = []
    for event in events:
        if event.type_name == ActionExecuted.type_name:
            if skipped <= 0:
                states.append(domain._clean_state(domain.get_active_state(replay)))
            skipped -= 1
        replay.events.append(event)
        event.apply_to(replay)
    states.append(domain._clean_state(domain.get_active_state(replay)))
    return states


def _longest_rule(policy: Any) -> int:
    known = policy.__dict__.get("_xiaoer_longest_rule")
    if known is None:
        keys = [*policy.lookup.get(RULES, {}), *policy.lookup.get(RULES_FOR_LOOP_UNHAPPY_PATH, {})]
        known = max((len(policy._rule_key_to_state(key)) for key in keys), default=0)
        policy.__dict__["_xiaoer_longest_rule"] = known
    return int(known)


# Replaying a talk. Stock: asks `isinstance` of each event four times and more, slowly because Event is abstract.
# Names of event types are plain strings.

_stock_applied_events = DialogueStateTracker.applied_events
_NOT_SIMPLY_APPLIED = {"restart", "session_started", "undo", "rewind"}


def applied_events(self: DialogueStateTracker) -> list[Event]:
    """As in DialogueStateTracker; talks with reverted events take the stock way."""
    events = list(self.events)
    begin = 0
    loops = set()
    for place, event in enumerate(events):
        kind = event.type_name
        if kind in _NOT_SIMPLY_APPLIED:
            if kind in ("undo", "rewind"):
                stock: list[Event] = _stock_applied_events(self)
                return stock
            begin = place + 1
        elif kind in ("active_loop", "form") and event.name:
            loops.add(event.name)
    if not loops:
        return events[begin:]
    applied: list[Event] = []
    for event in events[begin:]:
        if (
            event.type_name == "action"
            and event.action_name in loops
            and not self._first_loop_execution_or_unhappy_path(event.action_name, applied)
        ):
            self._undo_till_previous_loop_execution(event.action_name, applied)
        else:
            applied.append(event)
    return applied


def copy_tracker(self: DialogueStateTracker) -> DialogueStateTracker:
    """As in DialogueStateTracker: an empty tracker that every event is applied to."""
    twin = self.init_copy()
    for event in self.events:
        twin.events.append(event)
        event.apply_to(twin)
    return twin


# Running a graph. Stock: has dask plan the same few nodes anew at each run.

_stock_run = DaskGraphRunner.run


def run_graph(self: Any, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
    """As in DaskGraphRunner, by a plan that is made once for each set of targets."""
    plans = self.__dict__.setdefault("_xiaoer_plans", {})
    wanted = tuple(targets or self._graph_schema.target_names)
    plan = plans.get(wanted)
    if plan is None:
        plan = plans[wanted] = _plan(self, wanted)
    inputs = inputs or {}
    if any(isinstance(value, str) and value in self._graph_schema.nodes for value in inputs.values()):
        stock: dict[str, Any] = _stock_run(self, inputs, targets)  # it refuses them
        return stock
    outputs: dict[str, Any] = {name: (name, value) for name, value in inputs.items()}
    try:
        for name, node, needs in plan:
            outputs[name] = node(*[outputs.get(need, need) for need in needs])
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
    return dict(outputs[name] for name in wanted)


def _plan(runner: Any, targets: tuple[str, ...]) -> list[tuple[str, Any, list[str]]]:
    """Nodes in an order in which each comes after what it needs."""
    nodes = runner._graph_schema.minimal_graph_schema(list(targets)).nodes
    plan: list[tuple[str, Any, list[str]]] = []
    done: set[str] = set()

    def visit(name: str) -> None:
        if name in done or name not in nodes:
            return
        done.add(name)
        needs = list(nodes[name].needs.values())
        for need in needs:
            visit(need)
        plan.append((name, runner._instantiated_nodes[name], needs))

    for name in nodes:
        visit(name)
    return plan


# Whether a domain is empty, asked at each message. Stock: builds an empty domain and compares both as dictionaries.

_stock_is_empty = Domain.is_empty


def is_empty(self: Domain) -> bool:
    """As in Domain; a domain does not change once it serves."""
    known = self.__dict__.get("_xiaoer_is_empty")
    if known is None:
        known = self.__dict__["_xiaoer_is_empty"] = _stock_is_empty(self)
    return bool(known)


# The tracker store. Stock: wrapped so that a database that is down is replaced by an empty memory, silently; the bot
# would then forget a customer in the middle of a form and go on. Ours says that it is down, and so does the gate.


def plain_tracker_store(store: TrackerStore | None, domain: Domain) -> TrackerStore:
    """As in Agent, without the wrapper around a store of ours."""
    if store is None or type(store).__module__.partition(".")[0] != "bot":
        stock: TrackerStore = _stock_tracker_store(store, domain)
        return stock
    store.domain = domain
    return store


_stock_tracker_store = Agent._create_tracker_store


class _NoCopies:
    """Stands for the module ``copy`` where its copies only feed debug lines."""

    @staticmethod
    def deepcopy(value: Any, _memo: Any = None) -> Any:
        return value
