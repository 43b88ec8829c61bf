"""Returns, exchanges, refunds, repairs and resends: offers, cases and their steps."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop import order_changes, policy
from shop.case_offers import Draft, draft
from shop.case_views import find_cases, locked_case
from shop.catalogue_views import free_units
from shop.entities import CaseOffer, CaseView
from shop.errors import CaseNotFound, NotFound, OutOfStock, WrongState
from shop.idempotency import once
from shop.models import AfterSaleCase, CaseEvent, CaseProof, Order, OrderLine, Sku, Stock, Upload
from shop.order_views import found_order
from shop.privacy import mask_text
from shop.states import CaseKind, CaseReason, CaseState, may_step
from shop.stock import fitting_skus
from shop.text_match import clean, digits

if TYPE_CHECKING:
    from shop.front import Shop


class AfterSale:
    """A customer's after-sale cases. Orders and cases of others read like unknown ones.

    Every change takes a ``key``; asked again with the same key it changes nothing
    and answers the same.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def offer(
        self,
        customer_id: int,
        number: str,
        kind: CaseKind | str,
        reason: CaseReason | str,
        *,
        line_id: int | None = None,
        quantity: int | None = None,
    ) -> CaseOffer:
        """What the customer would get if the case were opened now; nothing is changed.

        The offer's kind may differ from the wish: a refund of delivered goods without
        the shop's fault is a return. A refund of a paid order that has not left
        cancels the whole order, so its amount is all that was paid.

        Args:
            line_id: the line; None means the first without an open case.
            quantity: units; None means all that are left of the line.

        Raises:
            OrderNotFound: the order is unknown or another's.
            CannotReturn: ``facts["why"]`` is not_delivered, window_over (with ``days``), cancelled or unpaid.
            AlreadyOpen: the line has an open case, or nothing of it is left; ``facts["number"]`` names the case.
            BadQuantity: more than is left of the line.
        """
        with self._shop.database.read() as session:
            order = found_order(session, customer_id, number, lock=False)
            return draft(self._shop, session, order, CaseKind(kind), CaseReason(reason), line_id, quantity).offer

    def open(
        self,
        customer_id: int,
        number: str,
        kind: CaseKind | str,
        reason: CaseReason | str,
        *,
        line_id: int | None = None,
        quantity: int | None = None,
        description: str = "",
        wanted_spec: str | None = None,
        proofs: Sequence[str] = (),
        key: str,
    ) -> CaseView:
        """Open a case as ``offer`` says it; raises the same.

        Args:
            description: the customer's words; sealed.
            wanted_spec: of an exchange: the colour or size wanted instead, or the customer's words for it.
            proofs: ids of uploads; unknown ones are refused.

        Raises:
            OutOfStock: the exchange's wanted SKU is not there.
            NotFound: an upload does not exist.
        """

        def change(session: Session) -> dict[str, Any]:
            order = found_order(session, customer_id, number, lock=True)
            made = draft(self._shop, session, order, CaseKind(kind), CaseReason(reason), line_id, quantity)
            if made.offer.kind is CaseKind.EXCHANGE and wanted_spec:
                _check_wanted(session, made, wanted_spec)
            case = self._store(session, order, made, CaseReason(reason), description, wanted_spec)
            _attach(session, case, proofs)
            if made.cancels:
                order_changes.cancel(self._shop, session, order, CaseReason(reason).value)
                for state in (CaseState.APPROVED, CaseState.REFUNDING, CaseState.DONE):
                    self._move(session, case, state, "system")
            return {"number": case.number}

        subject = f"{customer_id}:{digits(number)[:20]}"
        with self._shop.database.change() as session:
            done = once(session, "open_case", subject, key, lambda: change(session))
        return self._get(customer_id, done["number"])

    def list(
        self,
        customer_id: int,
        *,
        order_number: str | None = None,
        kinds: Iterable[CaseKind | str] | None = None,
        open_only: bool = False,
    ) -> list[CaseView]:
        """The customer's cases, newest first; of one order or of some kinds only."""
        with self._shop.database.read() as session:
            return find_cases(
                self._shop, session, customer_id, order_number=order_number, kinds=kinds, open_only=open_only
            )

    def withdraw(self, customer_id: int, case_number: str, *, key: str) -> CaseView:
        """Take a case back while nothing is on its way.

        Raises:
            CaseNotFound: it is unknown or another's.
            WrongState: it is past that; ``facts["state"]`` says where it stands.
        """

        def change(session: Session) -> dict[str, Any]:
            case = locked_case(session, case_number, customer_id)
            self._move(session, case, CaseState.WITHDRAWN, "customer")
            return {}

        subject = f"{customer_id}:{digits(case_number)[:20]}"
        with self._shop.database.change() as session:
            once(session, "withdraw_case", subject, key, lambda: change(session))
        return self._get(customer_id, case_number)

    def step(self, case_number: str, state: CaseState | str, by: str) -> CaseView:
        """Take a case on, for agents and the shop's own systems.

        Returned goods that are as new go back on the shelf when they are received;
        the money of a return or refund goes back when the case is done.

        Raises:
            CaseNotFound: no case has this number.
            WrongState: ``shop.states.CASE_STEPS`` does not allow the step.
        """
        with self._shop.database.change() as session:
            order_id = session.execute(
                select(AfterSaleCase.order_id).where(AfterSaleCase.number == digits(case_number)[:20])
            ).scalar()
            order = session.execute(select(Order).where(Order.id == order_id).with_for_update()).scalar_one_or_none()
            case = locked_case(session, case_number)
            state = CaseState(state)
            self._move(session, case, state, by)
            if state is CaseState.GOODS_RECEIVED:
                self._shelve(session, order, case)
            if state is CaseState.DONE and case.kind in {CaseKind.RETURN.value, CaseKind.REFUND.value}:
                order_changes.pay_back(session, order, case.amount_fen)
                order_changes.fit_invoice(session, order)
            customer_id, number = case.customer_id, case.number
        return self._get(customer_id, number)

    def _get(self, customer_id: int, number: str) -> CaseView:
        with self._shop.database.read() as session:
            found = find_cases(self._shop, session, customer_id, number=number)
        if not found:
            raise CaseNotFound("this customer has no case of that number", number=digits(number)[:20])
        return found[0]

    def _store(
        self, session: Session, order: Any, made: Draft, reason: CaseReason, description: str, wanted: str | None
    ) -> Any:
        now = self._shop.clock()
        case = AfterSaleCase(
            number=_new_number(session),
            customer_id=order.customer_id,
            order_id=order.id,
            order_line_id=made.line.id,
            kind=made.offer.kind.value,
            reason=reason.value,
            description_sealed=self._shop.cipher.seal(clean(description, 1000) or None),
            quantity=made.quantity,
            amount_fen=made.offer.amount_fen,
            wanted_spec=mask_text(clean(wanted, 200))[:100] or None,  # not sealed: no place for a phone
            state=CaseState.SUBMITTED.value,
            created_at=now,
            updated_at=now,
        )
        session.add(case)
        session.flush()
        session.add(CaseEvent(case_id=case.id, state=case.state, by="customer", at=now))
        return case

    def _move(self, session: Session, case: Any, state: CaseState, by: str) -> None:
        if not may_step(CaseState(case.state), state):
            raise WrongState(
                f"a case goes not from {case.state} to {state.value}",
                why=case.state, state=case.state, number=case.number,
            )  # fmt: skip
        case.state, case.updated_at = state.value, self._shop.clock()
        session.add(CaseEvent(case_id=case.id, state=state.value, by=clean(by, 40), at=case.updated_at))
        session.flush()

    def _shelve(self, session: Session, order: Any, case: Any) -> None:
        """Put returned goods back on the shelf they came from, unless something is wrong with them."""
        if CaseReason(case.reason) in policy.SHOP_FAULTS:
            return
        sku_id = session.execute(select(OrderLine.sku_id).where(OrderLine.id == case.order_line_id)).scalar_one()
        home = next((one.warehouse_id for one in order.shipments if one.warehouse_id), None)
        home = (
            home
            or session.execute(
                select(Stock.warehouse_id).where(Stock.sku_id == sku_id).order_by(Stock.id).limit(1)
            ).scalar()
        )
        if home:
            self._shop.stock.receive(session, sku_id, home, case.quantity, case.number, "return")


def _check_wanted(session: Session, made: Draft, wanted: str) -> None:
    """When an exchange's wish names SKUs of the product, one must have enough free units.

    Other words ("one size larger") are kept for the person who handles the case.
    """
    skus = list(session.execute(select(Sku).where(Sku.product_id == made.line.sku.product_id)).scalars())
    fitting = _by_words(skus, wanted)
    if not fitting:
        return
    free = free_units(session, [sku.id for sku in fitting])
    best = max(free.get(sku.id, 0) for sku in fitting)
    if best < made.quantity:
        raise OutOfStock("the wanted SKU is not there", available=best, specs=[sku.spec for sku in skus])


def _by_words(skus: list[Any], wanted: str) -> list[Any]:
    """SKUs that a colour, a size or both in one phrase mean."""
    for part in (wanted.split(), [wanted]):
        fitting = skus
        for word in part:
            fitting = [sku for sku in fitting if sku in fitting_skus(skus, word, None) + fitting_skus(skus, None, word)]
        if fitting:
            return fitting
    return []


def _attach(session: Session, case: Any, proofs: Sequence[str]) -> None:
    known = set(session.execute(select(Upload.id).where(Upload.id.in_(list(proofs)))).scalars()) if proofs else set()
    for proof in dict.fromkeys(proofs):
        if proof not in known:
            raise NotFound("no upload has this id")
        session.add(CaseProof(case_id=case.id, upload_id=proof))


def _new_number(session: Session) -> str:
    """A case number that nobody can guess and nobody has."""
    while True:
        number = "AS" + "".join(secrets.choice("0123456789") for _ in range(14))
        if session.execute(select(AfterSaleCase.id).where(AfterSaleCase.number == number)).first() is None:
            return number
