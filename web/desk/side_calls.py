"""The API's part about the side panel: the customer, their orders and cases, what the talk was about.

Orders and cases are changed through the services that the bot uses; the policy is theirs.
"""

from __future__ import annotations

import secrets
from typing import Any

from shop.entities import CaseView, NewAddress, OrderView
from shop.errors import BadValue, NotFound
from shop.talk_summary import SMALL_TALK, suggestions, summary
from web.desk.api import EVERYBODY, Call, Forbidden, Rule
from web.desk.talk_calls import customer_of, own_talk, seen_talk

ORDERS = 10
ACTIONS = ("cancel", "change_address", "note", "urge", "schedule", "investigate")


def side(call: Call) -> Any:
    """Customer (masked), orders, cases, past talks, summary, mood."""
    found = seen_talk(call)
    sender_id = found["sender_id"]
    try:
        customer_id: int | None = customer_of(call, sender_id)
    except NotFound:
        customer_id = None
    shop = call.shop
    past = [
        {
            "id": one.id,
            "reason": one.reason,
            "close_reason": one.close_reason,
            "agent": one.agent,
            "at": one.created_at.isoformat(),
            "rating": one.rating,
            "tags": list(one.tags),
        }
        for one in shop.handoffs.past(sender_id, customer_id, 10)
    ]
    return {
        "customer": None if customer_id is None else customer_json(call, customer_id),
        "orders": []
        if customer_id is None
        else [order_json(one) for one in shop.orders.list(customer_id, limit=ORDERS)],
        "cases": [] if customer_id is None else [case_json(one) for one in shop.aftersale.list(customer_id)[:ORDERS]],
        "past": past,
        "summary": summary(shop.messages.history(sender_id, 0, 60)),
    }


def suggest(call: Call) -> Any:
    """Up to three answers to edit and send."""
    found = seen_talk(call)
    said = [
        one.body.get("text") for one in call.shop.messages.history(found["sender_id"], 0, 20) if one.direction == "in"
    ]
    weighty = [str(one) for one in said if one and len(str(one)) >= SMALL_TALK]
    question = weighty[-1] if weighty else ""
    return {"suggestions": suggestions(call.shop, question) if question else []}


def customer_json(call: Call, customer_id: int) -> dict[str, Any]:
    """A customer, masked."""
    one = call.shop.customers.facts(customer_id)
    return {"id": one.id, "code": one.code, "name": one.name, "phone": one.phone, "level": one.level}


def order_json(order: OrderView) -> dict[str, Any]:
    """An order as the panel shows it; its receiver is masked."""
    receiver = order.receiver
    return {
        "number": order.number,
        "state": order.state.value,
        "total_fen": order.total_fen,
        "created_at": order.created_at.isoformat(),
        "lines": [
            {"id": one.id, "name": one.name, "spec": one.spec, "quantity": one.quantity, "price_fen": one.price_fen,
             "picture": one.picture}
            for one in order.lines
        ],
        "receiver": f"{receiver.name} {receiver.phone} "
        f"{receiver.province}{receiver.city}{receiver.district}{receiver.street}",
        "note": order.note,
        "parcels": [
            {"courier": one.courier, "number": one.tracking_number, "state": one.state.value,
             "last": one.events[-1].text if one.events else None, "stuck": one.stuck}
            for one in order.shipments
        ],
        "can": sorted(order.can),
    }  # fmt: skip


def case_json(case: CaseView) -> dict[str, Any]:
    """An after-sale case as the panel shows it."""
    return {
        "number": case.number,
        "order_number": case.order_number,
        "kind": case.kind.value,
        "reason": case.reason.value,
        "state": case.state.value,
        "product": case.product_name,
        "amount_fen": case.amount_fen,
        "created_at": case.created_at.isoformat(),
    }


def reveal(call: Call) -> Any:
    """The customer's phone in full; written into the audit log."""
    found = own_talk(call)
    customer_id = customer_of(call, found["sender_id"])
    phone = call.shop.customers.phone(customer_id)
    call.shop.agents.audit(call.agent.id, "reveal_phone", f"customer:{customer_id}", talk=found["handoff_id"])
    return {"phone": phone}


def act(call: Call) -> Any:
    """Do to an order what the customer asked for, by the same service as the bot."""
    found = own_talk(call)
    if found["agent_id"] != call.agent.id:
        raise Forbidden
    customer_id, number, action = customer_of(call, found["sender_id"]), call.params["number"], call.params["action"]
    key = f"desk:{call.agent.id}:{(call.body.get('client_id') or secrets.token_hex(8))[:60]}:{action}"
    order = _changed(call, customer_id, number, action, key)
    call.shop.agents.audit(call.agent.id, f"order_{action}", f"order:{number}"[:60], talk=found["handoff_id"])
    return {"order": order_json(order)}


def _changed(call: Call, customer_id: int, number: str, action: str, key: str) -> OrderView:
    orders, text = call.shop.orders, (call.body.get("text") or "").strip()
    if action == "cancel":
        return orders.cancel(customer_id, number, text[:100] or "desk", key=key).order
    if action == "change_address":
        return orders.change_address(customer_id, number, _address(call.body.get("address") or {}), key=key)
    if action == "note":
        return orders.add_note(customer_id, number, text, key=key)
    if action == "schedule":
        return orders.schedule(customer_id, number, text, key=key)
    if action == "urge":
        return orders.urge(customer_id, number, key=key).order
    if action == "investigate":
        return orders.investigate(customer_id, number, key=key).order
    raise BadValue(f"action: give one of {', '.join(ACTIONS)}", field="action")


def _address(raw: dict[str, Any]) -> NewAddress:
    parts = {key: str(raw.get(key) or "").strip()[:100] for key in ("province", "city", "district", "street")}
    name, phone = (str(raw.get(key) or "").strip()[:40] or None for key in ("name", "phone"))
    return NewAddress(**parts, full_name=name, full_phone=phone)


def open_case(call: Call) -> Any:
    """Open an after-sale case."""
    found = own_talk(call)
    customer_id = customer_of(call, found["sender_id"])
    key = f"desk:{call.agent.id}:{(call.body.get('client_id') or secrets.token_hex(8))[:60]}:case"
    try:
        case = call.shop.aftersale.open(
            customer_id, call.params["number"], call.body["kind"], call.body["reason"],
            line_id=call.body.get("line_id"), description=(call.body.get("text") or "")[:500], key=key,
        )  # fmt: skip
    except ValueError as error:
        raise BadValue("kind or reason: there is no such one", field="kind") from error
    call.shop.agents.audit(call.agent.id, "open_case", f"case:{case.number}", talk=found["handoff_id"])
    return {"case": case_json(case)}


def withdraw_case(call: Call) -> Any:
    """Withdraw an after-sale case."""
    found = own_talk(call)
    key = f"desk:{call.agent.id}:{call.params['number'][:40]}:withdraw"
    case = call.shop.aftersale.withdraw(customer_of(call, found["sender_id"]), call.params["number"], key=key)
    call.shop.agents.audit(call.agent.id, "withdraw_case", f"case:{case.number}", talk=found["handoff_id"])
    return {"case": case_json(case)}


def products(call: Call) -> Any:
    """Products to send as a card."""
    found = call.shop.catalogue.search(call.query.get("q", "")[:60], limit=8)
    return {
        "products": [
            {"code": one.code, "name": one.name, "price_fen": one.price_min_fen, "available": one.available,
             "picture": one.picture}
            for one in found
        ]
    }  # fmt: skip


_TALK = "/talks/{sender}"
RULES = [
    Rule("GET", f"{_TALK}/side", side, "Customer (masked), orders, cases, past talks, summary, mood"),
    Rule("GET", f"{_TALK}/suggestions", suggest, "Up to three answers to edit and send"),
    Rule("POST", f"{_TALK}/reveal", reveal, "The customer's phone in full; written into the audit log"),
    Rule("POST", f"{_TALK}/orders/{{number}}/{{action}}", act, f"Change an order: {', '.join(ACTIONS)}", EVERYBODY,
         {"text": "string?", "address": "object?", "client_id": "string?"}),
    Rule("POST", f"{_TALK}/orders/{{number}}/cases/open", open_case, "Open an after-sale case", EVERYBODY,
         {"kind": "string", "reason": "string", "line_id": "integer?", "text": "string?", "client_id": "string?"}),
    Rule("POST", f"{_TALK}/cases/{{number}}/withdraw", withdraw_case, "Withdraw an after-sale case"),
    Rule("GET", "/products", products, "Products to send as a card", query=("q",)),
]  # fmt: skip
