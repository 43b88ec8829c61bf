"""Cards that agents send: of products, and of the customer's own orders."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from shop.errors import OrderNotFound
from shop.front import Shop
from shop.policy import SHANGHAI


@lru_cache(maxsize=1)
def _texts() -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((Path(__file__).parent / "texts.zh.json").read_text(encoding="utf-8"))
    return texts


def money(fen: int) -> str:
    """12345 → ¥123.45."""
    return f"¥{fen / 100:.2f}"


def product_cards(shop: Shop, codes: list[str]) -> list[dict[str, Any]]:
    """Products by their codes, as a widget shows them."""
    return [
        {
            "title": one.name,
            "subtitle": one.subtitle,
            "picture": one.picture,
            "price": money(one.price_min_fen),
            "badge": _texts()["in_stock" if one.available > 0 else "sold_out"],
            "lines": [],
            "buttons": [],
        }
        for one in shop.catalogue.cards(codes)
    ]


def order_cards(shop: Shop, customer_id: int, numbers: list[str]) -> list[dict[str, Any]]:
    """The customer's orders by their numbers; another's are left out."""
    items = []
    for number in numbers:
        try:
            order = shop.orders.get(customer_id, number)
        except OrderNotFound:
            continue
        made = order.created_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        items.append({
            "title": order.title,
            "subtitle": order.lines[0].spec if len(order.lines) == 1 else "",
            "picture": order.lines[0].picture if order.lines else None,
            "price": money(order.total_fen),
            "badge": _texts()["order_state"][order.state.value],
            "lines": [f"{made}  {order.number}"],
            "buttons": [],
        })  # fmt: skip
    return items
