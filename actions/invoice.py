"""Invoices: asking for one by a form, and finding those that exist."""

from __future__ import annotations

from typing import ClassVar

from actions.base import Events, ShopAction, active_form
from actions.cancel import yes_no
from actions.cards import button
from actions.forms import Answers, Question, ShopForm, SubmitAction, begin, confirmation
from actions.orders import order_facts
from actions.picking import PAID_FOR, offered, pick_order, points_back
from actions.texts import day, label, yuan
from actions.turn import Turn
from shop.entities import InvoiceView
from shop.errors import BadTaxNumber, CannotInvoice
from shop.invoices import tax_code

INTENTS = frozenset({"ask_invoice", "invoice_info"})
RESPONSES = {"requested": "utter_invoice_pending", "issued": "utter_invoice_issued", "void": "utter_invoice_void"}
SLOTS = ("invoice_order", "invoice_title", "invoice_tax")


class StartInvoice(ShopAction):
    """Finds the order to invoice."""

    action_name = "action_start_invoice"
    starts_flow = True

    def answer(self, turn: Turn) -> Events | None:
        """Start the form, or say why not."""
        order = pick_order(turn, PAID_FOR, self.action_name)
        if order is None:
            return None
        existing = [
            one for one in turn.shop.invoices.list(turn.customer, order_number=order.number) if one.state != "void"
        ]
        if existing:
            tell_invoice(turn, existing[0])
            return None
        if "invoice" not in order.can:
            raise CannotInvoice(why=order.state.value)
        return begin("invoice_form", turn, invoice_order=order.number, invoice_title=None, invoice_tax=None)


class AskInvoice(ShopAction):
    """Whether and how invoices are had: a question inside another form, a request elsewhere."""

    action_name = "action_ask_invoice"

    def answer(self, turn: Turn) -> Events | None:
        """Guests and interrupted forms get the general answer; customers the form."""
        if active_form(turn) or (turn.guest_or_customer is None and not turn.entity("order_no")):
            turn.say("utter_invoice_general", invoice_days=turn.shop.settings.invoice_days)
            return None
        return StartInvoice(turn.shop).answer(turn)


class InvoiceForm(ShopForm):
    """Title, tax number for companies, confirmation."""

    form = "invoice_form"
    own_intents = INTENTS

    def questions(self) -> list[Question]:
        """Who for, number, really?"""
        return [
            Question("invoice_title", _ask_title, _read_title),
            Question("invoice_tax", lambda turn, _: turn.say("utter_question_invoice_tax"), _read_tax, _is_company),
            confirmation(_ask_confirm, INTENTS),
        ]


def _ask_title(turn: Turn, answers: Answers) -> None:
    personal = button("personal")
    order = turn.shop.orders.get(turn.customer, str(turn.slot("invoice_order")))
    turn.say("utter_question_invoice_title", buttons=[(personal["title"], personal["payload"])], **order_facts(order))


def _read_title(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    if turn.entity("invoice_title"):
        return str(turn.entity("invoice_title"))
    numbered = offered(turn, [button("personal")["payload"]]) if is_open else None
    if numbered:
        return numbered
    own_words = is_open and 2 <= len(turn.text.strip()) <= 60 and _is_a_name(turn)
    return turn.text.strip() if own_words and turn.text.strip() != button("company")["title"] else None


def _is_a_name(turn: Turn) -> bool:
    """Whether a message may be a title that the ear does not know: no other wish, no price, time or choice."""
    values = any(turn.entities(kind) for kind in ("price_range", "date", "ordinal", "order_no"))
    return turn.intent in ("inform", "nlu_fallback", "out_of_scope") and not values


def _is_company(turn: Turn, answers: Answers) -> bool:
    return answers["invoice_title"] != label("invoice_kind", "personal")


def _read_tax(turn: Turn, answers: Answers, is_open: bool) -> str | None:
    """The number, when its length and check digit are right; a wrong one is said before anything is confirmed."""
    if turn.entity("tax_no"):
        return tax_code(str(turn.entity("tax_no")))
    digits = "".join(one for one in turn.text if one.isascii() and one.isalnum())
    if is_open and len(digits) >= 8:
        raise BadTaxNumber("not a tax number")
    return None


def _ask_confirm(turn: Turn, answers: Answers) -> None:
    order = turn.shop.orders.get(turn.customer, str(turn.slot("invoice_order")))
    company = _is_company(turn, answers)
    turn.say(
        "utter_question_invoice_confirm_company" if company else "utter_question_invoice_confirm",
        buttons=yes_no(),
        title=answers["invoice_title"],
        tax_number=answers["invoice_tax"],
        **order_facts(order),
    )


class SubmitInvoice(SubmitAction):
    """Requests the invoice."""

    action_name = "action_submit_invoice"
    slots: ClassVar[tuple[str, ...]] = SLOTS

    def submit(self, turn: Turn) -> None:
        """Request once, and tell when it comes."""
        title = str(turn.slot("invoice_title"))
        personal = title == label("invoice_kind", "personal")
        invoice = turn.shop.invoices.request(
            turn.customer,
            str(turn.slot("invoice_order")),
            "personal" if personal else "company",
            title,
            tax_number=turn.slot("invoice_tax"),
            email=None,
            key=turn.key("invoice"),
        )
        turn.say(
            "utter_invoice_requested",
            title=invoice.title,
            amount=yuan(invoice.amount_fen),
            invoice_days=turn.shop.settings.invoice_days,
        )


class ViewInvoice(ShopAction):
    """Where the invoices are."""

    action_name = "action_view_invoice"

    def answer(self, turn: Turn) -> None:
        """The newest ones with state and link."""
        number = turn.entity("order_no") or chosen_order(turn)
        invoices = turn.shop.invoices.list(turn.customer, order_number=number, limit=3)
        if not invoices:
            invoice = button("invoice")
            turn.say("utter_no_invoice", buttons=[(invoice["title"], invoice["payload"])])
            return
        for one in invoices:
            tell_invoice(turn, one)


def tell_invoice(turn: Turn, invoice: InvoiceView) -> None:
    """Say where an invoice is."""
    turn.say(
        RESPONSES[invoice.state],
        order_number=invoice.order_number,
        title=invoice.title,
        amount=yuan(invoice.amount_fen),
        number=invoice.number or "",
        url=invoice.url or "",
        requested=day(invoice.requested_at),
        invoice_days=turn.shop.settings.invoice_days,
    )


def chosen_order(turn: Turn) -> str | None:
    """The order in focus, when the words point back at it."""
    return turn.focused("order") if points_back(turn) else None
