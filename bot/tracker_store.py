"""Rasa's tracker store on the shop's own database: sealed, bounded, erasable.

Policies and actions see the recent events of the current session only, so that
a turn costs the same in a long talk as in a short one. Slots and the active
form of the time before are carried by a few events made for that purpose.

The tracker of a turn is kept in memory until the next one: reading, opening and
replaying a hundred events at every message is most of what a store costs. It is
used again only while the database's head is the one it was saved as, and it is
taken out while a turn is under way, so that a turn that fails leaves nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Callable, Iterable, TypeVar

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    ConversationPaused,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot import speed
from shop.front import Shop, open_shop
from shop.messages import kept_id
from shop.trackers import Chunk

speed.apply()

log = logging.getLogger(__name__)
T = TypeVar("T")
KEPT_TRACKERS = 100
_SLACK = 1.5  # a kept tracker may grow to this many times the bound before it is cut again
_MARK = "_xiaoer_mark"


@dataclass
class _Mark:
    """How much of a tracker the database knows."""

    head: int  # id of its newest chunk
    events: int  # events of the tracker that are stored or made up
    before: dict[str, Any] | None  # its state after those


class ShopTrackerStore(TrackerStore):
    """Keeps trackers by ``shop.trackers``; named in endpoints.yml."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        shop: Shop | None = None,
        **_: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        self._given_shop = shop
        self._kept: OrderedDict[str, DialogueStateTracker] = OrderedDict()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="tracker")

    @cached_property
    def _shop(self) -> Shop:
        return self._given_shop or open_shop()

    @property
    def _bound(self) -> int:
        return self._shop.settings.history_events

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """An empty tracker that is known to be new."""
        tracker = super().init_tracker(sender_id)
        setattr(tracker, _MARK, _Mark(0, 0, None))
        return tracker

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The current session's tracker, bounded; None when there is none.

        Raises:
            DatabaseDown: the database does not answer.
        """
        kept = self._kept.pop(sender_id, None)
        if kept is not None and getattr(kept, _MARK).head == await self._in_thread(self._shop.trackers.head, sender_id):
            return kept
        chunks = await self._in_thread(self._shop.trackers.recent, sender_id, self._bound)
        if not chunks:
            return None
        events = [*([] if chunks[0].starts_session else _carried(chunks[0].before)), *_events_of(chunks)]
        tracker = self._tracker(sender_id, events)
        setattr(tracker, _MARK, _Mark(chunks[-1].id, len(events), state_of(tracker)))
        return tracker

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The tracker of all sessions; None when there is none."""
        chunks = await self._in_thread(self._shop.trackers.everything, conversation_id)
        if not chunks:
            return None
        events = _events_of(chunks)
        tracker = self._tracker(conversation_id, events)
        setattr(tracker, _MARK, _Mark(chunks[-1].id, len(events), state_of(tracker)))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append what is new in a tracker; nothing when the conversation was erased while its turn ran.

        Raises:
            DatabaseDown: the database does not answer; nothing was stored.
        """
        mark: _Mark = getattr(tracker, _MARK, None) or await self._mark_of_stranger(tracker)
        new = list(tracker.events)[mark.events :]
        if not new:
            return
        chunks = _cut(new, mark.before)
        append = self._shop.trackers.append
        head = await self._in_thread(append, tracker.sender_id, chunks, mark.head, _answered(new))
        if head is None:
            log.info("a turn was dropped: its conversation was erased meanwhile")
            return
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)
        setattr(tracker, _MARK, _Mark(head, len(tracker.events), state_of(tracker)))
        if not any(chunk.starts_session for chunk in chunks) and len(tracker.events) < self._bound * _SLACK:
            self._keep(tracker)

    async def exists(self, conversation_id: str) -> bool:
        """Whether anything is stored of a conversation."""
        return bool(await self._in_thread(self._shop.trackers.head, conversation_id))

    async def keys(self) -> Iterable[str]:
        """Ids of all conversations."""
        return await self._in_thread(self._shop.trackers.senders)

    async def delete(self, sender_id: str) -> int:
        """Erase a conversation; returns the number of turns that it had."""
        self._kept.pop(sender_id, None)
        return await self._in_thread(self._shop.trackers.delete, sender_id)

    def _keep(self, tracker: DialogueStateTracker) -> None:
        self._kept[tracker.sender_id] = tracker
        self._kept.move_to_end(tracker.sender_id)
        while len(self._kept) > KEPT_TRACKERS:
            self._kept.popitem(last=False)

    def _tracker(self, sender_id: str, events: list[Event]) -> DialogueStateTracker:
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots)

    async def _mark_of_stranger(self, tracker: DialogueStateTracker) -> _Mark:
        """A tracker that did not come from here (Rasa's HTTP API): what it shares with the stored one is no news."""
        stored = await self.retrieve_full_tracker(tracker.sender_id)
        if stored is None:
            return _Mark(0, 0, None)
        known = {(event.type_name, event.timestamp) for event in stored.events}
        shared = 0
        for event in tracker.events:
            if (event.type_name, event.timestamp) not in known:
                break
            shared += 1
        return _Mark(getattr(stored, _MARK).head, shared, state_of(stored))

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


def state_of(tracker: DialogueStateTracker) -> dict[str, Any]:
    """What must outlive the events that are cut off, as JSON values."""
    loop = tracker.active_loop
    return {
        "slots": {name: slot.value for name, slot in tracker.slots.items() if slot.value != slot.initial_value},
        "loop": loop and {"name": loop.name, "rejected": bool(loop.rejected), "trigger": loop.trigger_message},
        "paused": tracker.is_paused(),
    }


def _carried(state: dict[str, Any] | None) -> list[Event]:
    """Events that bring a fresh tracker to a state; they stand for everything before."""
    events: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
    if state:
        loop = state["loop"]
        if loop:
            trigger = loop["trigger"] or {}
            events += [
                ActionExecuted(ACTION_LISTEN_NAME),
                UserUttered(trigger.get("text"), trigger.get("intent"), trigger.get("entities"), trigger),
                ActionExecuted(loop["name"]),
            ]
        events += [SlotSet(name, value) for name, value in state["slots"].items()]
        if loop:
            events.append(ActiveLoop(loop["name"]))
            if loop["rejected"]:
                events.append(ActionExecutionRejected(loop["name"]))
        if state["paused"]:
            events.append(ConversationPaused())
    return [*events, ActionExecuted(ACTION_LISTEN_NAME)]


def _answered(events: list[Event]) -> int | None:
    """The kept message that a turn answers; None for what did not come through the gate."""
    ids = [one.message_id for one in events if isinstance(one, UserUttered)]
    return kept_id(ids[-1]) if ids else None


def _events_of(chunks: list[Chunk]) -> list[Event]:
    events: list[Event] = deserialise_events([event for chunk in chunks for event in chunk.events])
    return events


def _cut(events: list[Event], before: dict[str, Any] | None) -> list[Chunk]:
    """New events as chunks: one for what is left of the old session, one for each new session."""
    starts = [
        place
        for place in range(len(events) - 1)
        if isinstance(events[place + 1], SessionStarted)
        and isinstance(events[place], ActionExecuted)
        and events[place].action_name == ACTION_SESSION_START_NAME
    ]
    edges = [0, *[place for place in starts if place], len(events)]
    return [
        Chunk(begin in starts, None if begin in starts else before, [event.as_dict() for event in events[begin:end]])
        for begin, end in pairwise(edges)
    ]
