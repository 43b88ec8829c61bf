"""The demo page: a small shop window with the widget in it, as a customer of the demo shop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from recsys.ask import Ask
from recsys.recommender import Pick, recommender_of
from shop.demo.stamp import read_stamp
from shop.entities import ProductCard
from shop.errors import NotFound
from shop.front import Shop

HERE = Path(__file__).parent
GUEST = "guest"
CUSTOMERS = (1, 2, 3, 4, 5)
"""Whose tokens the page hands out to anybody; never those of another customer."""
PRODUCTS = 8


class DemoPage:
    """Renders ``/``; ``?customer=ID`` or ``?customer=guest`` picks whose page it is."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._texts: dict[str, Any] = json.loads((HERE / "texts.zh.json").read_text(encoding="utf-8"))
        pages = Environment(loader=FileSystemLoader(HERE), autoescape=select_autoescape())
        self._template = pages.get_template("page.html")

    def answer(self, request: Request) -> Response:
        """The page; a customer who does not exist is a guest."""
        from web.app import rasa_address

        shop = self._shop
        customer_id = self._customer(request.query_params.get("customer"))
        html = self._template.render(
            texts=self._texts,
            shop_name=shop.settings.shop_name,
            customers=self._choices(),
            current=GUEST if customer_id is None else customer_id,
            token=None if customer_id is None else shop.identity.issue_token(customer_id),
            **self._window(customer_id),
            rasa=rasa_address(shop.settings, request.url.hostname),
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    def _window(self, customer_id: int | None) -> dict[str, Any]:
        """What stands in the window, with the reason of each product: a customer's own, or what is popular."""
        recommender = recommender_of(self._shop)
        picks = recommender.recommend(Ask(customer_id=customer_id, count=PRODUCTS))
        reasons = {one.code: self._reason(one) for one in picks}
        personal = any(reasons.values())
        shown = [{**self._product(one), "reason": reasons[one.code]} for one in recommender.cards(picks)]
        return {"products": shown, "window": self._texts["for_you" if personal else "popular"]}

    def _reason(self, pick: Pick) -> str:
        """Why a product is in the window, in words; empty where it is just popular."""
        words = self._texts["reasons"]
        return next((words[one.kind].format(**one.facts) for one in pick.reasons if one.kind in words), "")

    def _customer(self, asked: str | None) -> int | None:
        """The demo customer that was asked for, the first by default; a guest for every other one."""
        demo = self._demo_customers()
        wanted = str(asked or CUSTOMERS[0])
        try:
            return next((self._shop.customers.facts(one).id for one in demo if str(one) == wanted), None)
        except NotFound:
            return None

    def _demo_customers(self) -> tuple[int, ...]:
        """Nobody where the database holds a shop that the demo did not make: its customers are people."""
        return CUSTOMERS if read_stamp(self._shop.settings) is not None else ()

    def _choices(self) -> list[tuple[Any, str]]:
        choices: list[tuple[Any, str]] = []
        for one in self._demo_customers():
            try:
                view = self._shop.customers.facts(one)
            except NotFound:
                continue
            choices.append((one, f"{view.name}  {view.phone}"))
        return [*choices, (GUEST, self._texts["guest"])]

    def _product(self, card: ProductCard) -> dict[str, Any]:
        return {
            "code": card.code,
            "name": card.name,
            "subtitle": card.subtitle or card.brand,
            "picture": f"/pictures/{card.picture}" if card.picture else None,
            "price": yuan(card.price_min_fen),
            "from": card.price_max_fen > card.price_min_fen,
            "sold_out": card.available <= 0,
            "question": self._texts["product_question"].format(name=card.name),
        }


def yuan(fen: int) -> str:
    """12345 → 123.45, 12300 → 123."""
    return f"{fen / 100:.2f}" if fen % 100 else str(fen // 100)
