"""After-sale cases read for their owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from shop import policy
from shop.entities import CaseView
from shop.errors import CaseNotFound
from shop.models import AfterSaleCase, Order
from shop.states import OPEN_CASES, CaseKind, CaseReason, CaseState
from shop.text_match import digits

if TYPE_CHECKING:
    from shop.front import Shop


def find_cases(
    shop: Shop,
    session: Session,
    customer_id: int,
    *,
    number: str | None = None,
    order_number: str | None = None,
    kinds: Iterable[CaseKind | str] | None = None,
    open_only: bool = False,
) -> list[CaseView]:
    """A customer's cases, newest first."""
    query = select(AfterSaleCase).where(AfterSaleCase.customer_id == customer_id)
    if number is not None:
        query = query.where(AfterSaleCase.number == digits(number)[:20])
    if order_number is not None:
        theirs = select(Order.id).where(Order.number == digits(order_number)[:20])
        query = query.where(AfterSaleCase.order_id.in_(theirs))
    if kinds is not None:
        query = query.where(AfterSaleCase.kind.in_([CaseKind(kind).value for kind in kinds]))
    if open_only:
        query = query.where(AfterSaleCase.state.in_([state.value for state in OPEN_CASES]))
    query = query.options(
        joinedload(AfterSaleCase.order).load_only(Order.number),
        joinedload(AfterSaleCase.line),
        selectinload(AfterSaleCase.events),
    ).order_by(AfterSaleCase.created_at.desc(), AfterSaleCase.id.desc())
    return [_view(shop, case) for case in session.execute(query).scalars()]


def locked_case(session: Session, number: str, customer_id: int | None = None) -> Any:
    """A case with its row locked until the change ends.

    Args:
        customer_id: whose it must be; None when the shop itself asks.

    Raises:
        CaseNotFound: it is unknown or another's.
    """
    query = select(AfterSaleCase).where(AfterSaleCase.number == digits(number)[:20])
    if customer_id is not None:
        query = query.where(AfterSaleCase.customer_id == customer_id)
    case = session.execute(query.with_for_update()).scalar_one_or_none()
    if case is None:
        raise CaseNotFound("this customer has no case of that number", number=digits(number)[:20])
    return case


def _view(shop: Shop, case: Any) -> CaseView:
    state = CaseState(case.state)
    due = None
    if state is CaseState.REFUNDING:
        since = next((one.at for one in reversed(case.events) if one.state == state.value), case.updated_at)
        due = policy.refund_due(since, shop.settings)
    return CaseView(
        number=case.number,
        order_number=case.order.number,
        kind=CaseKind(case.kind),
        reason=CaseReason(case.reason),
        state=state,
        product_name=case.line.name if case.line else "",
        quantity=case.quantity,
        amount_fen=case.amount_fen,
        created_at=case.created_at,
        updated_at=case.updated_at,
        refund_due_at=due,
    )
