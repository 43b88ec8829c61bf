"""Questions about parcels: where, when, why not, faster."""

from __future__ import annotations

from typing import Any

from actions.base import ShopAction
from actions.cards import button, parcel_card
from actions.orders import OrderStatus, next_steps, order_facts
from actions.picking import UNDER_WAY, pick_order, points_back
from actions.sight import order_of_parcel
from actions.texts import day, expected, is_over, label, labels, minute
from actions.turn import Turn
from shop.entities import OrderView, ShipmentView
from shop.states import OrderState


def parcel_facts(parcel: ShipmentView) -> dict[str, Any]:
    """What the sentences about a parcel may mention."""
    last = parcel.events[-1] if parcel.events else None
    return {
        "courier": parcel.courier,
        "tracking_number": parcel.tracking_number,
        "parcel_state": label("shipment_state", parcel.state.value),
        "scan": last.text if last else label("shipment_state", parcel.state.value),
        "scanned": minute(last.at) if last else minute(parcel.shipped_at),
        "eta": day(parcel.eta),
        "arrival": expected("arrival", parcel.eta),
        "courier_phone": parcel.courier_phone or "",
    }


def order_with_parcel(
    turn: Turn, resume: str, states: tuple[OrderState, ...] = (OrderState.SHIPPED,)
) -> OrderView | None:
    """The order whose parcel is meant; None when the customer was asked which, or told that nothing has left yet."""
    order = pick_order(turn, states, resume)
    if order is not None and not order.shipments:
        OrderStatus.tell(turn, order)
        return None
    return order


class TrackPackage(ShopAction):
    """Where the parcel is."""

    action_name = "action_track_package"

    def answer(self, turn: Turn) -> None:
        """The last scan first, the whole trail as a card."""
        order = _order_by_tracking(turn) or order_with_parcel(turn, self.action_name)
        if order is None:
            return
        tell_parcels(turn, order)


def _order_by_tracking(turn: Turn) -> OrderView | None:
    """The customer's order under the tracking number that was said, or read on a picture before they proved who."""
    tracking = turn.entity("tracking_no")
    number = order_of_parcel(turn, str(tracking)) if tracking else None
    if number is None:
        return None
    turn.focus("order", number)
    turn.remember(resume=None)
    return turn.shop.orders.get(turn.customer, number)


def tell_parcels(turn: Turn, order: OrderView) -> None:
    """Say where each parcel of an order is."""
    newest = order.shipments[-1]
    name = "utter_parcel_delivered" if newest.delivered_at else "utter_parcel_stuck" if newest.stuck else "utter_parcel"
    turn.say(name, buttons=next_steps(order), **order_facts(order), **parcel_facts(newest))
    turn.show("parcel", [parcel_card(one) for one in order.shipments])


class ShipTime(ShopAction):
    """When the order leaves."""

    action_name = "action_ask_ship_time"

    def answer(self, turn: Turn) -> None:
        """For an order: its deadline; for a guest's general question: the promise."""
        if (turn.guest_or_customer is None or _asks_in_general(turn)) and not turn.entity("order_no"):
            orders = button("orders")
            turn.say("utter_ship_promise", buttons=[(orders["title"], orders["payload"])])
            return
        order = pick_order(turn, (OrderState.PAID,), self.action_name)
        if order is None:
            return
        if order.state is OrderState.PAID:
            late = order.ship_by is not None and order.ship_by < turn.shop.clock()
            turn.say("utter_ship_late" if late else "utter_ship_by", buttons=next_steps(order), **order_facts(order))
        else:
            OrderStatus.tell(turn, order)


def _asks_in_general(turn: Turn) -> bool:
    """Whether the question is what would happen, not where an order of theirs is."""
    if any(word in turn.text for word in labels()["own_order"]) or points_back(turn) or turn.entity("ordinal"):
        return False
    return any(word in turn.text for word in labels()["not_ordered_yet"])


class DeliveryTime(ShopAction):
    """When the parcel arrives."""

    action_name = "action_ask_delivery_time"

    def answer(self, turn: Turn) -> None:
        """The parcel's expected day; the promise where there is no order, or none yet."""
        if (turn.guest_or_customer is None or _asks_in_general(turn)) and not turn.entity("order_no"):
            turn.say("utter_delivery_promise")
            return
        order = pick_order(turn, UNDER_WAY, self.action_name)
        if order is None:
            return
        parcel = order.shipments[-1] if order.shipments else None
        if order.state is OrderState.SHIPPED and parcel and parcel.eta and not (parcel.stuck or is_over(parcel.eta)):
            turn.say("utter_delivery_eta", buttons=next_steps(order), **order_facts(order), **parcel_facts(parcel))
        elif order.state is OrderState.SHIPPED and parcel:
            tell_parcels(turn, order)
        elif order.state is OrderState.PAID:
            turn.say("utter_delivery_not_shipped", buttons=next_steps(order), **order_facts(order))
        else:
            OrderStatus.tell(turn, order)


class Urge(ShopAction):
    """Pass an urge on to the warehouse or the courier."""

    action_name = "action_urge_delivery"

    def answer(self, turn: Turn) -> None:
        """Urge once a day; afterwards tell that it was passed on."""
        order = pick_order(turn, UNDER_WAY, self.action_name)
        if order is None:
            return
        if "urge" not in order.can:
            OrderStatus.tell(turn, order)
            return
        result = turn.shop.orders.urge(turn.customer, order.number, key=turn.key("urge"))
        where = "warehouse" if result.order.state is OrderState.PAID else "courier"
        facts = order_facts(result.order)
        if result.order.shipments:
            facts.update(parcel_facts(result.order.shipments[-1]))
        turn.say("utter_urged_again" if result.again else f"utter_urged_{where}", **facts)


def _holds_unsent(turn: Turn) -> bool:
    """Whether the talk is on an order that has not left: "why does it not move" is about it, not about a parcel."""
    held = turn.focused("order")
    if turn.entity("region") or any(one in turn.text for one in labels()["of_a_parcel"]):
        return False
    return bool(held) and turn.shop.orders.get(turn.customer, str(held)).state is OrderState.PAID


class LogisticsStuck(ShopAction):
    """The trail stands still or is wrong."""

    action_name = "action_logistics_stuck"

    def answer(self, turn: Turn) -> None:
        """A parcel that really stands still is investigated; a moving one is shown."""
        order = order_with_parcel(turn, self.action_name, UNDER_WAY if _holds_unsent(turn) else (OrderState.SHIPPED,))
        if order is None:
            return
        parcel = order.shipments[-1]
        if parcel.delivered_at or not parcel.stuck:
            tell_parcels(turn, order)
            return
        result = turn.shop.orders.investigate(turn.customer, order.number, key=turn.key("investigate"))
        human = button("human")
        turn.say(
            "utter_investigated_again" if result.again else "utter_investigated",
            buttons=[(human["title"], human["payload"])],
            **order_facts(order),
            **parcel_facts(parcel),
        )
        turn.show("parcel", [parcel_card(parcel)])


class ContactCourier(ShopAction):
    """How to reach the courier."""

    action_name = "action_contact_courier"

    def answer(self, turn: Turn) -> None:
        """The courier's phone and the tracking number to give them."""
        order = order_with_parcel(turn, self.action_name)
        if order is None:
            return
        parcel = order.shipments[-1]
        turn.say(
            "utter_courier_phone" if parcel.courier_phone else "utter_courier_no_phone",
            **order_facts(order),
            **parcel_facts(parcel),
        )
