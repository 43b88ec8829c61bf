"""Reasons of recommendations in the bot's words (fragments ``reason_<kind>`` in labels.yml)."""

from __future__ import annotations

from actions.texts import phrase, yuan
from actions.wishes import Wish, words
from recsys.reasons import OF_TALK, Reason
from recsys.recommender import Pick

WAYS = {("bought", "people"): "bought_people", ("taste", "talk"): "taste_talk"}
"""Reasons that are said in another way, by kind and way."""


def of_own(reason: Reason) -> bool:
    """Whether a reason is what the customer did before this talk."""
    if reason.kind == "taste":
        return not reason.way
    return reason.cause is not None and reason.kind not in OF_TALK


def of_talk(picks: list[Pick]) -> bool:
    """Whether what was said in this talk led to the list, and nothing of before."""
    reasons = [one for pick in picks for one in pick.reasons]
    return any(one.kind in OF_TALK for one in reasons) and not any(map(of_own, reasons))


def reason_words(reason: Reason, wish: Wish) -> str:
    """A reason as the bot says it."""
    facts = dict(reason.facts)
    if reason.way == "picture":
        return phrase("reason_picture", **facts)
    if reason.kind == "price":
        facts["price"] = _budget(facts.get("low_fen"), facts.get("high_fen"))
    if reason.kind == "suits":
        table = words()
        kind = "persons" if wish.get("persons") else "occasions"
        who = table[kind][wish[kind][0]]["words"][0]
        facts["whom"] = phrase("suits_person" if kind == "persons" else "suits_occasion", who=who)
    if reason.kind == "style":
        facts["style"] = wish["styles"][0]
    if reason.kind == "together":
        facts["beside"] = wish.get("word") or phrase("this_kind")
    return phrase(f"reason_{WAYS.get((reason.kind, reason.way), reason.kind)}", **facts)


def _budget(low: int | None, high: int | None) -> str:
    if low and high:
        return phrase("budget_between", low=yuan(low), high=yuan(high))
    return phrase("budget_up_to", high=yuan(high)) if high else phrase("budget_from", low=yuan(low or 0))
