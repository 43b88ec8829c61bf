"""Small talk, yes and no outside forms, values without a question, and not understanding."""

from __future__ import annotations

from rasa_sdk.events import ActiveLoop, SlotSet

from actions.base import Events, ShopAction, active_form
from actions.cards import button
from actions.escalation import call_person, count_misunderstanding, is_lost
from actions.meant import said_states
from actions.picking import ask_still_which
from actions.picture_words import corrects
from actions.registry import go_on
from actions.texts import labels
from actions.turn import GOODS, Turn
from actions.unknown import keep_unanswered

SUGGESTIONS = 3
BEGINS = {
    "address": "action_start_address",
    "tax_no": "action_start_invoice",
    "invoice_title": "action_start_invoice",
    "reason": "action_start_case",
}
"""Values that say by themselves what they are for, when nothing waits for them."""
SURE_FAQ = 0.7
"""Score from which a question that no intent claims is answered from the FAQ; four in five are right there."""


class Reply(ShopAction):
    """Says the response of the intent's own name."""

    action_name = "action_reply"

    def answer(self, turn: Turn) -> None:
        """Greeting, thanks, abuse, small talk, out of scope."""
        turn.say(f"utter_{turn.intent}")
        turn.remember(offer="action_request_human" if turn.intent == "insult" else None)


class Affirm(ShopAction):
    """A yes when no form asked: it takes up the last offer."""

    action_name = "action_affirm"

    def answer(self, turn: Turn) -> Events | None:
        """Run what was offered, or ask what to do."""
        offered, shown = turn.slot("offer"), turn.shown
        waiting = turn.slot("resume")
        if not offered and shown and waiting:
            if len(shown["values"]) == 1 and not active_form(turn):
                turn.hear("ordinal", 1)  # "is it this one?"
                turn.resumes = True
                return go_on(str(waiting), turn)
            turn.say("utter_still_which", count=len(shown["values"]))
            return None
        if active_form(turn):
            return None  # it asks again by itself
        if not offered:
            turn.say("utter_affirm_idle")
            return None
        turn.remember(offer=None)
        return go_on(str(offered), turn)


class Deny(ShopAction):
    """A no when no form asked."""

    action_name = "action_deny"

    def answer(self, turn: Turn) -> Events | None:
        """Drop the offer; "not this one" is about the photo of before, "the phone" about the list of before."""
        if corrects(turn) and not active_form(turn):
            return go_on("action_search_by_image", turn)
        waiting = turn.slot("resume")
        if (_names_others(turn) or _names_another_order(turn)) and not active_form(turn):
            turn.resumes = bool(waiting)
            orders = turn.focused("order") or turn.shown.get("kind") == "order"
            another = "action_order_status" if orders else "action_search_product"
            return go_on(str(waiting or another), turn)
        turn.remember(offer=None, resume=None)
        if _refuses_order(turn) and not active_form(turn):
            turn.focus("order", None)
            return go_on("action_list_orders", turn)  # "not this one": one of these, then
        turn.say("utter_deny_idle")
        return None


def _refuses_order(turn: Turn) -> bool:
    """Whether a no is to the order that was told last: "not this one", "wrong one"."""
    words = labels()
    return bool(turn.focused("order")) and any(
        one in turn.text for one in (*words["not_this"], *words["not_this_order"])
    )


def _names_another_order(turn: Turn) -> bool:
    """Whether a no to a list of orders says where the one that is meant stands: "not that one, the one not sent"."""
    turns = any(word in turn.text for word in labels()["another_order"])
    return turn.shown.get("kind") == "order" and turns and bool(said_states(turn.text))


def _names_others(turn: Turn) -> bool:
    """Whether a no says which goods are meant instead: "not this, it is the phone", but not "not the phone"."""
    starts = [one["start"] for one in turn.values if one["entity"] in GOODS]
    before = [turn.text[:start].rstrip() for start in starts]
    words = labels()
    return any(
        one.endswith(tuple(words["goods_meant"])) and not one.endswith(tuple(words["goods_refused"])) for one in before
    )


class Stop(ShopAction):
    """Leave the form, the choice or the queue."""

    action_name = "action_stop"

    def answer(self, turn: Turn) -> Events:
        """Nothing is changed, and that is said."""
        under_way = active_form(turn) or turn.slot("resume")
        queue = any(word in turn.text for word in labels()["of_the_queue"])
        left = (queue or not under_way) and turn.shop.handoffs.leave(turn.sender)
        turn.say("utter_left_queue" if left else "utter_stopped")
        turn.remember(offer=None, resume=None, choices=None, confirm=None, **forget_form(turn))
        return [ActiveLoop(None), SlotSet("requested_slot", None)]


class Continue(ShopAction):
    """A bare value: it answers what was asked outside forms (which order, which product)."""

    action_name = "action_continue"

    def answer(self, turn: Turn) -> Events | None:
        """Go on with what waited for the value, or ask what it is for."""
        invoiced = turn.entity("invoice_title") and any(one in turn.text for one in labels()["invoice_words"])
        if invoiced and active_form(turn) != "invoice_form":
            begun = go_on("action_start_invoice", turn)
            asked = active_form(turn) and not begun  # which order, say: the form of before must not ask beside it
            return [ActiveLoop(None), SlotSet("requested_slot", None)] if asked else begun
        if active_form(turn):
            turn.say("utter_unsure_form")
            return None
        if turn.attachments or corrects(turn):
            return go_on("action_search_by_image", turn)
        shown, waiting = turn.shown, turn.slot("resume")
        chooses = turn.entity("order_no") or turn.entity("case_no") or (turn.entity("ordinal") is not None and shown)
        if chooses or turn.names_goods:
            if waiting == "action_recommend_product" and turn.entity("ordinal") is not None and shown:
                waiting = None  # no other wish for ideas, but one of the goods shown before
            turn.resumes = bool(waiting)
            return go_on(str(waiting or shown.get("then") or self._default(turn)), turn)
        if waiting and shown:
            turn.resumes = True
            ask_still_which(turn)
            return None
        begins = next((action for kind, action in BEGINS.items() if turn.entity(kind)), None)
        if not begins and (turn.entity("color") or turn.entity("size")) and turn.focused("product"):
            begins = "action_ask_stock"  # "and in white?"
        if begins:
            return go_on(begins, turn)
        if shown.get("kind") == "product" and (turn.entity("color") or turn.entity("size")):  # of which one?
            ask_still_which(turn, "action_ask_stock")
            return None
        turn.say("utter_nothing_listed" if turn.entity("ordinal") is not None else "utter_inform_unclear")
        return None

    @staticmethod
    def _default(turn: Turn) -> str:
        if turn.entity("case_no"):
            return "action_aftersale_progress"
        return "action_order_status" if turn.entity("order_no") else "action_search_product"


class Unsure(ShopAction):
    """No intent is likely enough: the FAQ, then suggestions, then a person."""

    action_name = "action_unsure"

    def answer(self, turn: Turn) -> Events | None:
        """Answer from the FAQ when it is sure; else offer its nearest questions and the likeliest intents."""
        if turn.attachments and not active_form(turn):
            return go_on("action_search_by_image", turn)
        if turn.faq and turn.faq.get("score", 0) >= SURE_FAQ:
            turn.remember(misunderstood=None)
            return go_on("action_faq", turn)
        times = count_misunderstanding(turn)
        form = active_form(turn)
        if not form:
            keep_unanswered(turn)
        if is_lost(turn, times - (1 if form else 0)) and call_person(turn, "misunderstood"):
            return None
        if form:
            turn.say("utter_unsure_form" if times < 3 else "utter_unsure_again")
            return None
        words = labels()["suggest"]
        near = [entry.questions[0] for one in turn.faq_near if (entry := turn.shop.faq.entry(one))]
        guessed = [words[name] for name, _ in turn.ranking if name in words]
        likely = list(dict.fromkeys([*near, *guessed]))[:SUGGESTIONS]
        if times >= 2 or not likely:
            turn.remember(offer="action_request_human")
            turn.say("utter_unsure_again", buttons=[(text, text) for text in likely[:2]])
            return None
        human = button("human")
        likely = [text for text in likely if text != human["title"]]
        turn.say("utter_unsure", buttons=[*((text, text) for text in likely), (human["title"], human["payload"])])
        return None


def forget_form(turn: Turn) -> dict[str, None]:
    """Empty every slot that only a form fills."""
    prefixes = ("cancel_", "new_", "modify_", "note_", "schedule_", "case_", "invoice_", "verify_")
    return {name: None for name in turn.tracker.slots if name.startswith(prefixes)}
