"""Changing an order's goods, over the real services: an impossible wish is refused before it must be confirmed."""

from __future__ import annotations

from actions.modify import ModifyForm
from shop.states import OrderState
from tests.unit.actions.fakes import entity, run, tracker


def at_the_wish(order, *entities, text: str = "x"):
    slots = {
        "modify_order": order.number,
        "modify_line": order.lines[0].id,
        "modify_wish": None,
        "requested_slot": "modify_wish",
    }
    return tracker(text, "inform", *entities, slots=slots, form="modify_form")


def ordered(shop, build):
    product = build.product(name="连衣裙", options=[("红色", "M"), ("红色", "L")], stock=5)
    customer = build.customer()
    shop.identity.link("talk-1", customer.id, "shell")
    return build.order(customer, product.skus[0], state=OrderState.PAID)


def test_a_colour_that_the_product_does_not_come_in_is_refused_at_once(shop, build):
    order = ordered(shop, build)
    said = run(ModifyForm(shop), at_the_wish(order, entity("color", "紫色")))
    assert said.names[0] == "utter_error_out_of_stock"
    assert said.slots["requested_slot"] == "modify_wish"


def test_a_size_that_exists_is_taken_and_confirmed(shop, build):
    order = ordered(shop, build)
    said = run(ModifyForm(shop), at_the_wish(order, entity("size", "L")))
    assert said.slots["modify_wish"] == {"size": "L"}
    assert "L" in said.text
