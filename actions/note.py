"""Adding to an order: a note for the packers, or a wished time of delivery."""

from __future__ import annotations

from typing import ClassVar

from actions.base import Events, ShopAction
from actions.cancel import yes_no
from actions.cards import goods
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.orders import order_facts
from actions.picking import OPEN_STATES, UNSHIPPED, pick_order
from actions.texts import labels
from actions.turn import Turn
from shop.errors import CannotChange

NOTE_INTENTS = frozenset({"add_order_note"})
SCHEDULE_INTENTS = frozenset({"schedule_delivery"})
SURE_INTERRUPTION = 0.75
"""A message this likely to be a question of its own is not taken as the note's text."""


class StartNote(ShopAction):
    """Finds the order that the note is for."""

    action_name = "action_start_note"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form; a message that holds the note itself is taken at once."""
        order = pick_order(turn, UNSHIPPED, self.action_name)
        if order is None:
            return None
        if "note" not in order.can:
            raise CannotChange(why=order.state.value, goods=goods(order))
        return begin("note_form", turn, note_order=order.number, note_text=note_in(turn.request))


def note_in(text: str) -> str | None:
    """The note inside a sentence like "please note: leave it at the door", if there is one."""
    for lead in labels()["note_leads"]:
        _, found, rest = text.partition(lead)
        rest = rest.strip(labels()["note_trim"])
        if found and len(rest) >= 2:
            return rest[:200]
    return None


class NoteForm(ShopForm):
    """The note's text, then confirmation."""

    form = "note_form"
    own_intents = NOTE_INTENTS

    def questions(self) -> list[Question]:
        """What, then really."""
        return [
            Question("note_text", lambda turn, _: turn.say("utter_question_note_text"), _read_note),
            confirmation(_ask_note_confirm, NOTE_INTENTS),
        ]


def _read_note(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    return (note_in(turn.text) or turn.text.strip()[:200]) if is_open and takes_any_text(turn) else None


def takes_any_text(turn: Turn) -> bool:
    """Whether a message is an answer in the customer's own words, not another request."""
    if turn.intent in ("stop", "request_human", "insult", "complain"):
        return False
    own = turn.intent in ("inform", "nlu_fallback", "affirm", "deny", "chitchat", "out_of_scope") or (
        turn.intent in NOTE_INTENTS | SCHEDULE_INTENTS
    )
    return own or turn.confidence < SURE_INTERRUPTION


def _ask_note_confirm(turn: Turn, answers: Answers) -> None:
    order = turn.shop.orders.get(turn.customer, str(turn.slot("note_order")))
    turn.say("utter_question_note_confirm", buttons=yes_no(), note=answers["note_text"], **order_facts(order))


class SubmitNote(SubmitAction):
    """Writes the note."""

    action_name = "action_submit_note"
    slots: ClassVar[tuple[str, ...]] = ("note_order", "note_text")

    def submit(self, turn: Turn) -> None:
        """Write once, and repeat it."""
        note = str(turn.slot("note_text"))
        order = turn.shop.orders.add_note(turn.customer, str(turn.slot("note_order")), note, key=turn.key("note"))
        turn.say("utter_note_added", note=note, **order_facts(order))


class StartSchedule(ShopAction):
    """Finds the order whose delivery has a wished time."""

    action_name = "action_start_schedule"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form, with the time if the message holds one."""
        order = pick_order(turn, OPEN_STATES, self.action_name)
        if order is None:
            return None
        if "schedule" not in order.can:
            raise CannotChange(why=order.state.value, goods=goods(order))
        when = when_in(turn) if turn.entity("date") else None
        return begin("schedule_form", turn, schedule_order=order.number, schedule_when=when)


def when_in(turn: Turn) -> str:
    """The words of the wished time out of a sentence; the whole of it where several times are named."""
    words = turn.entity_text("date")
    if not words or len(turn.entities("date")) > 1:
        return turn.request.strip()[:40]
    rest = turn.text[turn.text.index(words) + len(words) :]
    tail = next((one for one in labels()["when_tails"] if rest.startswith(one)), "")
    return f"{words}{tail}"


class ScheduleForm(ShopForm):
    """When, then confirmation."""

    form = "schedule_form"
    own_intents = SCHEDULE_INTENTS

    def questions(self) -> list[Question]:
        """When, then really."""
        return [
            Question("schedule_when", lambda turn, _: turn.say("utter_question_schedule_when"), _read_when),
            confirmation(_ask_schedule_confirm, SCHEDULE_INTENTS),
        ]


def _read_when(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    if turn.entity("date"):
        return when_in(turn)
    return turn.text.strip()[:40] if is_open and takes_any_text(turn) else None


def _ask_schedule_confirm(turn: Turn, answers: Answers) -> None:
    order = turn.shop.orders.get(turn.customer, str(turn.slot("schedule_order")))
    turn.say("utter_question_schedule_confirm", buttons=yes_no(), when=answers["schedule_when"], **order_facts(order))


class SubmitSchedule(SubmitAction):
    """Writes the wished time."""

    action_name = "action_submit_schedule"
    slots: ClassVar[tuple[str, ...]] = ("schedule_order", "schedule_when")

    def submit(self, turn: Turn) -> None:
        """Write once; it is a wish, not a promise, and is called so."""
        when = str(turn.slot("schedule_when"))
        order = turn.shop.orders.schedule(
            turn.customer, str(turn.slot("schedule_order")), when, key=turn.key("schedule")
        )
        turn.say("utter_scheduled", when=when, **order_facts(order))
