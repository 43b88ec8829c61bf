"""The desk's API: who may call what, and what a talk goes through there."""

from __future__ import annotations

import io
import re
from contextlib import ExitStack
from dataclasses import replace

import pytest
from PIL import Image

from shop.states import OrderState
from tests.unit.web.desk_client import Api
from web.desk.api import EVERYBODY, OVERSEERS, PREFIX
from web.desk.desk import RULES

PASSWORD = "correct horse"
ADMIN = ("admin",)
# Who may call a route at all; what of it they may see is told by the tests below.
ALLOWED = {
    "GET /me": EVERYBODY, "POST /me/status": EVERYBODY, "GET /agents": EVERYBODY, "POST /agents": ADMIN,
    "PATCH /agents/{id:int}": ADMIN, "POST /agents/{id:int}/revoke": ADMIN, "GET /audit": OVERSEERS,
    "GET /canned": EVERYBODY, "POST /canned": EVERYBODY, "DELETE /canned/{id:int}": EVERYBODY,
    "GET /tickets": EVERYBODY, "POST /tickets/{id:int}/settle": EVERYBODY, "POST /tickets/{id:int}/phone": EVERYBODY,
    "POST /customers/{id:int}/erase": ("admin",),
    "GET /talks": EVERYBODY, "GET /talks/{sender}": EVERYBODY, "GET /talks/{sender}/messages": EVERYBODY,
    "POST /talks/{sender}/messages": EVERYBODY, "POST /talks/{sender}/accept": EVERYBODY,
    "POST /talks/{sender}/take_over": EVERYBODY, "POST /talks/{sender}/give_back": EVERYBODY,
    "POST /talks/{sender}/close": EVERYBODY, "POST /talks/{sender}/transfer": EVERYBODY,
    "POST /talks/{sender}/notes": EVERYBODY, "POST /talks/{sender}/whisper": OVERSEERS,
    "POST /talks/{sender}/typing": EVERYBODY, "POST /talks/{sender}/read": EVERYBODY,
    "POST /talks/{sender}/erase": ADMIN,
    "GET /talks/{sender}/pictures/{upload}": EVERYBODY, "GET /talks/{sender}/side": EVERYBODY,
    "GET /talks/{sender}/suggestions": EVERYBODY, "POST /talks/{sender}/reveal": EVERYBODY,
    "POST /talks/{sender}/orders/{number}/{action}": EVERYBODY,
    "POST /talks/{sender}/orders/{number}/cases/open": EVERYBODY,
    "POST /talks/{sender}/cases/{number}/withdraw": EVERYBODY, "GET /products": EVERYBODY,
}  # fmt: skip
# Routes of a talk that a colleague has: closed to other agents.
OF_A_TALK = [one for one in ALLOWED if "{sender}" in one and "whisper" not in one and "erase" not in one]


def filled(route):
    values = {"sender": "talk", "id:int": "999", "number": "1", "action": "urge", "upload": "0" * 32}
    return re.sub(r"{([\w:]+)}", lambda one: values[one[1]], route)


def body_for(rule):
    samples = {"string": "xxxxxxxxxxxx", "integer": 1, "boolean": True, "array": [], "object": {}}
    return {key: samples[kind] for key, kind in rule.fields.items() if not kind.endswith("?")} or None


def test_the_table_of_who_may_call_what_names_every_route():
    assert {f"{rule.method} {rule.path}": rule.roles for rule in RULES} == ALLOWED


def test_every_route_is_closed_to_strangers_and_to_other_roles(client, staff):
    for rule in RULES:
        name, body = f"{rule.method} {rule.path}", body_for(rule)
        stranger = client.request(rule.method, PREFIX + filled(rule.path), json=body)
        assert (stranger.status_code, stranger.json()) == (401, {"error": "not_logged_in"}), name
        for role in EVERYBODY:
            answer = staff[role](filled(name), body)
            assert (answer.status_code == 403) == (role not in ALLOWED[name]), (name, role, answer.text)


def test_a_colleagues_talk_is_closed_to_another_agent_on_every_route(shop, staff, talk):
    staff["agent"](f"POST /talks/{talk}/accept")
    for rule in RULES:
        if f"{rule.method} {rule.path}" in OF_A_TALK:
            answer = staff["other"](filled(f"{rule.method} {rule.path}"), body_for(rule))
            assert (answer.status_code, answer.json()) == (403, {"error": "forbidden"}), rule.path
    assert staff["other"](f"POST /talks/{talk}/upload", raw=b"x").status_code == 403


def test_a_colleague_who_is_mentioned_may_look_on_while_the_talk_lasts_and_do_nothing(shop, staff, talk, clock):
    ann, bob = staff["agent"], staff["other"]
    ann(f"POST /talks/{talk}/accept")
    ann(f"POST /talks/{talk}/notes", {"text": "请看", "mentions": [bob.agent.id]})
    assert bob(f"GET /talks/{talk}").json()["notes"][0]["text"] == "请看"
    assert bob(f"POST /talks/{talk}/notes", {"text": "我看看"}).status_code == 200
    for route in ("reveal", "give_back", "take_over"):
        assert bob(f"POST /talks/{talk}/{route}").status_code == 403, route
    assert bob(f"POST /talks/{talk}/messages", {"text": "x"}).status_code == 403
    ann(f"POST /talks/{talk}/close", {"reason": "solved"})
    clock.on(minutes=1)
    shop.handoffs.request(talk, None, "asked")
    ann(f"POST /talks/{talk}/accept")
    assert bob(f"GET /talks/{talk}").status_code == 403  # another talk: the mention was of the one before


def test_another_groups_queue_is_closed_to_an_agent(shop, client, talk):
    sales = Api(shop, client, "sal", groups=["presale"])
    shop.handoffs.to_group(shop.handoffs.current(talk).id, "aftersale")
    assert sales("GET /talks", list="queue").json()["talks"] == []
    assert sales(f"GET /talks/{talk}").status_code == 403
    shop.handoffs.to_group(shop.handoffs.current(talk).id, "presale")
    assert len(sales("GET /talks", list="queue").json()["talks"]) == 1


def test_a_talk_is_accepted_answered_and_closed(shop, ann, talk):
    queue = ann("GET /talks", list="queue").json()["talks"]
    assert (queue[0]["customer"]["name"], queue[0]["last"]["text"]) == ("张**", "我的快递怎么还没到")
    assert ann(f"POST /talks/{talk}/accept").json()["talk"]["agent"] == "ann"
    said = {"text": "您好，我帮您看看", "client_id": "m1"}
    first, again = (ann(f"POST /talks/{talk}/messages", said).json()["message"]["id"] for _ in range(2))
    assert first == again
    assert ann(f"POST /talks/{talk}/close", {"reason": "solved", "tags": ["物流"]}).json()["talk"]["state"] == "bot"
    assert ann("GET /talks", list="mine").json()["talks"] == []
    page = ann(f"GET /talks/{talk}").json()["messages"]
    assert [one["direction"] for one in page] == ["in", "sys", "agent", "sys", "sys"]


def test_two_agents_who_accept_are_told_who_has_it(staff, talk):
    assert staff["agent"](f"POST /talks/{talk}/accept").status_code == 200
    assert staff["other"](f"POST /talks/{talk}/accept").status_code == 403


def test_an_overseer_looks_on_whispers_barges_in_and_reassigns(shop, staff, talk):
    ann, boss = staff["agent"], staff["supervisor"]
    ann(f"POST /talks/{talk}/accept")
    assert boss(f"GET /talks/{talk}").status_code == 200
    assert boss(f"POST /talks/{talk}/messages", {"text": "x"}).status_code == 403
    whispered = boss(f"POST /talks/{talk}/whisper", {"text": "先道歉"}).json()["note"]
    assert (whispered["kind"], whispered["mentions"]) == ("whisper", [ann.agent.id])
    assert boss(f"POST /talks/{talk}/transfer", {"agent_id": staff["other"].agent.id}).status_code == 200
    assert shop.handoffs.current(talk).agent_id == staff["other"].agent.id
    assert boss(f"POST /talks/{talk}/take_over").json()["talk"]["agent"] == "sue"
    assert boss("GET /audit").json()["lines"][0]["action"] == "barge_in"


def test_a_transfer_needs_one_target_and_a_known_one(ann, talk):
    ann(f"POST /talks/{talk}/accept")
    for body in ({}, {"agent_id": 1, "group": "any"}, {"group": "nobody"}):
        assert ann(f"POST /talks/{talk}/transfer", body).status_code == 400
    assert ann(f"POST /talks/{talk}/transfer", {"agent_id": 999}).status_code == 404
    assert ann(f"POST /talks/{talk}/transfer", {"group": "aftersale", "note": "要退款"}).json() == {"ok": True}


def test_a_phone_is_masked_until_it_is_revealed_and_the_audit_log_says_to_whom(staff, talk):
    ann = staff["agent"]
    ann(f"POST /talks/{talk}/accept")
    side = ann(f"GET /talks/{talk}/side").json()
    assert side["customer"]["phone"] == "138****1234"
    assert ann(f"POST /talks/{talk}/reveal").json() == {"phone": "13800001234"}
    line = staff["supervisor"]("GET /audit").json()["lines"][0]
    assert (line["agent"], line["action"]) == ("ann", "reveal_phone")
    assert "13800001234" not in str(line)


def test_an_order_is_changed_by_the_same_rules_as_the_bots(shop, ann, talk, customer, build):
    paid = build.order(customer, state=OrderState.PAID)
    left = build.order(customer, state=OrderState.SHIPPED)
    ann(f"POST /talks/{talk}/accept")
    orders = {one["number"]: one for one in ann(f"GET /talks/{talk}/side").json()["orders"]}
    assert "cancel" in orders[paid.number]["can"]
    assert "cancel" not in orders[left.number]["can"]
    noted = ann(f"POST /talks/{talk}/orders/{paid.number}/note", {"text": "放门口", "client_id": "n1"})
    assert noted.json()["order"]["note"] == "放门口"
    assert (
        ann(f"POST /talks/{talk}/orders/{paid.number}/cancel", {"text": "不要了"}).json()["order"]["state"]
        == "cancelled"
    )
    refused = ann(f"POST /talks/{talk}/orders/{left.number}/cancel")
    assert (refused.status_code, refused.json()["error"]) == (409, "cannot_cancel")
    assert ann(f"POST /talks/{talk}/orders/000/urge").status_code == 404
    assert ann(f"POST /talks/{talk}/orders/{paid.number}/explode").status_code == 400


def test_anothers_order_is_not_found_in_a_talk(shop, ann, talk, build):
    other = build.order(build.customer(), state=OrderState.PAID)
    ann(f"POST /talks/{talk}/accept")
    assert ann(f"POST /talks/{talk}/orders/{other.number}/cancel").status_code == 404
    card = {"card": {"type": "orders", "codes": [other.number]}}
    assert ann(f"POST /talks/{talk}/messages", card).status_code == 404


def test_a_case_is_opened_and_withdrawn(ann, talk, customer, build):
    order = build.order(customer, build.product().skus[0], state=OrderState.DELIVERED)
    ann(f"POST /talks/{talk}/accept")
    made = ann(f"POST /talks/{talk}/orders/{order.number}/cases/open", {"kind": "return", "reason": "quality"}).json()
    assert made["case"]["state"] == "submitted"
    gone = ann(f"POST /talks/{talk}/cases/{made['case']['number']}/withdraw").json()
    assert gone["case"]["state"] == "withdrawn"
    wrong = ann(f"POST /talks/{talk}/orders/{order.number}/cases/open", {"kind": "x", "reason": "y"})
    assert wrong.status_code == 400


def test_pictures_go_both_ways_and_only_within_their_talk(shop, ann, talk, client):
    ann(f"POST /talks/{talk}/accept")
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    sent = client.post(f"{PREFIX}/talks/{talk}/upload", content=file.getvalue(), headers=ann.headers).json()
    assert ann(f"POST /talks/{talk}/messages", {"attachments": [sent["id"]]}).status_code == 200
    assert ann(f"GET /talks/{talk}/pictures/{sent['id']}").headers["content-type"] == "image/jpeg"
    foreign = shop.uploads.put("another", file.getvalue()).id
    assert ann(f"POST /talks/{talk}/messages", {"attachments": [foreign]}).status_code == 404
    assert ann(f"GET /talks/{talk}/pictures/{foreign}").status_code == 404
    bad = client.post(f"{PREFIX}/talks/{talk}/upload", content=b"no picture", headers=ann.headers)
    assert (bad.status_code, bad.json()["why"]) == (400, "format")


def test_a_product_card_holds_the_shops_own_facts(ann, talk, build):
    product = build.product("保温杯", stock=3)
    ann(f"POST /talks/{talk}/accept")
    code = ann("GET /products", q="保温杯").json()["products"][0]["code"]
    card = {"type": "products", "codes": [code], "items": [{"title": "forged"}]}
    said = ann(f"POST /talks/{talk}/messages", {"card": card}).json()["message"]
    assert [one["title"] for one in said["custom"]["items"]] == ["保温杯"]
    assert product is not None


def test_suggestions_come_from_the_faq_and_the_summary_from_the_talk(shop, ann, talk):
    shop.messages.record_in(talk, "web", {"text": "怎么开发票"})
    found = ann(f"GET /talks/{talk}/suggestions").json()["suggestions"]
    assert 1 <= len(found) <= 3
    assert any("发票" in one["text"] for one in found)
    summary = ann(f"GET /talks/{talk}/side").json()["summary"]
    assert summary["wanted"] == "我的快递怎么还没到"
    assert summary["asked_last"] == "怎么开发票"


@pytest.mark.parametrize(
    "body", [{}, {"text": 5}, {"text": "x" * 2001}, {"text": "x", "extra": 1}, {"attachments": "x"}, {"text": "  "}]
)
def test_a_damaged_message_is_refused_and_named(ann, talk, body):
    ann(f"POST /talks/{talk}/accept")
    answer = ann(f"POST /talks/{talk}/messages", body)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_value")


def test_a_talk_that_does_not_exist_is_not_found(ann):
    assert ann("GET /talks/nobody").status_code == 404


def test_the_team_and_its_sessions_are_the_admins_to_change(staff, shop):
    admin, ann = staff["admin"], staff["agent"]
    made = admin("POST /agents", {"login": "new", "name": "新人", "password": PASSWORD}).json()["agent"]
    assert admin(f"PATCH /agents/{made['id']}", {"capacity": 9}).json()["agent"]["capacity"] == 9
    assert admin(f"PATCH /agents/{made['id']}", {"role": "god"}).status_code == 400
    refused = admin(f"PATCH /agents/{admin.agent.id}", {"role": "agent"})
    assert (refused.status_code, refused.json()["error"]) == (409, "last_admin")
    assert admin(f"POST /agents/{ann.agent.id}/revoke").json()["ended"] == 1
    assert ann("GET /me").status_code == 401
    assert "login" not in staff["other"]("GET /agents").json()["agents"][0]


def test_a_shared_canned_reply_is_an_overseers_to_make(staff):
    reply = {"shortcut": "hi", "title": "问候", "text": "您好", "shared": True}
    staff["agent"]("POST /canned", reply)
    assert staff["other"]("GET /canned").json()["replies"] == []
    staff["supervisor"]("POST /canned", reply)
    assert len(staff["other"]("GET /canned", q="问").json()["replies"]) == 1


def test_a_ticket_of_another_group_is_closed_to_an_agent(shop, client, staff, talk):
    shop.handoffs.to_group(shop.handoffs.current(talk).id, "aftersale")
    number = shop.tickets.leave(talk, None, "请回电", "13800001234")
    sales, care = Api(shop, client, "sal", groups=["presale"]), Api(shop, client, "cat", groups=["aftersale"])
    assert sales("GET /tickets").json()["tickets"] == []
    for step in ("phone", "settle"):
        assert sales(f"POST /tickets/{number}/{step}", {}).status_code == 403, step
    for one in (care, staff["agent"], staff["supervisor"]):
        assert [found["id"] for found in one("GET /tickets").json()["tickets"]] == [number]
        assert one(f"POST /tickets/{number}/phone", {}).status_code == 200


def test_tickets_are_settled_and_their_phones_logged(shop, staff):
    number = shop.tickets.leave("talk", None, "请回电", "13800001234")
    ann = staff["agent"]
    assert ann("GET /tickets").json()["tickets"][0]["phone"] == "138****1234"
    assert ann(f"POST /tickets/{number}/phone").json() == {"phone": "13800001234"}
    assert ann(f"POST /tickets/{number}/settle", {"outcome": "已回电"}).json()["ticket"]["state"] == "done"
    assert staff["admin"]("GET /audit").json()["lines"][0]["subject"] == f"ticket:{number}"


def test_an_admin_forgets_a_customer_open_orders_are_told_first_and_the_log_says_so(shop, staff, talk, customer, build):
    build.order(customer, state=OrderState.PAID)
    route = f"POST /customers/{customer.id}/erase"
    refused = staff["admin"](route, {})
    assert (refused.status_code, refused.json()["error"], refused.json()["count"]) == (409, "wrong_state", 1)
    assert staff["admin"](route, {"open_orders": True}).json() == {"talks": 1}
    assert staff["admin"](route, {"open_orders": True}).status_code == 404
    assert staff["admin"](f"GET /talks/{talk}").status_code == 404
    line = staff["admin"]("GET /audit").json()["lines"][0]
    assert (line["action"], line["subject"]) == ("erase_customer", f"customer:{customer.id}")


def test_an_admin_forgets_one_talk_and_the_log_does_not_say_whose(shop, staff, talk, customer):
    assert staff["admin"](f"POST /talks/{talk}/erase", {}).json() == {"ok": True}
    assert staff["admin"](f"GET /talks/{talk}").status_code == 404
    assert staff["admin"](f"POST /talks/{talk}/erase", {}).status_code == 404
    assert shop.customers.facts(customer.id).id == customer.id
    line = staff["admin"]("GET /audit").json()["lines"][0]
    assert (line["action"], line["detail"]) == ("erase_talk", {"channel": "web"})
    assert re.fullmatch(r"talk:(\d+|-)", line["subject"])  # a handoff's number, not the sender's id


def test_what_happens_is_pushed_to_the_agents_it_concerns(shop, client, staff, talk):
    shop.settings = replace(shop.settings, desk_poll_s=0.02)
    ann, bob = staff["agent"], staff["other"]
    with ExitStack() as open_lines:
        open_lines.enter_context(client)
        line, other = (
            open_lines.enter_context(client.websocket_connect(f"{PREFIX}/socket", headers=one.headers))
            for one in (ann, bob)
        )
        assert line.receive_json()["type"] == other.receive_json()["type"] == "hello"
        line.send_json({"type": "ping"})
        assert line.receive_json() == {"type": "pong"}
        ann(f"POST /talks/{talk}/accept")
        shop.messages.record_in(talk, "web", {"text": "在吗"})
        shop.signals.send(talk, "typing", {"by": "customer"})
        kinds = []
        while "typing" not in kinds:
            kinds.append(line.receive_json()["type"])
        assert {"talk", "message"} <= set(kinds)
        heard = other.receive_json()
        while heard["type"] != "talk" or heard["talk"] is not None:  # the queue's first news comes by the clock
            assert heard["type"] == "talk"
            heard = other.receive_json()
        assert heard["sender_id"] == talk


def test_a_socket_needs_a_session_and_our_own_page(client, ann):
    from starlette.websockets import WebSocketDisconnect

    for headers in ({}, {"Authorization": "Bearer forged"}):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{PREFIX}/socket", headers=headers):
            pass
    client.cookies.set("xiaoer_agent", ann.headers["Authorization"].split()[1])
    evil = {"origin": "http://evil.example"}
    for headers in (evil, {**evil, "Authorization": "Basic eDp5"}, {**evil, "Authorization": "Bearer "}):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{PREFIX}/socket", headers=headers):
            pass
