"""Table of recommendations that were shown: what is clicked and bought of them tells how good they are."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String

from shop.models.base import Base, UtcTime, utc_now


class Impression(Base):
    """One product in one shown list; without a customer it is a guest's or one's who does not consent."""

    __tablename__ = "impression"
    id = Column(Integer, primary_key=True)
    list_id = Column(String(16), nullable=False)
    customer_id = Column(ForeignKey("customer.id"), index=True)
    product_id = Column(ForeignKey("product.id"), nullable=False)
    place = Column(String(8), nullable=False)  # chat, page
    position = Column(Integer, nullable=False)  # 1 is the first
    propensity = Column(Float, nullable=False)  # chance with which it came to this position
    variant = Column(String(20), nullable=False)  # of the A/B test
    version = Column(String(40), nullable=False)  # of the model
    reason = Column(String(16), nullable=False, default="")
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)
    clicked_at = Column(UtcTime)
    __table_args__ = (Index("ix_impression_list_product", "list_id", "product_id"),)
