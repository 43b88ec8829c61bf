"""A person takes over: asked for, complained, or a case that only people settle."""

from __future__ import annotations

from actions.base import ShopAction
from actions.escalation import hand_over
from actions.turn import Turn


class RequestHuman(ShopAction):
    """The customer wants a person."""

    action_name = "action_request_human"
    starts_flow = True  # who asks for a person is done with the form

    def answer(self, turn: Turn) -> None:
        """Queue the talk for anybody who is free."""
        hand_over(turn, "asked", "any")


class Complain(ShopAction):
    """A complaint goes to the people who settle complaints, ahead of the queue."""

    action_name = "action_complain"

    def answer(self, turn: Turn) -> None:
        """Say sorry and queue."""
        turn.say("utter_complain")
        hand_over(turn, "complaint", "complaint", priority=2)


class SignedNotReceived(ShopAction):
    """Signed for, but the customer has nothing in hand."""

    action_name = "action_signed_not_received"

    def answer(self, turn: Turn) -> None:
        """Tell what the parcel says, then queue for the after-sale people."""
        number = turn.entity("order_no") or turn.focused("order")
        parcels = turn.shop.orders.get(turn.customer, number).shipments if number and turn.guest_or_customer else ()
        signed = next((one for one in parcels if one.delivered_at), None)
        if signed and signed.events:
            turn.say("utter_signed_scan", scan=signed.events[-1].text, courier=signed.courier)
        else:
            turn.say("utter_signed_not_received")
        hand_over(turn, "signed_not_received", "aftersale", priority=1)
