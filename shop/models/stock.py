"""Tables of goods on shelves and on their way: warehouse, stock, supplier."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Text, UniqueConstraint

from shop.models.base import Base, UtcTime, utc_now


class Warehouse(Base):
    """A place that ships."""

    __tablename__ = "warehouse"
    id = Column(Integer, primary_key=True)
    code = Column(String(40), nullable=False, unique=True)
    name = Column(String(60), nullable=False)
    province = Column(String(20), nullable=False)
    city = Column(String(20), nullable=False)


class Stock(Base):
    """Units of a SKU in a warehouse; ``reserved`` units belong to open orders."""

    __tablename__ = "stock"
    id = Column(Integer, primary_key=True)
    sku_id = Column(ForeignKey("sku.id"), nullable=False)
    warehouse_id = Column(ForeignKey("warehouse.id"), nullable=False, index=True)
    on_hand = Column(Integer, nullable=False, default=0)
    reserved = Column(Integer, nullable=False, default=0)
    __table_args__ = (
        UniqueConstraint("sku_id", "warehouse_id"),
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
    )


class StockMovement(Base):
    """Why a stock figure changed; quantity is signed, ``reference`` names the cause."""

    __tablename__ = "stock_movement"
    id = Column(Integer, primary_key=True)
    sku_id = Column(ForeignKey("sku.id"), nullable=False)
    warehouse_id = Column(ForeignKey("warehouse.id"), nullable=False)
    kind = Column(String(12), nullable=False)  # receive, ship, return, adjust, reserve, release
    quantity = Column(Integer, nullable=False)
    reference = Column(String(60), nullable=False, default="")
    at = Column(UtcTime, nullable=False, default=utc_now)
    __table_args__ = (Index("ix_stock_movement_sku_at", "sku_id", "at"),)


class Supplier(Base):
    """Who sells to the shop, and how many days it takes."""

    __tablename__ = "supplier"
    id = Column(Integer, primary_key=True)
    code = Column(String(40), nullable=False, unique=True)
    name = Column(String(80), nullable=False)
    lead_time_days = Column(Integer, nullable=False)
    contact_sealed = Column(Text)


class SupplierSku(Base):
    """What a supplier asks for a SKU: cost (fen), pack size, smallest order."""

    __tablename__ = "supplier_sku"
    id = Column(Integer, primary_key=True)
    supplier_id = Column(ForeignKey("supplier.id"), nullable=False, index=True)
    sku_id = Column(ForeignKey("sku.id"), nullable=False, index=True)
    cost_fen = Column(Integer, nullable=False)
    pack_size = Column(Integer, nullable=False, default=1)
    min_order = Column(Integer, nullable=False, default=1)
    __table_args__ = (UniqueConstraint("supplier_id", "sku_id"),)


class Incoming(Base):
    """Goods ordered from a supplier and not yet on the shelf."""

    __tablename__ = "incoming"
    id = Column(Integer, primary_key=True)
    sku_id = Column(ForeignKey("sku.id"), nullable=False, index=True)
    warehouse_id = Column(ForeignKey("warehouse.id"), nullable=False)
    quantity = Column(Integer, nullable=False)
    expected_at = Column(UtcTime, nullable=False)
    received_at = Column(UtcTime)
