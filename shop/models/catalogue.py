"""Tables of what is sold: category, brand, product, SKU, picture, prices."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import relationship

from shop.models.base import Base, JsonText, UtcTime, utc_now


class Category(Base):
    """A shelf of the shop; leaves hold products."""

    __tablename__ = "category"
    id = Column(Integer, primary_key=True)
    code = Column(String(40), nullable=False, unique=True)
    name = Column(String(60), nullable=False)
    parent_id = Column(ForeignKey("category.id"), index=True)
    aliases = Column(JsonText, nullable=False, default=list)  # list of words


class Brand(Base):
    """A maker's name with its other spellings."""

    __tablename__ = "brand"
    id = Column(Integer, primary_key=True)
    code = Column(String(40), nullable=False, unique=True)
    name = Column(String(60), nullable=False)
    aliases = Column(JsonText, nullable=False, default=list)
    country = Column(String(40))


class Product(Base):
    """One product with its SKUs; ``attributes`` is {name: value}."""

    __tablename__ = "product"
    id = Column(Integer, primary_key=True)
    code = Column(String(40), nullable=False, unique=True)
    category_id = Column(ForeignKey("category.id"), nullable=False, index=True)
    brand_id = Column(ForeignKey("brand.id"), nullable=False, index=True)
    name = Column(String(200), nullable=False)
    subtitle = Column(String(200), nullable=False, default="")
    description = Column(Text, nullable=False, default="")
    attributes = Column(JsonText, nullable=False, default=dict)
    usage = Column(Text, nullable=False, default="")
    package = Column(Text, nullable=False, default="")
    warranty_months = Column(Integer, nullable=False, default=0)
    popularity = Column(Integer, nullable=False, default=0)
    on_sale = Column(Integer, nullable=False, default=1)  # 0 or 1
    created_at = Column(UtcTime, nullable=False, default=utc_now)
    category = relationship(Category)
    brand = relationship(Brand)
    skus = relationship("Sku", back_populates="product", order_by="Sku.id")
    pictures = relationship("Picture", order_by="Picture.position")


class Sku(Base):
    """What is counted and sold: a product in one colour and size."""

    __tablename__ = "sku"
    id = Column(Integer, primary_key=True)
    code = Column(String(60), nullable=False, unique=True)
    product_id = Column(ForeignKey("product.id"), nullable=False, index=True)
    color = Column(String(40), nullable=False, default="")
    size = Column(String(60), nullable=False, default="")  # size, capacity, weight: the other options, joined
    price_fen = Column(Integer, nullable=False)
    barcode = Column(String(20), unique=True)
    product = relationship(Product, back_populates="skus")

    @property
    def spec(self) -> str:
        """Colour and size as people read them."""
        return " ".join(part for part in (self.color, self.size) if part)


class PriceChange(Base):
    """A SKU's price from a moment on (fen)."""

    __tablename__ = "price_change"
    id = Column(Integer, primary_key=True)
    sku_id = Column(ForeignKey("sku.id"), nullable=False, index=True)
    at = Column(UtcTime, nullable=False)
    price_fen = Column(Integer, nullable=False)


class Picture(Base):
    """A picture of a product; ``path`` is relative to data_dir/pictures."""

    __tablename__ = "picture"
    id = Column(Integer, primary_key=True)
    product_id = Column(ForeignKey("product.id"), nullable=False)
    path = Column(String(200), nullable=False)
    sha256 = Column(String(64), nullable=False, index=True)
    position = Column(Integer, nullable=False, default=0)
    __table_args__ = (UniqueConstraint("product_id", "position"),)


class Review(Base):
    """What a customer wrote about a product; stars 1 to 5."""

    __tablename__ = "review"
    id = Column(Integer, primary_key=True)
    product_id = Column(ForeignKey("product.id"), nullable=False, index=True)
    customer_id = Column(ForeignKey("customer.id"), index=True)
    order_line_id = Column(ForeignKey("order_line.id"), index=True)
    stars = Column(Integer, nullable=False)
    text = Column(Text, nullable=False, default="")
    sentiment = Column(String(3))  # neg, neu, pos; written by nlp
    at = Column(UtcTime, nullable=False, index=True)
