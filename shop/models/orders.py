"""Tables of a sale: order, lines, payment, shipment, tracking, invoice."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import relationship

from shop.models.base import Base, UtcTime, utc_now
from shop.models.catalogue import Sku


class Order(Base):
    """An order; ``version`` grows with each change, so that two can't both win.

    ``receiver_sealed`` is the JSON of {name, phone, street} of the moment;
    province, city and district stay readable for statistics.
    """

    __tablename__ = "orders"
    id = Column(Integer, primary_key=True)
    number = Column(String(20), nullable=False, unique=True)
    customer_id = Column(ForeignKey("customer.id"), nullable=False)
    state = Column(String(16), nullable=False)
    created_at = Column(UtcTime, nullable=False, default=utc_now, index=True)
    paid_at = Column(UtcTime)
    shipped_at = Column(UtcTime, index=True)
    delivered_at = Column(UtcTime, index=True)
    completed_at = Column(UtcTime)
    cancelled_at = Column(UtcTime, index=True)
    cancel_reason = Column(String(40))
    goods_fen = Column(Integer, nullable=False)
    discount_fen = Column(Integer, nullable=False, default=0)
    shipping_fen = Column(Integer, nullable=False, default=0)
    total_fen = Column(Integer, nullable=False)
    receiver_sealed = Column(Text)
    province = Column(String(20), nullable=False, default="")
    city = Column(String(20), nullable=False, default="")
    district = Column(String(30), nullable=False, default="")
    note_sealed = Column(Text)
    deliver_on = Column(String(40))  # wished delivery time, as the customer said it, normalised
    channel = Column(String(12), nullable=False, default="web")
    version = Column(Integer, nullable=False, default=1)
    lines = relationship("OrderLine", order_by="OrderLine.id", back_populates="order")
    shipments = relationship("Shipment", order_by="Shipment.id", back_populates="order")
    payments = relationship("Payment", order_by="Payment.id")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_orders_customer_created", "customer_id", "created_at"),
        Index("ix_orders_state_created", "state", "created_at"),
        CheckConstraint("total_fen >= 0", name="total"),
    )


class OrderLine(Base):
    """A SKU in an order, with its name, spec and price of that day."""

    __tablename__ = "order_line"
    id = Column(Integer, primary_key=True)
    order_id = Column(ForeignKey("orders.id"), nullable=False, index=True)
    sku_id = Column(ForeignKey("sku.id"), nullable=False, index=True)
    name = Column(String(200), nullable=False)
    spec = Column(String(100), nullable=False, default="")
    quantity = Column(Integer, nullable=False, index=True)
    price_fen = Column(Integer, nullable=False)
    order = relationship(Order, back_populates="lines")
    sku = relationship(Sku)
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)


class OrderChange(Base):
    """The trail of an order: what was changed or asked, by whom, when."""

    __tablename__ = "order_change"
    id = Column(Integer, primary_key=True)
    order_id = Column(ForeignKey("orders.id"), nullable=False, index=True)
    kind = Column(String(16), nullable=False)  # cancel, address, line, note, schedule, urge, investigate, state
    detail_sealed = Column(Text)
    by = Column(String(40), nullable=False, default="customer")
    at = Column(UtcTime, nullable=False, default=utc_now)


class Payment(Base):
    """Money in, and how much of it went back (fen)."""

    __tablename__ = "payment"
    id = Column(Integer, primary_key=True)
    order_id = Column(ForeignKey("orders.id"), nullable=False, index=True)
    method = Column(String(12), nullable=False)  # wechat, alipay, card, balance, cod
    amount_fen = Column(Integer, nullable=False)
    refunded_fen = Column(Integer, nullable=False, default=0)
    at = Column(UtcTime, nullable=False, default=utc_now)
    __table_args__ = (CheckConstraint("refunded_fen >= 0 AND refunded_fen <= amount_fen", name="refunded"),)


class Shipment(Base):
    """A parcel of an order."""

    __tablename__ = "shipment"
    id = Column(Integer, primary_key=True)
    order_id = Column(ForeignKey("orders.id"), nullable=False, index=True)
    warehouse_id = Column(ForeignKey("warehouse.id"))
    courier = Column(String(20), nullable=False)  # name as customers know it
    courier_phone = Column(String(20))
    tracking_number = Column(String(40), nullable=False, unique=True)
    state = Column(String(20), nullable=False)  # see shop.states.ShipmentState
    shipped_at = Column(UtcTime)
    eta = Column(UtcTime)
    delivered_at = Column(UtcTime)
    order = relationship(Order, back_populates="shipments")
    events = relationship("TrackingEvent", order_by="TrackingEvent.at")


class TrackingEvent(Base):
    """Where a parcel was, in the courier's words."""

    __tablename__ = "tracking_event"
    id = Column(Integer, primary_key=True)
    shipment_id = Column(ForeignKey("shipment.id"), nullable=False)
    at = Column(UtcTime, nullable=False)
    place = Column(String(60), nullable=False, default="")
    text = Column(String(300), nullable=False)
    __table_args__ = (Index("ix_tracking_event_shipment_at", "shipment_id", "at"),)


class Invoice(Base):
    """An invoice of an order: requested, issued or void."""

    __tablename__ = "invoice"
    id = Column(Integer, primary_key=True)
    order_id = Column(ForeignKey("orders.id"), nullable=False, index=True)
    kind = Column(String(8), nullable=False)  # personal, company
    title_sealed = Column(Text, nullable=False)
    tax_number_sealed = Column(Text)
    email_sealed = Column(Text)
    amount_fen = Column(Integer, nullable=False)
    state = Column(String(10), nullable=False, default="requested")
    number = Column(String(24), unique=True)
    url = Column(String(200))
    requested_at = Column(UtcTime, nullable=False, default=utc_now)
    issued_at = Column(UtcTime)
