"""Calls of the action server: what is sent, how, and what comes back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from functools import lru_cache
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import rasa
import ujson
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.schemas.events import EVENT_SCHEMA
from rasa.utils.endpoints import ClientResponseError, EndpointConfig, concat_url

TURNS_FOR_ACTIONS = 3
"""Turns of the talk that an action is sent; it reads the last one, forms the one before."""

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


# What an action is sent. Stock: every event of the tracker, at each call, and a deep copy of what began the form.


def action_call_format(self: Any, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    """As in RemoteAction, with the events of the last turns only; slots and the active form are whole anyway."""
    loop = tracker.active_loop
    state = {
        "sender_id": tracker.sender_id,
        "slots": tracker.current_slot_values(),
        "latest_message": tracker._latest_message_data(),
        "latest_event_time": tracker.events[-1].timestamp if tracker.events else None,
        "followup_action": tracker.followup_action,
        "paused": tracker.is_paused(),
        "events": [event.as_dict() for event in recent_events(tracker, TURNS_FOR_ACTIONS)],
        "latest_input_channel": tracker.get_latest_input_channel(),
        "active_loop": {one.name: getattr(loop, one.name) for one in fields(loop)} if loop else {},
        "latest_action": tracker.latest_action,
        "latest_action_name": tracker.latest_action_name,
    }
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
    if kwargs.get("json") is not None:
        kwargs["data"] = _encoded(kwargs.pop("json"))
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


def _encoded(value: Any) -> bytes:
    """JSON as UTF-8; Python's own encoder takes what ujson does not (numbers without a value, huge integers)."""
    try:
        return ujson.dumps(value, ensure_ascii=False, escape_forward_slashes=False).encode()
    except (OverflowError, TypeError, ValueError):
        return json.dumps(value).encode()


def _session() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.closed:
        # The action server (Sanic) closes connections that were idle for 5 s: be the first to do so.
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=3))
        _sessions[loop] = session
    return session
