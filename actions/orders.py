"""Questions about orders: lists, states, cancellations, sums."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from actions.base import ShopAction
from actions.cards import button, goods, order_card
from actions.meant import orders_meant, said_states
from actions.picking import MOST_CHOICES, OPEN_STATES, let_choose, pick_order
from actions.texts import label, minute, yuan
from actions.turn import Turn
from shop.entities import OrderView
from shop.states import OrderState


def period(turn: Turn) -> tuple[datetime | None, datetime | None]:
    """The start and end that the message names, if any."""
    span = turn.entity("date")
    if not isinstance(span, dict):
        return None, None
    return datetime.fromisoformat(span["start"]), datetime.fromisoformat(span["end"])


def order_facts(order: OrderView) -> dict[str, Any]:
    """What the sentences about an order may mention."""
    return {
        "number": order.number,
        "goods": goods(order),
        "order_state": label("order_state", order.state.value),
        "total": yuan(order.total_fen),
        "created": minute(order.created_at),
        "paid": minute(order.paid_at),
        "pay_by": minute(order.pay_by),
        "ship_by": minute(order.ship_by),
        "shipped": minute(order.shipped_at),
        "delivered": minute(order.delivered_at),
        "cancelled": minute(order.cancelled_at),
        "cancel_reason": label("cancel_reason", order.cancel_reason or "other"),
    }


def next_steps(order: OrderView) -> list[tuple[str, str]]:
    """Up to three buttons for what may be done with an order now."""
    wanted = {
        OrderState.PENDING_PAYMENT: ("cancel", "change_address"),
        OrderState.PAID: ("urge", "change_address", "cancel"),
        OrderState.SHIPPED: ("track", "urge"),
        OrderState.DELIVERED: ("return_goods", "exchange_goods", "invoice"),
        OrderState.COMPLETED: ("invoice", "return_goods"),
        OrderState.CANCELLED: ("orders",),
    }[order.state]
    needs = {"return_goods": "return", "exchange_goods": "exchange"}
    free = {"track", "orders"}
    steps = [name for name in wanted if name in free or needs.get(name, name) in order.can]
    return [(one["title"], one["payload"]) for one in map(button, steps)]


class ListOrders(ShopAction):
    """The customer's orders, newest first."""

    action_name = "action_list_orders"

    def answer(self, turn: Turn) -> None:
        """List them; a number shows that one; goods and a period narrow the list."""
        if turn.entity("order_no"):
            return OrderStatus.tell(turn, turn.shop.orders.get(turn.customer, str(turn.entity("order_no"))))
        since, until = period(turn)
        words = turn.entity_text("product") or turn.entity_text("category") or turn.entity_text("brand")
        listed = partial(
            turn.shop.orders.list,
            turn.customer,
            states=said_states(turn.text) or None,
            since=since,
            until=until,
            words=words,
        )
        orders = orders_meant(lambda most: listed(limit=most), turn.text, MOST_CHOICES)
        if not orders:
            turn.say("utter_no_orders")
            return None
        turn.say(
            "utter_list_orders",
            count=len(orders),
            newest=goods(orders[0]),
            order_state=label("order_state", orders[0].state.value),
        )
        turn.show("orders", [order_card(one, position) for position, one in enumerate(orders, 1)])
        let_choose(turn, "order", [one.number for one in orders], "action_order_status")
        if len(orders) == 1:
            turn.focus("order", orders[0].number)
        return None


class OrderStatus(ShopAction):
    """Where one order stands."""

    action_name = "action_order_status"

    def answer(self, turn: Turn) -> None:
        """Tell the state with its date and the next step."""
        order = pick_order(turn, OPEN_STATES, self.action_name)
        if order is not None:
            self.tell(turn, order)

    @staticmethod
    def tell(turn: Turn, order: OrderView) -> None:
        """Say an order's state in one sentence, with buttons."""
        turn.focus("order", order.number)
        facts = order_facts(order)
        if order.shipments:
            parcel = order.shipments[-1]
            facts["courier"] = parcel.courier
            facts["scan"] = parcel.events[-1].text if parcel.events else label("shipment_state", parcel.state.value)
        else:
            facts["courier"], facts["scan"] = "", ""
        turn.say(f"utter_order_{order.state.value}", buttons=next_steps(order), **facts)


class CancelStatus(ShopAction):
    """Whether a cancellation went through."""

    action_name = "action_cancel_status"

    def answer(self, turn: Turn) -> None:
        """Tell when and with what refund, or that it is not cancelled."""
        order = pick_order(turn, (OrderState.CANCELLED,), self.action_name)
        if order is None:
            return
        cancelled = order.state is OrderState.CANCELLED
        name = (
            "utter_not_cancelled"
            if not cancelled
            else "utter_cancel_done_paid"
            if order.paid_at
            else "utter_cancel_done"
        )
        turn.say(name, buttons=[] if cancelled else next_steps(order), **order_facts(order))


class OrderCancelled(ShopAction):
    """Why an order was cancelled."""

    action_name = "action_order_cancelled"

    def answer(self, turn: Turn) -> None:
        """Tell the reason and the day."""
        order = pick_order(turn, (OrderState.CANCELLED,), self.action_name)
        if order is None:
            return
        name = "utter_why_cancelled" if order.state is OrderState.CANCELLED else "utter_not_cancelled"
        turn.say(name, **order_facts(order))
