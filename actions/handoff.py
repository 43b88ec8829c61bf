"""A person takes over: asked for, complained, or a case that only people settle."""

from __future__ import annotations

from actions.base import ShopAction
from actions.cards import button
from actions.mood import urgency
from actions.texts import phrase
from actions.turn import Turn


def hand_over(turn: Turn, reason: str, skill_group: str, priority: int = 0) -> None:
    """Put the talk into the queue and say where it stands.

    The row is there before the sentence is said, so that the customer is never
    told of a queue that they are not in.
    """
    handoff = turn.shop.handoffs.request(
        turn.sender, turn.guest_or_customer, reason, skill_group=skill_group, priority=max(priority, urgency(turn))
    )
    leave = button("leave_queue")
    turn.remember(offer=None, misunderstood=0)
    turn.say(
        "utter_handoff_waiting" if handoff.new else "utter_handoff_still_waiting",
        buttons=[(leave["title"], leave["payload"])],
        position=handoff.position,
    )
    if handoff.new and not handoff.open_now:
        words = phrase("people_closed", service_hours=turn.shop.settings.service_hours)
        turn.show_payload({"type": "leave_message", "text": words})


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
