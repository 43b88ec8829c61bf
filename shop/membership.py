"""A customer's standing and coupons."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.customers import living
from shop.entities import CouponView, MembershipView
from shop.errors import AlreadyOpen, NotFound, OutOfStock
from shop.idempotency import once
from shop.models import Category, Coupon, CustomerCoupon
from shop.order_search import spent
from shop.text_match import clean

if TYPE_CHECKING:
    from shop.front import Shop

_YEAR = timedelta(days=365)


class Membership:
    """Level, points, balance, coupons."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def card(self, customer_id: int) -> MembershipView:
        """The customer's standing; ``coupons`` counts those that can be used now.

        Raises:
            NotFound: there is no such customer.
        """
        now = self._shop.clock()
        with self._shop.database.read() as session:
            customer = living(session, customer_id)
            usable = select(func.count()).select_from(CustomerCoupon).join(Coupon).where(
                CustomerCoupon.customer_id == customer_id,
                CustomerCoupon.used_at.is_(None),
                Coupon.ends_at > now,
            )  # fmt: skip
            coupons = session.execute(usable).scalar_one()
            _, year_spend = spent(session, customer_id, now - _YEAR, None)
        steps = self._shop.settings.level_thresholds
        return MembershipView(
            level=customer.level,
            points=customer.points,
            balance_fen=customer.balance_fen,
            coupons=coupons,
            year_spend_fen=year_spend,
            next_level_fen=steps[customer.level] if customer.level < len(steps) else None,
        )

    def coupons(self, customer_id: int) -> list[CouponView]:
        """The coupons that the customer holds and has time for, unused ones first, then those that end first."""
        with self._shop.database.read() as session:
            return _held(session, customer_id, Coupon.ends_at > self._shop.clock())

    def claimable(self, customer_id: int | None) -> list[CouponView]:
        """The coupons that a customer could claim now, those that end first first.

        Args:
            customer_id: None shows what any customer could claim.

        Raises:
            NotFound: there is no such customer.
        """
        with self._shop.database.read() as session:
            found = self._claimable(session, None if customer_id is None else living(session, customer_id))
            return [_view(coupon, category, False, False) for coupon, category in found]

    def claim(self, customer_id: int, *, code: str | None = None, key: str) -> list[CouponView]:
        """Take a coupon, or all that are to be had.

        Returns:
            What was taken; without a code it may be nothing.

        Raises:
            NotFound: no coupon of this code is to be had by this customer now.
            AlreadyOpen: the customer holds it already.
            OutOfStock: all of it are taken.
        """

        def change(session: Session) -> dict[str, Any]:
            customer = living(session, customer_id)
            ids = [self._wanted(session, customer, code)] if code else self._ids(session, customer)
            # In the order of ids, so that two customers never wait for each other in a ring.
            return {"ids": [one for one in sorted(ids) if self._take(session, customer_id, one, bool(code))]}

        with self._shop.database.change() as session:
            done = once(session, "claim", f"{customer_id}:{clean(code, 40)}", key, lambda: change(session))
        with self._shop.database.read() as session:
            return _held(session, customer_id, Coupon.id.in_(done["ids"]))

    def _claimable(self, session: Session, customer: Any | None) -> list[Any]:
        now = self._shop.clock()
        query = (
            select(Coupon, Category.name)
            .outerjoin(Category, Category.id == Coupon.category_id)
            .where(Coupon.ends_at > now, Coupon.starts_at <= now, Coupon.claimed < Coupon.total)
            .where(Coupon.min_level <= (customer.level if customer else 0))
            .order_by(Coupon.ends_at, Coupon.id)
        )
        if customer is not None:
            held = select(CustomerCoupon.coupon_id).where(CustomerCoupon.customer_id == customer.id)
            query = query.where(Coupon.id.not_in(held))
        return list(session.execute(query).all())

    def _ids(self, session: Session, customer: Any) -> list[int]:
        return [coupon.id for coupon, _ in self._claimable(session, customer)]

    def _wanted(self, session: Session, customer: Any, code: str) -> int:
        now = self._shop.clock()
        coupon = session.execute(select(Coupon).where(Coupon.code == clean(code, 40))).scalar_one_or_none()
        running = coupon is not None and coupon.starts_at <= now < coupon.ends_at
        if coupon is None or not running or coupon.min_level > customer.level:
            raise NotFound("no coupon of this code is to be had by this customer now", code=clean(code, 40))
        return int(coupon.id)

    def _take(self, session: Session, customer_id: int, coupon_id: int, strict: bool) -> bool:
        """Give one coupon to one customer under its row's lock; False (or an error) when it can't be."""
        query = select(Coupon).where(Coupon.id == coupon_id).with_for_update()
        coupon = session.execute(query.execution_options(populate_existing=True)).scalar_one()
        held = select(CustomerCoupon.id).where(
            CustomerCoupon.customer_id == customer_id, CustomerCoupon.coupon_id == coupon_id
        )
        if session.execute(held).first():
            if strict:
                raise AlreadyOpen("the customer holds this coupon already", code=coupon.code)
            return False
        if coupon.claimed >= coupon.total:
            if strict:
                raise OutOfStock("all of this coupon are taken", code=coupon.code, available=0)
            return False
        coupon.claimed += 1
        session.add(CustomerCoupon(customer_id=customer_id, coupon_id=coupon_id, claimed_at=self._shop.clock()))
        return True


def _held(session: Session, customer_id: int, condition: Any) -> list[CouponView]:
    """Coupons in a customer's hands, unused ones first, then those that end first."""
    query = (
        select(Coupon, Category.name, CustomerCoupon.used_at)
        .join(CustomerCoupon, CustomerCoupon.coupon_id == Coupon.id)
        .outerjoin(Category, Category.id == Coupon.category_id)
        .where(CustomerCoupon.customer_id == customer_id, condition)
        .order_by(CustomerCoupon.used_at.is_not(None), Coupon.ends_at, Coupon.id)
    )
    return [_view(coupon, category, True, used is not None) for coupon, category, used in session.execute(query)]


def _view(coupon: Any, category: str | None, held: bool, used: bool) -> CouponView:
    return CouponView(
        code=coupon.code,
        name=coupon.name,
        threshold_fen=coupon.threshold_fen,
        off_fen=coupon.off_fen,
        category=category,
        ends_at=coupon.ends_at,
        held=held,
        used=used,
    )
