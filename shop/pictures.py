"""Pictures of what is on sale: which there are, and where their files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from shop.models import Category, Picture, Product

if TYPE_CHECKING:
    from shop.front import Shop


@dataclass(frozen=True)
class PictureView:
    """A picture of a product on sale; ``path`` is relative to data_dir/pictures."""

    id: int
    product_code: str
    category: str
    sha256: str
    path: str


class Pictures:
    """Reads the pictures' table; the files are written by the importer and the demo."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._folder = Path(shop.settings.data_dir) / "pictures"

    def on_sale(self) -> list[PictureView]:
        """Every picture of every product on sale, by product and position."""
        query = (
            select(Picture.id, Product.code, Category.code.label("category"), Picture.sha256, Picture.path)
            .join(Product, Product.id == Picture.product_id)
            .join(Category, Category.id == Product.category_id)
            .where(Product.on_sale == 1)
            .order_by(Picture.product_id, Picture.position)
        )
        with self._shop.database.read() as session:
            rows = session.execute(query).all()
        return [PictureView(row.id, row.code, row.category, row.sha256, row.path) for row in rows]

    def file(self, path: str) -> Path:
        """Where a picture's file lies."""
        return self._folder / path
