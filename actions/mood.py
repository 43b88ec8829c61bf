"""How the bot meets anger: a short apology first, a person offered when it goes on, and called when it still does."""

from __future__ import annotations

from actions.cards import button
from actions.escalation import call_person, is_vip
from actions.mood_words import ANGRY, INSULTING, URGENT, angry_before
from actions.turn import Turn
from shop.work_accounts import role_of

OFFER = "utter_offer_person"
MEETS_ANGER = frozenset({"action_complain", "action_request_human", "action_stop", "action_signed_not_received"})
"""Actions that apologise or hand over by themselves."""
OWN_WORDS = frozenset({"insult", "complain", "request_human", "stop", "goodbye", "thank"})


def soothe(turn: Turn, action: str) -> None:
    """Say sorry before the answer to an angry message; once a message, and not where the answer does so itself."""
    if turn.anger < ANGRY or action in MEETS_ANGER or turn.intent in OWN_WORDS or _answered(turn):
        return
    if action == "action_ask_business" and role_of(turn.shop, turn.guest_or_customer):
        return  # one of us, about the shop: there is nothing to apologise for
    turn.say("utter_sorry_first")


def offer_person(turn: Turn, action: str) -> None:
    """Offer a person after the second angry message, or an insult while a case is open; then call one.

    Who is still angry after the offer, and a VIP at the first angry message, gets a
    person without being asked; who waits already is served sooner.
    """
    if turn.anger < ANGRY or action in MEETS_ANGER or turn.slot("anger_met") == turn.message_id:
        return
    speaker = turn.shop.handoffs.speaker(turn.sender)
    if speaker == "waiting" or (speaker == "bot" and (_offered(turn) or is_vip(turn))):
        turn.remember(anger_met=turn.message_id)
        call_person(turn, "anger", priority=URGENT)
    elif speaker == "bot" and _has_had_enough(turn):
        human = button("human")
        turn.remember(anger_met=turn.message_id)
        if not (turn.tracker.active_loop or {}).get("name"):  # in a form a yes answers the form
            turn.remember(offer="action_request_human")
        turn.say(OFFER, buttons=[(human["title"], human["payload"])])


def _has_had_enough(turn: Turn) -> bool:
    return angry_before(turn) or (turn.anger >= INSULTING and _has_open_case(turn))


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
