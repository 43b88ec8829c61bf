"""Tables of customers: who they are, where they live, what coupons they hold.

Columns that end in ``_sealed`` hold ciphertext (``shop.privacy.Cipher``).
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Text, UniqueConstraint

from shop.models.base import Base, UtcTime, utc_now


class Customer(Base):
    """A customer; ``phone_hash`` is a keyed hash to find one by phone."""

    __tablename__ = "customer"
    id = Column(Integer, primary_key=True)
    code = Column(String(40), nullable=False, unique=True)
    name_sealed = Column(Text)
    phone_sealed = Column(Text)
    email_sealed = Column(Text)
    phone_hash = Column(String(64), index=True)
    level = Column(Integer, nullable=False, default=0)  # 0 ordinary, 1 silver, 2 gold, 3 platinum, 4 diamond
    points = Column(Integer, nullable=False, default=0)
    balance_fen = Column(Integer, nullable=False, default=0)
    consent = Column(Boolean, nullable=False, default=False)  # to behaviour data
    marketing = Column(Boolean, nullable=False, default=False)  # to campaigns
    created_at = Column(UtcTime, nullable=False, default=utc_now)
    erased_at = Column(UtcTime)


class Address(Base):
    """Where a customer wants goods; the street and the person are sealed."""

    __tablename__ = "address"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey("customer.id"), nullable=False, index=True)
    name_sealed = Column(Text)
    phone_sealed = Column(Text)
    province = Column(String(20), nullable=False)
    city = Column(String(20), nullable=False)
    district = Column(String(30), nullable=False, default="")
    street_sealed = Column(Text)
    is_default = Column(Boolean, nullable=False, default=False)


class Coupon(Base):
    """Money off from a threshold on (fen), in all categories or one."""

    __tablename__ = "coupon"
    id = Column(Integer, primary_key=True)
    code = Column(String(40), nullable=False, unique=True)
    name = Column(String(80), nullable=False)
    threshold_fen = Column(Integer, nullable=False, default=0)
    off_fen = Column(Integer, nullable=False)
    category_id = Column(ForeignKey("category.id"))
    starts_at = Column(UtcTime, nullable=False)
    ends_at = Column(UtcTime, nullable=False, index=True)
    total = Column(Integer, nullable=False)
    claimed = Column(Integer, nullable=False, default=0)
    min_level = Column(Integer, nullable=False, default=0)


class CustomerCoupon(Base):
    """A coupon in a customer's hands: unused or used."""

    __tablename__ = "customer_coupon"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey("customer.id"), nullable=False)
    coupon_id = Column(ForeignKey("coupon.id"), nullable=False, index=True)
    claimed_at = Column(UtcTime, nullable=False, default=utc_now)
    used_at = Column(UtcTime)
    order_id = Column(ForeignKey("orders.id"), index=True)
    __table_args__ = (UniqueConstraint("customer_id", "coupon_id"),)


class BehaviourEvent(Base):
    """One thing a customer or a guest did; stored only with consent."""

    __tablename__ = "behaviour_event"
    id = Column(Integer, primary_key=True)
    customer_id = Column(ForeignKey("customer.id"), index=True)
    session = Column(String(64), nullable=False, default="")
    kind = Column(String(10), nullable=False)  # view, search, cart, favourite, buy, rate
    product_id = Column(ForeignKey("product.id"), index=True)
    query = Column(String(200))
    rating = Column(Integer)
    at = Column(UtcTime, nullable=False, index=True)
