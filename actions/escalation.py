"""When the bot calls a person by itself: it does not understand, it fails, its shop's rules say so, or a VIP asks."""

from __future__ import annotations

import time
from typing import Any

from actions.cards import button
from actions.mood_words import urgency
from actions.texts import phrase
from actions.turn import FOCUS_S, Turn
from shop.entities import CaseView
from shop.errors import ShopError
from shop.policy import needs_person
from shop.states import CaseKind, CaseState

OWN_WORDS = frozenset({"misunderstood", "action_failed", "large_refund", "anger", "vip"})
"""Reasons that have a sentence of their own before the queue is told: ``utter_calls_<reason>``."""


def hand_over(turn: Turn, reason: str, skill_group: str, priority: int = 0) -> None:
    """Put the talk into the queue and say where it stands.

    The row is there before the sentence is said, so that the customer is never
    told of a queue that they are not in.
    """
    handoff = turn.shop.handoffs.request(
        turn.sender, turn.guest_or_customer, reason, skill_group=skill_group, priority=max(priority, urgency(turn))
    )
    leave = button("leave_queue")
    turn.remember(offer=None, resume=None, misunderstood=None, failures=None)
    if handoff.new and reason in OWN_WORDS:
        turn.say(f"utter_calls_{reason}")
    turn.say(
        "utter_handoff_waiting" if handoff.new else "utter_handoff_still_waiting",
        buttons=[(leave["title"], leave["payload"])],
        position=handoff.position,
    )
    if handoff.new and not handoff.open_now:
        words = phrase("people_closed", service_hours=turn.shop.settings.service_hours)
        turn.show_payload({"type": "leave_message", "text": words})


def call_person(turn: Turn, reason: str, skill_group: str = "any", priority: int = 0) -> bool:
    """Hand over without being asked; who waits already is only served by one more reason.

    Returns:
        Whether the customer has come into a queue now, and was told so.
    """
    if turn.shop.handoffs.speaker(turn.sender) != "bot":
        turn.shop.handoffs.request(turn.sender, turn.guest_or_customer, reason, priority=priority)
        return False
    if is_vip(turn) and reason != "large_refund":
        hand_over(turn, "vip", skill_group, priority)
        turn.shop.handoffs.request(turn.sender, turn.guest_or_customer, reason, priority=0)
    else:
        hand_over(turn, reason, skill_group, priority)
    return True


def is_vip(turn: Turn) -> bool:
    """Whether the customer's level is one that gets a person at the first trouble."""
    least, customer = turn.shop.settings.vip_level, turn.guest_or_customer
    if not least or customer is None:
        return False
    try:
        return turn.shop.customers.facts(customer).level >= least
    except ShopError:
        return False


def count_misunderstanding(turn: Turn) -> int:
    """How many messages in a row were not understood, this one counted; one that was understood ends the row."""
    row = _row(turn, "misunderstood")
    if row.get("message") != turn.message_id:
        row = {"count": int(row.get("count", 0)) + 1, "message": turn.message_id}
        turn.remember(misunderstood=row)
    return int(row["count"])


def end_misunderstandings(turn: Turn) -> None:
    """This message was understood; what an action that follows a misunderstanding says in its turn does not count."""
    row = _row(turn, "misunderstood")
    if row and row.get("message") != turn.message_id:
        turn.remember(misunderstood=None)


def is_lost(turn: Turn, times: int) -> bool:
    """Whether so many misunderstandings in a row call a person."""
    return _calls(turn, times, turn.shop.settings.misunderstood_limit)


def failed(turn: Turn) -> None:
    """Count a failure of the shop's system; the second within a quarter of an hour calls a person.

    Never raises: a database that is down can keep no queue either.
    """
    row, now = _row(turn, "failures"), int(time.time())
    count = int(row.get("count", 0)) if now - int(row.get("at", 0)) <= FOCUS_S else 0
    turn.remember(failures={"count": count + 1, "at": now})
    try:
        if _calls(turn, count + 1, turn.shop.settings.failure_limit):
            call_person(turn, "action_failed", priority=1)
    except Exception:  # noqa: BLE001 - the first error was told and logged; a second one has nothing to add
        return


def check_refund(turn: Turn, case: CaseView) -> None:
    """A large refund is settled by a person: the talk goes to one with the case."""
    waits = case.state is CaseState.SUBMITTED and case.kind in (CaseKind.RETURN, CaseKind.REFUND)
    if waits and needs_person(case.amount_fen, turn.shop.settings):
        call_person(turn, "large_refund", "aftersale", priority=1)


def _calls(turn: Turn, times: int, limit: int) -> bool:
    """Whether so many troubles call a person: 0 is no limit, a VIP's first does."""
    return bool(limit) and times >= (1 if is_vip(turn) else limit)


def _row(turn: Turn, name: str) -> dict[str, Any]:
    held = turn.slot(name)
    return held if isinstance(held, dict) else {}
