"""Answers that a merchant wrote: data/faq, chosen by the NLU's retrieval."""

from __future__ import annotations

from actions.base import ShopAction
from actions.turn import Turn
from actions.unknown import keep_unanswered
from shop.faq_store import FaqEntry

SURE = 0.8
"""Score from which the best entry is said though another is nearly as good; below it the customer chooses."""


class Faq(ShopAction):
    """Says the FAQ entry that the NLU chose, or the intent's general answer."""

    action_name = "action_faq"

    def answer(self, turn: Turn) -> None:
        """Answer, or admit that there is none."""
        store = turn.shop.faq
        entry = store.entry(turn.faq["id"]) if turn.faq else store.for_intent(turn.intent)
        if entry is None:
            keep_unanswered(turn)
            turn.remember(offer="action_request_human")
            turn.say("utter_faq_missing")
            return
        other = store.entry(turn.faq["second"]) if turn.faq and turn.faq.get("second") else None
        if turn.faq and other and turn.faq["score"] < SURE:
            questions = [one.questions[0] for one in (entry, other)]
            turn.say("utter_faq_which", buttons=[(text, text) for text in questions])
            return
        say_entry(turn, entry, *([other.questions[0]] if other else []))


def say_entry(turn: Turn, entry: FaqEntry, *more: str) -> None:
    """Say a merchant's answer with its source, its buttons and ``more`` of them."""
    titles = [*entry.buttons, *more]
    turn.say_text(entry.answer, buttons=[(title, title) for title in titles], source=f"faq:{entry.id}")
