"""The OpenAPI document: it names every route for programs, and says what each takes and answers."""

from __future__ import annotations

import io
import re
from contextlib import ExitStack
from dataclasses import replace

from PIL import Image

from shop.states import OrderState
from tests.unit.web.desk_client import DOCUMENT, fits
from web.app import create_app
from web.desk import push
from web.desk.api import PREFIX
from web.desk.desk import DESCRIBED
from web.desk.openapi import document
from web.desk.shapes import ANSWERS, SHAPES

PASSWORD = "correct horse"
BY_HAND = {"get /desk/api/socket", "post /inbox/events"}
"""Described, and tried by tests of their own."""


def test_the_document_describes_every_route_as_openapi(ann):
    found = ann("GET /openapi.json").json()
    assert found == document(DESCRIBED, "Xiaoer desk", push.__doc__)
    assert found["openapi"].startswith("3.1")
    operations = [(path, method) for path, methods in found["paths"].items() for method in methods]
    assert len(operations) == len(DESCRIBED) == len(ANSWERS)
    names = [found["paths"][path][method]["operationId"] for path, method in operations]
    assert len(set(names)) == len(names)
    for path, method in operations:
        declared = {one["name"] for one in found["paths"][path][method]["parameters"] if one["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path))


def test_every_reference_leads_to_a_schema_and_every_schema_is_used():
    used = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert used | {"Pushed"} == set(DOCUMENT["components"]["schemas"])
    assert set(SHAPES) < set(DOCUMENT["components"]["schemas"])


def test_the_document_names_every_route_for_programs_and_no_other(shop):
    served = {
        (re.sub(r"{(\w+):\w+}", r"{\1}", route.path), method.lower())
        for route in create_app(shop).routes
        if getattr(route, "path", "").startswith((f"{PREFIX}/", "/inbox/"))
        for method in getattr(route, "methods", None) or {"GET"}
        if method != "HEAD"
    }
    assert {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods} == served


def test_every_route_answers_as_the_document_says(shop, staff, talk, customer, build):
    ann, boss, admin = staff["agent"], staff["supervisor"], staff["admin"]
    shop.handoffs.close(shop.handoffs.take_over(talk, "ann", ann.agent.id, customer.id).id, "solved", ["催单"])
    paid = build.order(customer, build.product("保温杯").skus[0], state=OrderState.PAID)
    came = build.order(customer, build.product().skus[0], state=OrderState.DELIVERED)
    ticket = shop.tickets.leave("another", None, "请回电", "13800001234")
    shop.handoffs.request(talk, customer.id, "asked")
    shop.agents.add("new", "new", PASSWORD)
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    of = f"/talks/{talk}"
    asked = [
        (ann, "GET /me", None), (ann, "POST /me/status", {"status": "online"}), (ann, "GET /agents", None),
        (boss, "GET /agents", None), (ann, "GET /tickets", None), (ann, f"POST /tickets/{ticket}/phone", {}),
        (ann, f"POST /tickets/{ticket}/settle", {"outcome": "已回电"}), (ann, "GET /talks", None),
        (ann, f"POST {of}/accept", {}), (ann, f"POST {of}/messages", {"text": "您好"}),
        (ann, f"POST {of}/notes", {"text": "请看", "mentions": [boss.agent.id]}), (ann, f"POST {of}/typing", {}),
        (ann, f"POST {of}/read", {"id": 1}), (boss, f"POST {of}/whisper", {"text": "先道歉"}),
        (ann, f"POST {of}/orders/{paid.number}/note", {"text": "放门口"}),
        (ann, f"POST {of}/orders/{came.number}/cases/open", {"kind": "return", "reason": "quality"}),
        (ann, f"GET {of}", None), (ann, f"GET {of}/messages", None), (ann, f"GET {of}/side", None),
        (ann, f"GET {of}/suggestions", None), (ann, f"POST {of}/reveal", {}), (ann, "GET /products", None),
        (boss, "GET /audit", None), (ann, "GET /openapi.json", None),
        (ann, f"POST {of}/transfer", {"group": "aftersale"}), (ann, f"POST {of}/take_over", {}),
        (ann, f"POST {of}/give_back", {}), (ann, f"POST {of}/take_over", {}), (ann, f"POST {of}/close", {"reason": "solved"}),
        (boss, "GET /talks", None), (admin, "POST /agents", {"login": "more", "name": "more", "password": PASSWORD}),
        (admin, f"PATCH /agents/{ann.agent.id}", {"capacity": 9}), (admin, f"POST /agents/{boss.agent.id}/revoke", {}),
        (ann, "POST /login", {"login": "new", "password": PASSWORD}),
    ]  # fmt: skip
    for who, route, body in asked:
        assert who(route, body, **({"list": "all"} if route == "GET /talks" else {})).status_code == 200, route
        if route.endswith("/take_over"):
            kept = ann(f"POST {of}/upload", raw=file.getvalue()).json()["id"]
            assert ann(f"GET {of}/pictures/{kept}").status_code == 200
        if route.endswith("/cases/open"):
            (case,) = shop.aftersale.list(customer.id)
            assert ann(f"POST {of}/cases/{case.number}/withdraw", {}).status_code == 200
    made = ann("POST /canned", {"shortcut": "hi", "title": "问候", "text": "您好"}).json()["id"]
    assert len(ann("GET /canned").json()["replies"]) == 1
    ann(f"DELETE /canned/{made}", {})
    admin(f"POST {of}/erase", {})
    admin(f"POST /customers/{customer.id}/erase", {"open_orders": True})
    ann("POST /logout", {})
    described = {f"{method} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert ann.done | boss.done | admin.done == described - BY_HAND


def test_every_word_of_the_socket_is_one_that_is_described(shop, client, ann, staff, talk):
    shop.settings = replace(shop.settings, desk_poll_s=0.02)
    with ExitStack() as opened:
        opened.enter_context(client)
        line = opened.enter_context(client.websocket_connect(f"{PREFIX}/socket", headers=ann.headers))
        heard = [line.receive_json()]
        ann(f"POST /talks/{talk}/accept")
        shop.messages.record_in(talk, "web", {"text": "在吗"})
        for kind, body in (
            ("typing", {"by": "customer"}),
            ("read", {"by": "customer", "id": 1}),
            ("warn", {"handoff_id": 1}),
        ):
            shop.signals.send(talk, kind, body)
        ann(f"POST /talks/{talk}/notes", {"text": "请看", "mentions": [ann.agent.id]})
        ann("POST /me/status", {"status": "online"})
        shop.tickets.leave("another", None, "请回电")
        wanted = {"hello", "talk", "message", "typing", "read", "warn", "note", "staff", "ticket"}
        while not wanted <= {one["type"] for one in heard}:
            heard.append(line.receive_json())
        staff["admin"](f"POST /talks/{talk}/erase", {})
        while heard[-1] != {"type": "erased"}:  # nothing tells who it was
            heard.append(line.receive_json())
    for one in heard:
        fits(one, {"$ref": "#/components/schemas/Pushed"})
        assert f'"{one["type"]}"' in (push.__doc__ or "")
