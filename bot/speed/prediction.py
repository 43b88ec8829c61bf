"""Predicting the next action: states for RulePolicy, its rules, the graph, the domain."""

from __future__ import annotations

from collections import deque
from operator import is_
from typing import Any

from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

State = dict[str, Any]

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
    states = [
        {part: dict(values) for part, values in state.items()}
        for state in latest_states(tracker, domain, _longest_rule(self) + 1)
    ]
    featurizer._choose_last_user_input([states], use_text_for_last_user_input)
    return states


def latest_states(tracker: DialogueStateTracker, domain: Domain, length: int) -> list[State]:
    """The last ``length`` of the states that ``tracker.past_states(domain)`` gives.

    A turn is predicted several times while its tracker grows: what was replayed
    for one prediction is kept beside the tracker for the next.
    """
    events = tracker.applied_events()
    replay = tracker.__dict__.get("_xiaoer_replay")
    if replay is None or not replay.continues(events, domain, length):
        replay = tracker.__dict__["_xiaoer_replay"] = _Replay(tracker, domain, length)
    states: list[State] = replay.states(events)
    return states


class _Replay:
    """An empty twin of a tracker to which its events are applied, and the states before its latest actions."""

    def __init__(self, tracker: DialogueStateTracker, domain: Domain, length: int) -> None:
        self._twin = tracker.init_copy()
        self._domain, self._length = domain, length
        self._done: list[Event] = []
        self._states: deque[State] = deque(maxlen=length - 1)

    def continues(self, events: list[Event], domain: Domain, length: int) -> bool:
        """Whether these are the events that were replayed, with or without more after them."""
        done = self._done
        return (
            (domain is self._domain and length == self._length)
            and len(done) <= len(events)
            and all(map(is_, done, events))
        )

    def states(self, events: list[Event]) -> list[State]:
        new = events[len(self._done) :]
        skipped = 1 + sum(event.type_name == ActionExecuted.type_name for event in new) - self._length
        for event in new:
            if event.type_name == ActionExecuted.type_name:
                if skipped <= 0:
                    self._states.append(self._state())
                skipped -= 1
            self._twin.events.append(event)
            event.apply_to(self._twin)
        self._done = events
        return [*self._states, self._state()]

    def _state(self) -> State:
        state: State = self._domain._clean_state(self._domain.get_active_state(self._twin))
        return state


def _longest_rule(policy: Any) -> int:
    known = policy.__dict__.get("_xiaoer_longest_rule")
    if known is None:
        keys = [*policy.lookup.get(RULES, {}), *policy.lookup.get(RULES_FOR_LOOP_UNHAPPY_PATH, {})]
        known = max((len(policy._rule_key_to_state(key)) for key in keys), default=0)
        policy.__dict__["_xiaoer_longest_rule"] = known
    return int(known)


# Rules that fit. Stock: compares every rule of the bot with the latest state. Here: only those that ask for the action
# and the intent that the latest state has, or for none.

_stock_possible_keys = RulePolicy._get_possible_keys
_Index = dict[tuple[Any, Any], list[str]]


def possible_keys(self: Any, lookup: dict[str, str], states: list[State]) -> set[str]:
    """As in RulePolicy."""
    if not states:
        return set(lookup)
    indexes = self.__dict__.setdefault("_xiaoer_rule_indexes", {})
    kept = indexes.get(id(lookup))
    if kept is None or kept[0] != len(lookup):
        kept = indexes[id(lookup)] = (len(lookup), _index(self, lookup))
    index: _Index = kept[1]
    action, intent = _action_and_intent(states[-1])
    wanted = {(action, intent), (action, None), (None, None)}
    near = {key: lookup[key] for place in wanted for key in index.get(place, ())}
    found: set[str] = _stock_possible_keys(self, near, states)
    return found


def _index(policy: Any, lookup: dict[str, str]) -> _Index:
    index: _Index = {}
    for key in lookup:
        rule = policy._rule_key_to_state(key)
        index.setdefault(_action_and_intent(rule[-1] if rule else {}), []).append(key)
    return index


def _action_and_intent(state: State) -> tuple[str | None, str | None]:
    """What a state says of the last action and the intent; None where it says nothing that must be equal."""
    action, intent = state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME), state.get(USER, {}).get(INTENT)
    if not isinstance(action, str) or action == SHOULD_NOT_BE_SET:
        return None, None  # a talk's beginning: Rasa asks nothing more of it
    return action, intent if isinstance(intent, str) and intent != SHOULD_NOT_BE_SET else None


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
