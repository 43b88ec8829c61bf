"""A customer's orders: every method takes the customer first and sees only theirs."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable, Iterable

from sqlalchemy.orm import Session

from shop import order_changes, order_search, order_steps
from shop.entities import BoughtLine, CancelResult, ModifyResult, NewAddress, OrderView, SpendView, UrgeResult
from shop.idempotency import once
from shop.order_views import found_order, order_views
from shop.states import OrderState
from shop.text_match import digits

if TYPE_CHECKING:
    from shop.front import Shop


class Orders:
    """Reads and changes orders.

    Every method raises ``OrderNotFound`` when the number is unknown or belongs to
    another customer: the two can't be told apart. Every change takes a ``key``;
    asked again with the same key it changes nothing and answers the same.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def list(
        self,
        customer_id: int,
        *,
        states: Iterable[OrderState | str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        words: str | None = None,
        limit: int | None = 5,
    ) -> list[OrderView]:
        """The customer's orders, newest first.

        Args:
            states: only orders in these states.
            since: only orders made then or later.
            until: only orders made before.
            words: only orders with a product that these words mean.
            limit: how many at most; None means all.
        """
        with self._shop.database.read() as session:
            ids = order_search.find(session, customer_id, states, since, until, words, limit)
            return order_views(self._shop, session, ids)

    def bought(self, customer_id: int, limit: int = 60) -> builtins.list[BoughtLine]:
        """The lines of the customer's orders, newest first."""
        with self._shop.database.read() as session:
            return order_search.bought(session, customer_id, limit)

    def get(self, customer_id: int, number: str) -> OrderView:
        """One order."""
        with self._shop.database.read() as session:
            return order_views(self._shop, session, [found_order(session, customer_id, number, lock=False).id])[0]

    def cancel(self, customer_id: int, number: str, reason: str, *, key: str) -> CancelResult:
        """Cancel an order that has not left; what was paid goes back.

        Raises:
            CannotCancel: it has left or is cancelled; ``facts["state"]`` says which.
        """
        done = self._change("cancel", customer_id, number, key, order_changes.cancel, reason)
        return CancelResult(self.get(customer_id, number), done["refund_fen"])

    def change_address(self, customer_id: int, number: str, new: NewAddress, *, key: str) -> OrderView:
        """Send an order that has not left elsewhere.

        Raises:
            CannotChange: it has left or is cancelled.
            BadAddress: a part is missing; ``facts["missing"]`` names it.
        """
        self._change("change_address", customer_id, number, key, order_changes.change_address, new)
        return self.get(customer_id, number)

    def modify_line(
        self,
        customer_id: int,
        number: str,
        line_id: int,
        *,
        color: str | None = None,
        size: str | None = None,
        quantity: int | None = None,
        key: str,
    ) -> ModifyResult:
        """Take a line in another colour, size or quantity.

        On a paid order the total may not rise; when it falls, the difference goes back.

        Raises:
            CannotChange: it has left or is cancelled (``why`` is its state) or would cost more (``why="price"``).
            OutOfStock: there are not enough (``available``), or the product does not come so (``specs`` that it has).
            BadQuantity: not a whole number from 1 to 99.
            NotFound: the order has no such line.
        """
        wish = (line_id, color, size, quantity)
        done = self._change("modify_line", customer_id, number, key, order_changes.modify_line, *wish)
        return ModifyResult(self.get(customer_id, number), done["difference_fen"])

    def add_note(self, customer_id: int, number: str, note: str, *, key: str) -> OrderView:
        """Append to the note of an order that has not left.

        Raises:
            CannotChange: it has left or is cancelled.
            BadValue: empty, or over 200 characters with what stands there (``left`` says how many fit).
        """
        self._change("add_note", customer_id, number, key, order_changes.add_note, note)
        return self.get(customer_id, number)

    def schedule(self, customer_id: int, number: str, when: str, *, key: str) -> OrderView:
        """Note when the customer wants an order that has not left.

        Raises:
            CannotChange: it has left or is cancelled.
            BadValue: nothing was said.
        """
        self._change("schedule", customer_id, number, key, order_changes.schedule, when)
        return self.get(customer_id, number)

    def urge(self, customer_id: int, number: str, *, key: str) -> UrgeResult:
        """Pass on that the customer is waiting, for a paid or shipped order; once a day.

        Raises:
            CannotChange: there is nothing to wait for.
        """
        done = self._change("urge", customer_id, number, key, order_changes.ask, "urge")
        return UrgeResult(self.get(customer_id, number), done["again"])

    def investigate(self, customer_id: int, number: str, *, key: str) -> UrgeResult:
        """Have a parcel looked for; once a day.

        Raises:
            CannotChange: nothing has left yet, or the order is cancelled.
        """
        done = self._change("investigate", customer_id, number, key, order_changes.ask, "investigate")
        return UrgeResult(self.get(customer_id, number), done["again"])

    def spend(self, customer_id: int, *, since: datetime | None = None, until: datetime | None = None) -> SpendView:
        """What the customer's paid orders of a time came to, less what went back."""
        with self._shop.database.read() as session:
            count, total = order_search.spent(session, customer_id, since, until)
            dearest = order_search.priciest(session, customer_id, since, until)
            priciest = order_views(self._shop, session, dearest)
        return SpendView(count, total, round(total / count) if count else 0, priciest[0] if priciest else None)

    def advance(self, number: str, state: OrderState, *, by: str, **parcel: Any) -> None:
        """Take an order one step on for the shop's side; see ``shop.order_steps.advance``."""
        with self._shop.database.change() as session:
            order_steps.advance(self._shop, session, number, OrderState(state), by, **parcel)

    def expire_unpaid(self) -> int:
        """Cancel the orders whose time to pay is over; returns how many."""
        return order_steps.expire_unpaid(self._shop)

    def _change(
        self, operation: str, customer_id: int, number: str, key: str, make: Callable[..., dict[str, Any]], *wish: Any
    ) -> dict[str, Any]:
        subject = f"{customer_id}:{digits(number)[:20]}"

        def change(session: Session) -> dict[str, Any]:
            return make(self._shop, session, found_order(session, customer_id, number, lock=True), *wish)

        with self._shop.database.change() as session:
            return once(session, operation, subject, key, lambda: change(session))
