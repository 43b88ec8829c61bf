"""How the bot meets anger: a short apology first, and a person at once when it goes on."""

from __future__ import annotations

from typing import Any

from actions.cards import button
from actions.turn import Turn

ANGRY, INSULTING = 2, 3
URGENT = 2
"""Priority in the queue of somebody who is angry."""
OFFER = "utter_offer_person"
MEETS_ANGER = frozenset({"action_complain", "action_request_human", "action_stop", "action_signed_not_received"})
"""Actions that apologise or hand over by themselves."""
OWN_WORDS = frozenset({"insult", "complain", "request_human", "stop", "goodbye", "thank"})


def soothe(turn: Turn, action: str) -> None:
    """Say sorry before the answer to an angry message; once a message, and not where the answer does so itself."""
    if turn.anger >= ANGRY and action not in MEETS_ANGER and turn.intent not in OWN_WORDS and not _answered(turn):
        turn.say("utter_sorry_first")


def offer_person(turn: Turn, action: str) -> None:
    """Offer a person after the second angry message, or an insult while a case is open; who waits is served sooner."""
    if turn.anger < ANGRY or action in MEETS_ANGER or turn.slot("anger_met") == turn.message_id:
        return
    speaker = turn.shop.handoffs.speaker(turn.sender)
    if speaker == "waiting":
        turn.shop.handoffs.request(turn.sender, turn.guest_or_customer, "anger", priority=URGENT)
        turn.remember(anger_met=turn.message_id)
    elif speaker == "bot" and not _offered(turn) and _has_had_enough(turn):
        human = button("human")
        turn.remember(anger_met=turn.message_id)
        if not (turn.tracker.active_loop or {}).get("name"):  # in a form a yes answers the form
            turn.remember(offer="action_request_human")
        turn.say(OFFER, buttons=[(human["title"], human["payload"])])


def urgency(turn: Turn) -> int:
    """Priority in the queue that the customer's mood gives: an angry one is served sooner."""
    return URGENT if turn.anger >= ANGRY or _angry_before(turn) else 0


def _said(turn: Turn) -> list[dict[str, Any]]:
    """The customer's messages that the tracker holds, oldest first, this one last."""
    return [one for one in turn.tracker.events if one.get("event") == "user"]


def _angry_before(turn: Turn) -> bool:
    moods = [(one.get("parse_data") or {}).get("sentiment") or {} for one in _said(turn)[:-1]]
    return any(int(mood.get("anger") or 0) >= ANGRY for mood in moods)


def _has_had_enough(turn: Turn) -> bool:
    return _angry_before(turn) or (turn.anger >= INSULTING and _has_open_case(turn))


def _offered(turn: Turn) -> bool:
    """Whether a person was offered in the last turns; once is enough."""
    names = [(one.get("metadata") or {}).get("utter_action") for one in turn.tracker.events if one["event"] == "bot"]
    return OFFER in names


def _has_open_case(turn: Turn) -> bool:
    customer = turn.guest_or_customer
    return customer is not None and bool(turn.shop.aftersale.list(customer, open_only=True))


def _answered(turn: Turn) -> bool:
    """Whether the bot has said something since the customer's last message."""
    for one in reversed(turn.tracker.events):
        if one.get("event") == "user":
            return turn.has_spoken
        if one.get("event") == "bot":
            return True
    return turn.has_spoken
