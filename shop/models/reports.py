"""Tables that are derived from the others, so that questions over millions of orders are quick.

``sales_touch`` is filled by triggers of the database whenever an order or a payment
changes; ``shop.sales_days`` makes the touched days anew from the orders. Days are
those of Asia/Shanghai, as YYYY-MM-DD.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String

from shop.models.base import Base, UtcTime, utc_now

_DERIVED = {"info": {"derived": True}}


class SalesTouch(Base):
    """A day whose figures may have changed; appended by triggers, taken away by the next reckoning."""

    __tablename__ = "sales_touch"
    id = Column(Integer, primary_key=True)
    day = Column(String(10), nullable=False)
    __table_args__ = (_DERIVED,)


class OrderDay(Base):
    """Orders of a day by city and channel; money in fen.

    ``orders``, ``total_fen``, ``discount_fen``, ``kept_fen`` (total less what went
    back) are of orders that are paid and not cancelled; ``ever_paid``,
    ``refund_orders``, ``refunded_fen`` count cancelled ones too.
    """

    __tablename__ = "order_day"
    day = Column(String(10), primary_key=True)
    city = Column(String(20), primary_key=True)
    channel = Column(String(12), primary_key=True)
    orders = Column(Integer, nullable=False)
    total_fen = Column(BigInteger, nullable=False)
    discount_fen = Column(BigInteger, nullable=False)
    kept_fen = Column(BigInteger, nullable=False)
    ever_paid = Column(Integer, nullable=False)
    refund_orders = Column(Integer, nullable=False)
    refunded_fen = Column(BigInteger, nullable=False)
    __table_args__ = (_DERIVED,)


class GoodsDay(Base):
    """Goods of paid orders of a day: ``kind`` sku, product, category or brand, ``key_id`` its id.

    An order that holds two products of a category counts once for the category.
    """

    __tablename__ = "goods_day"
    kind = Column(String(8), primary_key=True)
    day = Column(String(10), primary_key=True)
    key_id = Column(Integer, primary_key=True)
    orders = Column(Integer, nullable=False)
    units = Column(Integer, nullable=False)
    amount_fen = Column(BigInteger, nullable=False)
    __table_args__ = (Index("ix_goods_day_kind_key", "kind", "key_id", "day"), _DERIVED)


class VisitDay(Base):
    """Different visitors of a day, and how many of them bought."""

    __tablename__ = "visit_day"
    day = Column(String(10), primary_key=True)
    visitors = Column(Integer, nullable=False)
    buyers = Column(Integer, nullable=False)
    __table_args__ = (_DERIVED,)


class RollUp(Base):
    """How far a reckoning has come; its row is the lock of those who reckon."""

    __tablename__ = "roll_up"
    name = Column(String(20), primary_key=True)
    upto_id = Column(BigInteger, nullable=False, default=0)
    __table_args__ = (_DERIVED,)


class WorkAccount(Base):
    """A customer's account that an agent talks to the bot with, to ask about the whole shop."""

    __tablename__ = "work_account"
    customer_id = Column(ForeignKey("customer.id"), primary_key=True)
    agent_id = Column(ForeignKey("agent.id"), nullable=False, index=True)
    since = Column(UtcTime, nullable=False, default=utc_now)
