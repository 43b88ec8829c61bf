"""What an after-sale case would come to: the line, the quantity, the money, the window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import policy
from shop.entities import CaseOffer
from shop.errors import AlreadyOpen, CannotReturn, NotFound
from shop.models import AfterSaleCase, OrderLine, Payment
from shop.order_changes import check_quantity
from shop.order_views import order_lines
from shop.states import OPEN_CASES, CaseKind, CaseReason, CaseState, OrderState

if TYPE_CHECKING:
    from shop.front import Shop

_SETTLES = (CaseKind.RETURN.value, CaseKind.REFUND.value)


@dataclass(frozen=True)
class Draft:
    """An offer with the rows it stands on."""

    offer: CaseOffer
    line: Any
    quantity: int
    cancels: bool  # it cancels the whole order


def draft(
    shop: Shop,
    session: Session,
    order: Any,
    kind: CaseKind,
    reason: CaseReason,
    line_id: int | None,
    quantity: int | None,
) -> Draft:
    """Check the rules and reckon what the customer would get.

    Raises:
        CannotReturn: ``facts["why"]`` is not_delivered, window_over (with ``days``), cancelled or unpaid.
        AlreadyOpen: the line has an open case, or all its units were settled; ``facts["number"]`` names the case.
        BadQuantity: more than the line has left (``most``).
        NotFound: the order has no such line.
    """
    state = OrderState(order.state)
    kind = policy.real_kind(kind, reason, state)
    cases = _cases(session, order)
    line = _line(order, line_id, cases)
    until = _window(shop, order, line, kind)
    before = _settled(cases, line)
    cancels = policy.is_cancellation(kind, state)
    units = line.quantity if cancels else check_quantity(_units(quantity, line, before), line.quantity - before)
    amount = _amount(session, order, line, kind, units, before, cancels)
    offer = CaseOffer(
        kind=kind,
        order_number=order.number,
        line=next(view for view in order_lines(session, [order.id])[order.id] if view.id == line.id),
        amount_fen=amount,
        shop_pays_return=reason in policy.SHOP_FAULTS,
        until=until,
        needs_person=not cancels and policy.needs_person(amount, shop.settings),
    )
    return Draft(offer, line, units, cancels)


def _window(shop: Shop, order: Any, line: Any, kind: CaseKind) -> datetime | None:
    """Until when the case may be opened; None before the delivery.

    Raises:
        CannotReturn: it may not be.
    """
    state, product = OrderState(order.state), line.sku.product
    why = policy.why_no_case(kind, state, order.delivered_at, shop.clock(), shop.settings, product.warranty_months)
    until = None
    if order.delivered_at:
        until = policy.case_window(kind, order.delivered_at, product.warranty_months, shop.settings)
    if why:
        days = (until - order.delivered_at).days if until else None
        facts = {"why": why, "days": days, "state": state.value, "kind": kind.value, "goods": product.name}
        raise CannotReturn(f"{kind.value}: {why}", **facts)
    return until


def _cases(session: Session, order: Any) -> list[Any]:
    query = select(AfterSaleCase).where(AfterSaleCase.order_id == order.id).order_by(AfterSaleCase.id)
    return list(session.execute(query).scalars())


def _line(order: Any, line_id: int | None, cases: list[Any]) -> Any:
    """The line that is meant: the given one, else the first that is still free."""
    lines = {line.id: line for line in order.lines}
    if line_id is not None and line_id not in lines:
        raise NotFound(f"order {order.number} has no line {line_id!r}", number=order.number)
    blocked = {one.id: _blocking(cases, one) for one in lines.values()}
    chosen = line_id if line_id is not None else next((one for one in lines if not blocked[one]), next(iter(lines)))
    case = blocked[chosen]
    if case is not None:
        raise AlreadyOpen(f"case {case.number} is {case.state}", number=case.number, state=case.state, kind=case.kind)
    return lines[chosen]


def _blocking(cases: list[Any], line: Any) -> Any | None:
    """The case that leaves nothing to ask for on a line: an open one, or the last that settled all units."""
    mine = [case for case in cases if case.order_line_id == line.id]
    opened = [case for case in mine if CaseState(case.state) in OPEN_CASES]
    if opened:
        return opened[-1]
    return mine[-1] if mine and _settled(cases, line) >= line.quantity else None


def _settled(cases: list[Any], line: OrderLine) -> int:
    """Units of a line that were returned or refunded."""
    done = (case for case in cases if case.order_line_id == line.id and case.state == CaseState.DONE.value)
    return sum(case.quantity for case in done if case.kind in _SETTLES)


def _units(quantity: int | None, line: Any, before: int) -> Any:
    return line.quantity - before if quantity is None else quantity


def _amount(session: Session, order: Any, line: Any, kind: CaseKind, units: int, before: int, cancels: bool) -> int:
    """Fen that go back: the line's share of what was paid; all of it for a cancellation; 0 without a refund."""
    if kind.value not in _SETTLES:
        return 0
    payments = select(Payment.amount_fen - Payment.refunded_fen).where(Payment.order_id == order.id)
    left = sum(session.execute(payments).scalars())
    if cancels:
        return left
    goods = [one.quantity * one.price_fen for one in order.lines]
    share = policy.line_shares(goods, order.discount_fen)[order.lines.index(line)]
    return min(left, policy.part_of_share(share, line.quantity, before, units))
