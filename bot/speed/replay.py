"""Replaying a talk: classes of events, applied events, copies of trackers and slots."""

from __future__ import annotations

from rasa.shared.constants import ASSISTANT_ID_KEY
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import METADATA_MODEL_ID
from rasa.shared.utils.common import all_subclasses

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


_stock_update = DialogueStateTracker.update


def update(self: DialogueStateTracker, event: Event, domain: Domain | None = None) -> None:
    """As in DialogueStateTracker, without asking the abstract Event whether it is one."""
    if not hasattr(event, "apply_to"):
        _stock_update(self, event, domain)  # it refuses it
        return
    if self.model_id and METADATA_MODEL_ID not in event.metadata:
        event.metadata = {**event.metadata, METADATA_MODEL_ID: self.model_id}
    if self.assistant_id and ASSISTANT_ID_KEY not in event.metadata:
        event.metadata = {**event.metadata, ASSISTANT_ID_KEY: self.assistant_id}
    self.events.append(event)
    event.apply_to(self)


# Slots. Each copy of a tracker copies all of them. Stock: by way of pickling, four times slower.


def copy_slot(self: Slot) -> Slot:
    """As ``copy.copy`` of a slot: the same kind with the same values."""
    twin: Slot = self.__class__.__new__(self.__class__)
    twin.__dict__.update(self.__dict__)
    return twin
