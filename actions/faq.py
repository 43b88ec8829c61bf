"""Answers that a merchant wrote: data/faq, chosen by the NLU's retrieval."""

from __future__ import annotations

from actions.base import ShopAction
from actions.turn import Turn
from actions.unknown import keep_unanswered


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
        turn.remember(misunderstood=0)
        turn.say_text(entry.answer, buttons=[(title, title) for title in entry.buttons])
