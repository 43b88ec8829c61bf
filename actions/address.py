"""Changing where an order goes."""

from __future__ import annotations

from typing import Any, ClassVar

from actions.base import Events, ShopAction
from actions.cancel import yes_no
from actions.cards import goods
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.orders import order_facts
from actions.picking import UNSHIPPED, pick_order
from actions.texts import phrase
from actions.turn import Turn
from shop.entities import NewAddress
from shop.errors import BadAddress, CannotChange
from shop.privacy import mask_name, mask_phone

INTENTS = frozenset({"change_address"})


class StartAddress(ShopAction):
    """Finds the order and refuses at once what has left."""

    action_name = "action_start_address"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form, with the address if the message holds one."""
        order = pick_order(turn, UNSHIPPED, self.action_name)
        if order is None:
            return None
        if "change_address" not in order.can:
            raise CannotChange(why=order.state.value, goods=goods(order))
        return begin("address_form", turn, new_order=order.number, new_address=None)


class AddressForm(ShopForm):
    """The new address, then confirmation."""

    form = "address_form"
    own_intents = INTENTS

    def questions(self) -> list[Question]:
        """Where to, then really."""
        return [
            Question("new_address", lambda turn, _: turn.say("utter_question_new_address"), read_address),
            confirmation(_ask_confirm, INTENTS),
        ]


def read_address(turn: Turn, answers: Answers, is_open: bool) -> dict[str, Any] | None:
    """An address with its parts; a new phone or name alone keeps the old street.

    Raises:
        BadAddress: the open question got a region without a street, or a part is missing.
    """
    found, region = turn.entity("address"), turn.entity("region")
    name, phone = turn.entity("person"), turn.entity("phone")
    before = answers.get("new_address") or {}
    if found and all(found.get(part) for part in ("province", "city", "street")):
        return {**found, "name": name or before.get("name"), "phone": phone or before.get("phone")}
    if (name or phone) and before:
        return {**before, "name": name or before.get("name"), "phone": phone or before.get("phone")}
    if is_open and (found or region):
        raise BadAddress("province, city and street are needed")
    return None


def _ask_confirm(turn: Turn, answers: Answers) -> None:
    order = turn.shop.orders.get(turn.customer, str(turn.slot("new_order")))
    new = answers["new_address"]
    people = " ".join(filter(None, [mask_name(new.get("name")), mask_phone(new.get("phone"))]))
    turn.say(
        "utter_question_address_confirm",
        buttons=yes_no(),
        address=address_words(new),
        receiver=people or phrase("as_before"),
        **order_facts(order),
    )


def address_words(address: dict[str, Any]) -> str:
    """The parts of an address in one line."""
    parts = [address.get("province"), address.get("city"), address.get("district"), address.get("street")]
    return "".join(str(part) for position, part in enumerate(parts) if part and part not in parts[:position])


class SubmitAddress(SubmitAction):
    """Changes the address."""

    action_name = "action_submit_address"
    slots: ClassVar[tuple[str, ...]] = ("new_order", "new_address")

    def submit(self, turn: Turn) -> None:
        """Change once, and repeat the place."""
        new = turn.slot("new_address")
        address = NewAddress(
            province=new["province"],
            city=new["city"],
            district=new.get("district") or "",
            street=new["street"],
            full_name=new.get("name"),
            full_phone=new.get("phone"),
        )
        order = turn.shop.orders.change_address(
            turn.customer, str(turn.slot("new_order")), address, key=turn.key("address")
        )
        turn.say("utter_address_changed", address=address_words(new), **order_facts(order))
