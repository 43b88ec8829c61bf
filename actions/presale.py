"""Questions before the sale: find, price, stock, restock, attributes, compare."""

from __future__ import annotations

from typing import Any, Iterable

from actions.base import Events, ShopAction
from actions.cards import button, product_card
from actions.picking import MOST_CHOICES, chosen, points_back, waits_for_order
from actions.picking_goods import find_products, pick_product, show_products
from actions.pictures import by_picture, is_about_the_picture
from actions.registry import go_on
from actions.texts import day, labels, phrase, price_span, yuan
from actions.turn import Turn
from actions.wishes import memory, tell_look
from shop.entities import ProductCard, ProductDetail, StockAnswer


class SearchProduct(ShopAction):
    """Finds goods by words, category, brand, colour and price."""

    action_name = "action_search_product"

    def answer(self, turn: Turn) -> Events | None:
        """Show the best fits, or ask what is looked for."""
        if is_about_the_picture(turn) and not turn.entities("product"):
            return by_picture(turn)
        waiting = waits_for_order(turn)
        if waiting is not None:
            turn.resumes = True
            return go_on(waiting, turn)
        position = turn.entity("ordinal")
        shown = turn.shown
        if not turn.names_goods and not turn.entity("price_range"):
            if position is not None and shown.get("kind") == "product":
                ProductFacts.tell(turn, pick_product(turn, self.action_name))
                return None
            if (turn.entity("color") or turn.entity("size")) and points_back(turn) and turn.focused("product"):
                StockQuestion(turn.shop).answer(turn)  # "this one, is there a red one?"
                return None
            if turn.text.strip() == button("search")["title"]:
                turn.say("utter_question_search")
                turn.remember(resume=self.action_name)
                return None
        if len(set(turn.entities("product"))) == 1:
            if turn.entity("color") or turn.entity("size"):  # whether there is one of that look
                StockQuestion(turn.shop).answer(turn)
                return None
            ProductFacts.tell(turn, str(turn.entity("product")))
            return None
        sort = position if position in ("cheapest", "priciest") else None
        cards = find_products(
            turn, MOST_CHOICES, sort={"cheapest": "cheap", "priciest": "dear"}.get(str(sort), "relevance")
        )
        if not cards:
            turn.say("utter_nothing_found")
            turn.remember(resume=self.action_name)
            return None
        turn.say("utter_found", count=len(cards), best=cards[0].name, price=yuan(cards[0].price_min_fen))
        show_products(turn, cards)
        if len(cards) == 1:
            turn.focus("product", cards[0].code)
        return None


class ProductFacts(ShopAction):
    """One product at a glance."""

    action_name = "action_product"

    def answer(self, turn: Turn) -> None:
        """Price, stock and the first attributes; whether there is one, of a colour or size that is named."""
        if turn.entity("size") or (turn.entity("color") and turn.entity("ordinal") is not None):
            StockQuestion(turn.shop).answer(turn)
            return
        self.tell(turn, pick_product(turn, self.action_name))

    @staticmethod
    def tell(turn: Turn, code: str | None) -> None:
        """Say what a product is; nothing when the customer was asked which."""
        if code is None:
            return
        detail = turn.shop.catalogue.product(code)
        turn.focus("product", code)
        tell_look(turn, detail.card.code)
        stock = button("stock")
        turn.say(
            "utter_product",
            buttons=[(stock["title"], stock["payload"])],
            goods=detail.card.name,
            price=price_span(detail.card.price_min_fen, detail.card.price_max_fen),
            description=detail.description,
        )
        turn.show("products", [{**product_card(detail.card), "lines": _attribute_lines(detail)[:4]}])


class Price(ShopAction):
    """What a product costs."""

    action_name = "action_ask_price"

    def answer(self, turn: Turn) -> None:
        """The price, by size where sizes differ."""
        code = pick_product(turn, self.action_name)
        if code is None:
            return
        detail = turn.shop.catalogue.product(code)
        stock = turn.shop.stock.availability(code, color=turn.entity("color"), size=turn.entity("size"))
        prices = sorted({one.price_fen for one in stock.skus}) or [detail.card.price_min_fen]
        facts: dict[str, Any] = {"goods": detail.card.name, "price": price_span(prices[0], prices[-1])}
        if len(prices) == 1:
            spec = " ".join(str(turn.entity(kind)) for kind in ("color", "size") if turn.entity(kind) and stock.skus)
            turn.say("utter_price", **facts, spec=f" {spec}" if spec else "")
            _tell_end(turn, detail)
            return
        by_size = {one.size or one.spec: yuan(one.price_fen) for one in stock.skus}
        turn.say(
            "utter_price_by_size", **facts, sizes=_join(f"{size} {price}" for size, price in list(by_size.items())[:6])
        )
        _tell_end(turn, detail)


def _tell_end(turn: Turn, detail: ProductDetail) -> None:
    """Until when the price is one of a promotion, where that is planned."""
    if detail.dearer_from is not None:
        at, low, high = detail.dearer_from
        turn.say("utter_price_until", day=day(at), price=price_span(low, high))


class StockQuestion(ShopAction):
    """Whether it is there."""

    action_name = "action_ask_stock"

    def answer(self, turn: Turn) -> None:
        """Units for the wanted colour and size; alternatives and the next arrival when there are none."""
        code = pick_product(turn, self.action_name)
        if code is None:
            return
        color, size = turn.entity("color"), turn.entity("size")
        stock = turn.shop.stock.availability(code, color=color, size=size)
        spec = " ".join(str(one) for one in (color, size) if one)
        facts: dict[str, Any] = {
            "goods": stock.product_name,
            "spec": f" {spec}" if spec else "",
            "count": stock.available,
        }
        if not stock.skus:
            self._no_such_spec(turn, code, facts)
        elif stock.available > 0:
            there = _join(one.spec for one in stock.skus if one.available and one.spec)
            name = "utter_in_stock_specs" if there and not spec and len(stock.skus) > 1 else "utter_in_stock"
            turn.say("utter_last_units" if stock.available <= 5 else name, specs=there, **facts)
        else:
            _tell_missing(turn, code, stock, facts)

    @staticmethod
    def _no_such_spec(turn: Turn, code: str, facts: dict[str, Any]) -> None:
        every = turn.shop.stock.availability(code)
        there = _join(dict.fromkeys(one.spec for one in every.skus if one.available and one.spec))
        turn.say("utter_no_such_spec", **facts, specs=there or phrase("sold_out"))


def _tell_missing(turn: Turn, code: str, stock: StockAnswer, facts: dict[str, Any]) -> None:
    every = turn.shop.stock.availability(code)
    others = _join(dict.fromkeys(one.spec for one in every.skus if one.available and one.spec))
    name = "utter_out_of_stock_others" if others else "utter_out_of_stock"
    turn.say(f"{name}_until" if stock.restock_at else name, specs=others, restock=day(stock.restock_at), **facts)


class Restock(ShopAction):
    """When it comes back."""

    action_name = "action_ask_restock"

    def answer(self, turn: Turn) -> None:
        """The expected arrival, or that there is none, or that it is there."""
        code = pick_product(turn, self.action_name)
        if code is None:
            return
        stock = turn.shop.stock.availability(code, color=turn.entity("color"), size=turn.entity("size"))
        facts: dict[str, Any] = {"goods": stock.product_name, "count": stock.available, "spec": ""}
        missing = [one for one in stock.skus if not one.available]
        if stock.available > 0 and not missing:
            turn.say("utter_in_stock", specs="", **facts)
        elif stock.restock_at:
            turn.say("utter_restock", restock=day(stock.restock_at), quantity=stock.restock_quantity, **facts)
        elif stock.available > 0:
            turn.say("utter_restock_partly", specs=_join(one.spec for one in missing), **facts)
        else:
            turn.say("utter_no_restock", **facts)


class Attribute(ShopAction):
    """What a product is made of, how big, which colours."""

    action_name = "action_ask_attribute"

    def answer(self, turn: Turn) -> None:
        """The attribute whose name or synonym is in the words; else the whole list."""
        code = pick_product(turn, self.action_name)
        if code is None:
            return
        detail = turn.shop.catalogue.product(code)
        wanted = _wanted_attributes(turn.text, detail)
        lines = [line for line in _attribute_lines(detail) if any(line.startswith(name) for name in wanted)]
        if lines:
            turn.say("utter_attribute", goods=detail.card.name, attributes=_join(lines))
            return
        turn.say("utter_attributes", goods=detail.card.name, attributes=_join(_attribute_lines(detail)))


def _wanted_attributes(text: str, detail: ProductDetail) -> list[str]:
    synonyms: dict[str, list[str]] = labels()["attribute_words"]
    names = [
        *detail.attributes,
        *(phrase(one).partition(labels()["colon"])[0] for one in ("spec_colors_name", "spec_sizes_name")),
    ]
    asked = {name for name in names if name in text}
    for word, meant in synonyms.items():
        if word in text:
            asked.update(name for name in names if any(one in name for one in meant))
    return [name for name in names if name in asked]


def _attribute_lines(detail: ProductDetail) -> list[str]:
    lines = [phrase("attribute", name=name, value=value) for name, value in detail.attributes.items()]
    colors = list(dict.fromkeys(one.color for one in detail.skus if one.color))
    sizes = list(dict.fromkeys(one.size for one in detail.skus if one.size))
    if colors:
        lines.append(phrase("spec_colors", values=_join(colors)))
    if sizes:
        lines.append(phrase("spec_sizes", values=_join(sizes)))
    if detail.warranty_months:
        lines.append(phrase("warranty", months=detail.warranty_months))
    return lines


class Compare(ShopAction):
    """Two products beside each other."""

    action_name = "action_compare_products"

    def answer(self, turn: Turn) -> None:
        """What differs: price, attributes, rating."""
        codes = list(dict.fromkeys(turn.entities("product")))
        shown = turn.shown
        numbered = _numbered(turn)
        if len(codes) < 2 and numbered:  # "this one and the first": what is talked about, and the number
            talked = turn.focused("product") if points_back(turn) and len(numbered) < 2 else None
            codes = list(dict.fromkeys([*codes, *([talked] if talked else []), *numbered]))
        if len(codes) < 2 and shown.get("kind") == "product":
            codes = list(dict.fromkeys([*codes, *shown["values"]]))
        if len(codes) < 2:
            turn.say("utter_compare_which")
            return
        first, second = (turn.shop.catalogue.product(str(code)) for code in codes[:2])
        shared = [name for name in first.attributes if name in second.attributes]
        turn.say(
            "utter_compare",
            first=first.card.name,
            second=second.card.name,
            first_price=yuan(first.card.price_min_fen),
            second_price=yuan(second.card.price_min_fen),
            cheaper=_cheaper(first.card, second.card),
            differences=_join(
                phrase("attribute", name=name, value=f"{first.attributes[name]} / {second.attributes[name]}")
                for name in shared
                if first.attributes[name] != second.attributes[name]
            )
            or phrase("see_cards"),
        )
        turn.show(
            "products", [{**product_card(one.card), "lines": _attribute_lines(one)[:6]} for one in (first, second)]
        )


def _numbered(turn: Turn) -> list[str]:
    """Codes of the goods that "the second and the third" point at; two numbers after a comparison mean the list."""
    numbers = [one for one in turn.entities("ordinal") if isinstance(one, int)]
    shown = turn.shown
    if len(numbers) < 2 or shown.get("kind") != "product":
        one = chosen(turn, "product")
        return [one] if one else []
    values, listed = shown["values"], memory(turn).get("list", [])
    if len(values) == 2 and set(values) <= set(listed):
        values = listed
    return [str(values[one - 1 if one > 0 else one]) for one in numbers if 0 < abs(one) <= len(values)]


def _cheaper(first: ProductCard, second: ProductCard) -> str:
    """Which of two costs less, and by how much."""
    gap = second.price_min_fen - first.price_min_fen
    if not gap:
        return phrase("same_price")
    return phrase("cheaper_by", name=(first if gap > 0 else second).name, gap=yuan(abs(gap)))


def _join(words: Iterable[object]) -> str:
    return str(labels()["comma"]).join(str(one) for one in words)
