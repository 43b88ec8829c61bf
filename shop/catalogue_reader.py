"""One reading of the catalogue's texts: what the index and the dictionary are made of."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Iterable

from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from shop.catalogue_index import Entry
from shop.entities import CatalogueWords
from shop.models import Brand, Category, Product, Sku
from shop.text_match import fold

_BRACKETED = re.compile(r"[\[(\u3010\uff08\u300c\u300e].*?[\])\u3011\uff09\u300d\u300f]")
_SPLIT = re.compile(r"[\s/|,\uff0c\u3001\u00b7]+")


@dataclass(frozen=True)
class Reading:
    """The rows as read; ``mark`` differs when any of them differs."""

    products: tuple[Any, ...]
    skus: tuple[Any, ...]
    categories: tuple[Any, ...]
    brands: tuple[Any, ...]
    mark: str

    def entries(self) -> list[Entry]:
        """The products on sale, for the index."""
        shelves = self._shelves()
        brands = {row.id: row for row in self.brands}
        colors, sizes = defaultdict(set), defaultdict(set)
        for row in self.skus:
            colors[row.product_id].add(row.color)
            sizes[row.product_id].add(row.size)
        found = []
        for row in self.products:
            above, brand = shelves[row.category_id], brands[row.brand_id]
            found.append(
                Entry(
                    id=row.id,
                    code=row.code,
                    name=row.name,
                    subtitle=row.subtitle,
                    category=above[0].code,
                    shelves=frozenset(one.code for one in above),
                    category_words=tuple(name for one in above for name in _names(one)),
                    brand=brand.code,
                    brand_words=tuple(_names(brand)),
                    attributes={str(name): str(value) for name, value in (_json(row.attributes) or {}).items()},
                    colors=frozenset(colors[row.id] - {""}),
                    sizes=frozenset(sizes[row.id] - {""}),
                    popularity=row.popularity,
                )
            )
        return found

    @cached_property
    def words(self) -> CatalogueWords:
        """The dictionary's words."""
        brands = {name: row.code for row in self.brands for name in _names(row)}
        categories = {name: row.code for row in self.categories for name in _names(row)}
        products = _product_names(self.products, self.brands, set(map(fold, (*brands, *categories))))
        colors = frozenset(row.color for row in self.skus if row.color)
        sizes = frozenset(row.size for row in self.skus if row.size)
        parts = (sorted(products.items()), sorted(brands.items()), sorted(categories.items()), sorted(colors))
        return CatalogueWords(products, brands, categories, colors, sizes, _digest((*parts, sorted(sizes))))

    def _shelves(self) -> dict[int, list[Any]]:
        """{category id: it and all above it}."""
        rows = {row.id: row for row in self.categories}
        shelves: dict[int, list[Any]] = {}
        for row in self.categories:
            above: list[Any] = []
            while row is not None and row not in above:
                above.append(row)
                row = rows.get(row.parent_id)
            shelves[above[0].id] = above
        return shelves


def read_catalogue(session: Session, before: Reading | None) -> Reading:
    """The catalogue's rows; the same object as ``before`` when nothing changed."""
    raw = session.connection()
    columns = (Product.id, Product.code, Product.category_id, Product.brand_id, Product.name, Product.subtitle)
    products = raw.execute(
        select(*columns, _raw(Product.attributes), Product.popularity).where(Product.on_sale == 1).order_by(Product.id)
    ).all()
    skus = raw.execute(
        select(Sku.product_id, Sku.color, Sku.size)
        .join(Product, Product.id == Sku.product_id)
        .where(Product.on_sale == 1)
        .distinct()
    ).all()
    shelf = (Category.id, Category.code, Category.name, Category.parent_id, _raw(Category.aliases))
    categories = raw.execute(select(*shelf).order_by(Category.id)).all()
    brands = raw.execute(select(Brand.id, Brand.code, Brand.name, _raw(Brand.aliases)).order_by(Brand.id)).all()
    mark = _digest(map(tuple, (*products, *sorted(skus), *categories, *brands)))
    if before is not None and before.mark == mark:
        return before
    return Reading(tuple(products), tuple(skus), tuple(categories), tuple(brands), mark)


def _raw(column: Any) -> Any:
    """A JSON column as its text: it is parsed only when something changed."""
    return type_coerce(column, Text).label(column.key)


def _digest(parts: Iterable[Any]) -> str:
    return hashlib.blake2b(repr(tuple(parts)).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _names(row: Any) -> list[str]:
    return [row.name, *(_json(row.aliases) or [])]


def _product_names(products: Iterable[Any], brands: Iterable[Any], taken: set[str]) -> dict[str, str]:
    """Full names, and short ones that mean a single product and are no brand or category."""
    brand_names = {row.id: sorted(_names(row), key=len, reverse=True) for row in brands}
    full, short = {}, []
    for row in products:
        full[row.name] = row.code
        short += [(name, row.code) for name in _short_names(row.name, brand_names[row.brand_id])]
    meant = Counter(name for name, _ in set(short))
    short_names = {name: code for name, code in short if meant[name] == 1 and fold(name) not in taken}
    return {**short_names, **full}


def _short_names(name: str, brand_names: list[str]) -> set[str]:
    """A name without brackets, without its brand, and its first piece."""
    plain = _BRACKETED.sub(" ", name).strip()
    bare = plain
    for brand in brand_names:
        if fold(bare).startswith(fold(brand)):
            bare = bare[len(brand) :].strip()
    first = _SPLIT.split(bare)[0]
    return {one for one in (plain, bare, first) if len(one) >= 3 and one != name}
