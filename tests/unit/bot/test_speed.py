"""Each patch to Rasa gives what Rasa gave, only sooner."""

from __future__ import annotations

import asyncio
import copy
import json
import random

import jsonschema
import pytest
import rasa
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    Event,
    SlotSet,
)
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.loading import load_data_from_resource  # noqa: F401 - fails early on another Rasa
from rasa.shared.utils.common import all_subclasses
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from sanic import Sanic, response

from bot import speed
from bot.speed import action_calls, prediction, replay
from tests.servers import free_port
from tests.unit.bot.talks import TINY, Talk, session_start, talk_of, tiny_domain, user

DOMAIN = tiny_domain()


# What an action server answers

RESULTS = [
    {"events": [], "responses": []},
    {},
    {"events": [{"event": "slot", "name": "a", "value": {"b": [1]}, "timestamp": None}], "responses": [{"text": "x"}]},
    {"events": [{"event": "followup", "name": "action_listen"}, {"event": "active_loop", "name": None}]},
    {"events": [{"event": "user", "text": "x", "parse_data": {"intent": {"name": "a"}, "entities": []}}]},
    {"events": [{"event": "no such event"}]},
    {"events": [{"event": 5}]},
    {"events": [{"name": "no kind"}]},
    {"events": ["text"]},
    {"events": {"event": "slot"}},
    {"events": [{"event": "slot", "name": "a", "value": 1, "timestamp": "yesterday"}]},
    {"events": [{"event": "slot", "name": 5, "value": 1}]},
    {"events": [{"event": "user", "text": 5}]},
    {"responses": ["text"]},
    {"responses": {"text": "x"}},
    [],
    None,
]


def stock_is_valid(result) -> bool:
    try:
        jsonschema.validate(result, RemoteAction.action_response_format_spec())
    except jsonschema.ValidationError:
        return False
    return True


def ours_is_valid(result) -> bool:
    try:
        return action_calls.validate_action_result(None, result)
    except jsonschema.ValidationError:
        return False


@pytest.mark.parametrize("result", RESULTS, ids=str)
def test_results_of_actions_are_judged_as_by_rasa(result):
    assert ours_is_valid(result) == stock_is_valid(result)


KINDS = [
    "slot",
    "user",
    "action",
    "bot",
    "followup",
    "active_loop",
    "reset_slots",
    "session_started",
    "entities",
    "nonsense",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda one: (
        st.lists(one, max_size=2) | st.dictionaries(st.sampled_from(["name", "intent", "entities", "entity"]), one)
    ),
    max_leaves=4,
)
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from(KINDS)},
    optional=dict.fromkeys(
        ("name", "value", "text", "timestamp", "metadata", "parse_data", "entities", "policy"), ANYTHING
    ),
)


@given(st.fixed_dictionaries({}, optional={"events": st.lists(EVENTS, max_size=2) | ANYTHING, "responses": ANYTHING}))
def test_any_result_of_an_action_is_judged_as_by_rasa(result):
    assert ours_is_valid(result) == stock_is_valid(result)


def test_an_error_about_a_result_tells_nothing_personal():
    with pytest.raises(jsonschema.ValidationError) as error:
        action_calls.validate_action_result(None, {"events": [{"event": "user", "text": 13812345678}]})
    assert "138" not in str(error.value)


# Events by name


def test_every_kind_of_event_has_the_class_that_rasa_finds():
    for kind in {one.type_name for one in all_subclasses(Event)}:
        assert replay.resolve_by_type(kind) is replay._stock_resolve(kind)
    assert replay.resolve_by_type("topic") is None
    assert replay.resolve_by_type("nonsense", SlotSet) is SlotSet
    with pytest.raises(ValueError):
        replay.resolve_by_type("nonsense")


# RulePolicy


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """RulePolicy trained on the tiny bot's rules."""
    import rasa.core.training
    from rasa.shared.importers.importer import TrainingDataImporter

    importer = TrainingDataImporter.load_from_dict(
        config_path=str(TINY / "config.yml"),
        domain_path=str(TINY / "domain.yml"),
        training_data_paths=[str(TINY / "rules.yml")],
    )
    trackers = rasa.core.training.load_data(importer, DOMAIN)
    assert all(isinstance(one, TrackerWithCachedStates) for one in trackers)
    storage = LocalModelStorage.create(tmp_path_factory.mktemp("rules"))
    policy = RulePolicy.create(
        {**RulePolicy.get_default_config(), "enable_fallback_prediction": False},
        storage, Resource("rules"), ExecutionContext(GraphSchema({})),
    )  # fmt: skip
    policy.train(trackers, DOMAIN)
    return policy


@pytest.mark.parametrize("seed", range(8))
def test_predictions_from_the_latest_states_are_those_from_the_whole_talk(rules, seed):
    talk = Talk(seed)
    for _ in range(15):
        turn = talk.turn()
        for end in range(len(talk.events) - len(turn) + 1, len(talk.events) + 1):
            tracker = DialogueStateTracker.from_events("talk", talk.events[:end], DOMAIN.slots)
            stock = predict(rules, tracker, prediction._stock_states, prediction._stock_possible_keys)
            assert predict(rules, tracker, prediction.prediction_states, prediction.possible_keys) == stock
    first = DialogueStateTracker.from_events("talk", [*session_start(), user("greet")], DOMAIN.slots)
    assert predict(rules, first, prediction.prediction_states, prediction.possible_keys)[0] == "utter_greet"


@pytest.mark.parametrize("seed", range(4))
def test_the_rules_that_fit_are_those_of_rasa(rules, seed):
    states = talk_of(seed).past_states(DOMAIN)
    for lookup in (rules.lookup["rules"], rules.lookup["rules_for_loop_unhappy_path"]):
        for end in range(len(states) + 1):
            for latest in (states[:end], [{}], [{"prev_action": {"action_name": "utter_greet"}}]):
                ours = prediction.possible_keys(copy.copy(rules), lookup, latest)
                assert ours == prediction._stock_possible_keys(rules, lookup, latest)


def predict(rules, tracker, states, keys):
    policy = copy.copy(rules)
    policy._prediction_states = lambda *args, **kwargs: states(policy, *args, **kwargs)
    policy._get_possible_keys = lambda *args: keys(policy, *args)
    said = policy.predict_action_probabilities(copy.deepcopy(tracker), DOMAIN)
    action = DOMAIN.action_names_or_texts[said.max_confidence_index]
    return action, said.probabilities, said.events, said.is_end_to_end_prediction, said.hide_rule_turn


# Graphs


class Adds(GraphComponent):
    @classmethod
    def create(cls, config, model_storage, resource, execution_context):
        return cls()

    def run(self, **numbers):
        if 13 in numbers.values():
            raise RuntimeError("unlucky")
        return sum(numbers.values()) + 1


def graph(tmp_path):
    def node(**needs):
        return SchemaNode(needs=needs, uses=Adds, fn="run", constructor_name="create", config={}, eager=True)

    nodes = {"a": node(x="start"), "b": node(x="a", y="start"), "c": node(x="a", y="b"), "unused": node(x="a")}
    storage = LocalModelStorage.create(tmp_path)
    return DaskGraphRunner(GraphSchema(nodes), storage, ExecutionContext(GraphSchema(nodes)))


@pytest.mark.parametrize("targets", [["c"], ["b"], ["a", "c"]])
def test_a_graph_gives_what_dask_gives(tmp_path, targets):
    runner = graph(tmp_path)
    for start in (1, 5):
        assert prediction.run_graph(runner, {"start": start}, targets) == prediction._stock_run(
            runner, {"start": start}, targets
        )


def test_a_graph_refuses_what_dask_refuses(tmp_path):
    runner = graph(tmp_path)
    for inputs in ({"start": 13}, {"start": "a"}, {}):
        kinds = set()
        for run in (prediction.run_graph, prediction._stock_run):
            with pytest.raises(Exception) as error:
                run(runner, inputs, ["c"])
            kinds.add(type(error.value))
        assert len(kinds) == 1


# The rest


def test_an_empty_domain_is_empty_and_another_is_not():
    for domain in (Domain.empty(), DOMAIN):
        assert prediction.is_empty(domain) == prediction.is_empty(domain) == prediction._stock_is_empty(domain)


def test_our_tracker_store_is_not_wrapped_and_others_are():
    from bot.tracker_store import ShopTrackerStore

    ours = ShopTrackerStore(DOMAIN)
    assert speed.plain_tracker_store(ours, DOMAIN) is ours
    assert isinstance(speed.plain_tracker_store(InMemoryTrackerStore(DOMAIN), DOMAIN), FailSafeTrackerStore)
    assert isinstance(speed.plain_tracker_store(None, DOMAIN), FailSafeTrackerStore)


def test_an_action_is_sent_the_last_turns_and_all_slots():
    tracker = talk_of(3)
    action = RemoteAction("action_goods", EndpointConfig("http://x", enable_selective_domain=True))
    ours = action_calls.action_call_format(action, tracker, DOMAIN)
    texts = [one["text"] for one in ours["tracker"]["events"] if one["event"] == "user"]
    assert len(texts) == action_calls.TURNS_FOR_ACTIONS
    assert ours["tracker"]["slots"] == tracker.current_slot_values()
    assert "domain" not in ours
    json.dumps(ours)
    form = DialogueStateTracker.from_events("talk", [*session_start(), *Talk(0)._start()], DOMAIN.slots)
    assert action_calls.action_call_format(action, form, DOMAIN) == stock_call(action, form)
    short = DialogueStateTracker.from_events("talk", [*session_start(), user("greet")], DOMAIN.slots)
    assert action_calls.action_call_format(action, short, DOMAIN) == stock_call(action, short)


def stock_call(action, tracker):
    return {
        "next_action": action.name(),
        "sender_id": tracker.sender_id,
        "version": rasa.__version__,
        "tracker": tracker.current_state(rasa.shared.core.trackers.EventVerbosity.ALL),
    }


@pytest.mark.parametrize(
    "value", [{"a": "中/文\u2028", "b": [1.5, None, True]}, {"n": float("nan")}, {"i": 2**80}, [], 0.1]
)
def test_what_is_sent_reads_back_as_it_was(value):
    assert json.dumps(json.loads(action_calls._encoded(value))) == json.dumps(value)


def test_another_version_of_rasa_is_not_patched(monkeypatch, caplog):
    monkeypatch.setattr(rasa, "__version__", "3.7.0")
    assert speed.apply() is False
    assert "3.7.0" in caplog.text


def test_the_patches_are_in_force_where_the_tracker_store_is_used():
    import bot.tracker_store  # noqa: F401

    assert RemoteAction._validate_action_result is action_calls.validate_action_result
    assert Event.resolve_by_type is replay.resolve_by_type
    assert Agent._create_tracker_store is speed.plain_tracker_store


async def test_calls_of_the_action_server_share_connections_and_tell_errors_as_rasa_does():
    Sanic.test_mode = True  # else the methods stay rewritten for the next server of this process
    app = Sanic(f"fake_{random.randrange(10**9)}", configure_logging=False)
    peers = set()

    @app.post("/webhook")
    async def answer(request):
        peers.add(request.port)
        return response.json({"got": request.json}, status=request.json["status"])

    port = free_port()
    server = await app.create_server(host="127.0.0.1", port=port, return_asyncio_server=True, access_log=False)
    await server.startup()
    serving = asyncio.create_task(server.serve_forever())
    try:
        endpoint = EndpointConfig(f"http://127.0.0.1:{port}/webhook")
        for _ in range(3):
            assert await action_calls.request(endpoint, json={"status": 200}) == {"got": {"status": 200}}
        assert len(peers) == 1
        for request in (action_calls.request, action_calls._stock_request):
            with pytest.raises(ClientResponseError) as error:
                await request(endpoint, json={"status": 400})
            assert error.value.status == 400
            assert json.loads(error.value.text) == {"got": {"status": 400}}
    finally:
        await action_calls._session().close()
        serving.cancel()
        await server.close()
