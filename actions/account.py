"""Membership, coupons, balance, and leaving the shop."""

from __future__ import annotations

from typing import ClassVar

from actions.base import Events, ShopAction
from actions.cancel import yes_no
from actions.cards import button, coupon_card, coupon_words
from actions.escalation import hand_over
from actions.faq import say_entry
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.picking import MOST_CHOICES
from actions.picking_goods import show_products
from actions.texts import day, label, labels, phrase, yuan
from actions.turn import Turn
from shop.planned_prices import Reduction

ERASE_INTENTS = frozenset({"delete_my_data"})


POINTS_USE = "points_use"
"""The FAQ entry that says what points are good for."""


def _asks_use_of_points(text: str) -> bool:
    words = labels()
    counts = any(one in text for one in words["count_of_points"])
    return words["points_word"] in text and not counts and any(one in text for one in words["use_of_points"])


class Membership(ShopAction):
    """Level, points, what the next level takes."""

    action_name = "action_ask_membership"

    def answer(self, turn: Turn) -> None:
        """Tell a customer's standing; what points are good for, if that is the question."""
        entry = turn.shop.faq.entry(POINTS_USE) if _asks_use_of_points(turn.text) else None
        if entry is not None:
            say_entry(turn, entry)
            return
        card = turn.shop.membership.card(turn.customer)
        coupons = button("coupons")
        turn.say(
            "utter_membership_top" if card.next_level_fen is None else "utter_membership",
            buttons=[(coupons["title"], coupons["payload"])],
            level=label("level", str(card.level)),
            points=card.points,
            coupons=card.coupons,
            spent=yuan(card.year_spend_fen),
            missing=yuan(max(0, (card.next_level_fen or 0) - card.year_spend_fen)),
            next_level=label("level", str(card.level + 1)),
        )


class Balance(ShopAction):
    """Money on the account."""

    action_name = "action_ask_balance"

    def answer(self, turn: Turn) -> None:
        """Tell the balance."""
        card = turn.shop.membership.card(turn.customer)
        turn.say("utter_balance", balance=yuan(card.balance_fen))


class GetCoupon(ShopAction):
    """Coupons to be had are claimed at once; held ones are shown."""

    action_name = "action_get_coupon"

    def answer(self, turn: Turn) -> None:
        """Claim what is there and show everything usable."""
        if turn.guest_or_customer is None:
            turn.say("utter_coupon_guest")
            return
        new = turn.shop.membership.claim(turn.customer, key=turn.key("coupon"))
        held = [one for one in turn.shop.membership.coupons(turn.customer) if not one.used]
        if new:
            turn.say("utter_coupon_claimed", count=len(new), best=coupon_words(max(new, key=lambda one: one.off_fen)))
        else:
            turn.say("utter_coupon_held" if held else "utter_coupon_none", count=len(held))
        turn.show("coupons", [coupon_card(one) for one in (new or held)[:5]])


class Promotion(ShopAction):
    """What is on: goods that cost less for a while, coupons that can be had now."""

    action_name = "action_ask_promotion"

    def answer(self, turn: Turn) -> None:
        """What is reduced and until when, the best coupon in words, the rest as cards; no invented campaign."""
        customer = turn.guest_or_customer
        coupons = turn.shop.membership.claimable(customer)
        if turn.intent != "ask_discount" and self._reduced(turn, len(coupons)):
            return
        get = button("coupons")
        if not coupons:
            held = [one for one in turn.shop.membership.coupons(customer) if not one.used] if customer else []
            turn.say("utter_promotion_held" if held else "utter_promotion_none", count=len(held))
            turn.show("coupons", [coupon_card(one) for one in held[:5]])
            return
        best = max(coupons, key=lambda one: one.off_fen)
        name = "utter_discount" if turn.intent == "ask_discount" else "utter_promotion"
        turn.remember(offer="action_get_coupon")
        turn.say(name, buttons=[(get["title"], get["payload"])], count=len(coupons), best=coupon_words(best))
        turn.show("coupons", [coupon_card(one) for one in coupons[:5]])

    @staticmethod
    def _reduced(turn: Turn, coupons: int) -> bool:
        """Show what is reduced, of the kind that was named if any of it is; False when nothing is."""
        word = turn.entity_text("category")
        found, count = turn.shop.catalogue.reduced(turn.entity("category"), MOST_CHOICES)
        if not found and word:
            turn.say("utter_none_reduced", goods=word)
            found, count = turn.shop.catalogue.reduced(limit=MOST_CHOICES)
        if not found:
            return False
        best, get = found[0], button("coupons")
        turn.say(
            "utter_reduced_coupons" if coupons else "utter_reduced",
            buttons=[(get["title"], get["payload"])] if coupons else [],
            count=count,
            best=best.card.name,
            price=yuan(best.price.price_fen),
            usual=yuan(best.price.usual_fen),
            day=day(best.price.until),
            coupons=coupons,
        )
        show_products(turn, [one.card for one in found], told=[_until(one.price) for one in found])
        return True


def _until(price: Reduction) -> str:
    return phrase("reduced_until", day=day(price.until), usual=yuan(price.usual_fen))


class StartErase(ShopAction):
    """Somebody wants their data gone, or no more advertising."""

    action_name = "action_start_erase"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Only for people who have proved who they are."""
        turn.shop.customers.facts(turn.customer)
        return begin("erase_form", turn)


class EraseForm(ShopForm):
    """Only a confirmation."""

    form = "erase_form"
    own_intents = ERASE_INTENTS

    def questions(self) -> list[Question]:
        """Really?"""
        return [confirmation(_ask_confirm, ERASE_INTENTS)]


def _ask_confirm(turn: Turn, answers: Answers) -> None:
    turn.say("utter_question_erase_confirm", buttons=yes_no())


class SubmitErase(SubmitAction):
    """Advertising stops at once; the account's deletion is settled by people, who check open orders."""

    action_name = "action_submit_erase"
    slots: ClassVar[tuple[str, ...]] = ()

    def submit(self, turn: Turn) -> None:
        """Stop advertising, queue the request."""
        turn.shop.customers.set_marketing(turn.customer, False, key=turn.key("erase"))
        turn.say("utter_erase_requested")
        hand_over(turn, "erase", "any")
