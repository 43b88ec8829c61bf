"""Tables of what goes wrong: after-sale cases, their events and proof."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import relationship

from shop.models.base import Base, UtcTime, utc_now
from shop.models.orders import Order, OrderLine


class AfterSaleCase(Base):
    """One return, exchange, refund, repair or resend of an order line."""

    __tablename__ = "aftersale_case"
    id = Column(Integer, primary_key=True)
    number = Column(String(20), nullable=False, unique=True)
    customer_id = Column(ForeignKey("customer.id"), nullable=False, index=True)
    order_id = Column(ForeignKey("orders.id"), nullable=False, index=True)
    order_line_id = Column(ForeignKey("order_line.id"), index=True)
    kind = Column(String(10), nullable=False)  # shop.states.CaseKind
    reason = Column(String(20), nullable=False)  # shop.states.CaseReason
    description_sealed = Column(Text)
    quantity = Column(Integer, nullable=False, default=1)
    amount_fen = Column(Integer, nullable=False, default=0)
    wanted_spec = Column(String(100))  # exchange: the colour or size wanted instead
    state = Column(String(16), nullable=False)  # shop.states.CaseState
    return_tracking = Column(String(40))
    created_at = Column(UtcTime, nullable=False, default=utc_now)
    updated_at = Column(UtcTime, nullable=False, default=utc_now)
    version = Column(Integer, nullable=False, default=1)
    order = relationship(Order)
    line = relationship(OrderLine)
    events = relationship("CaseEvent", order_by="CaseEvent.id")
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_aftersale_case_state_created", "state", "created_at"),
        Index("ix_aftersale_case_created", "created_at", "kind"),
        CheckConstraint("quantity > 0", name="quantity"),
    )


class CaseEvent(Base):
    """A step of a case."""

    __tablename__ = "case_event"
    id = Column(Integer, primary_key=True)
    case_id = Column(ForeignKey("aftersale_case.id"), nullable=False, index=True)
    state = Column(String(16), nullable=False)
    by = Column(String(40), nullable=False, default="customer")
    at = Column(UtcTime, nullable=False, default=utc_now)


class CaseProof(Base):
    """A picture that proves a case."""

    __tablename__ = "case_proof"
    id = Column(Integer, primary_key=True)
    case_id = Column(ForeignKey("aftersale_case.id"), nullable=False, index=True)
    upload_id = Column(ForeignKey("upload.id"), nullable=False)
