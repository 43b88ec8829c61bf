"""Every route of the web server, for every role: who is let in, and who is not.

Routes are found in the app itself, so that one which is added later is looked at too: whatever
stands neither among the public ones nor behind the desk's or the dashboard's guard fails here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Iterator

import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from shop.models import Agent, Customer
from web.app import create_app
from web.desk.api import EVERYBODY, OVERSEERS, PREFIX
from web.desk.desk import RULES
from web.guard import COOKIE

# What anybody may ask for. Each line is a decision; the routes themselves check what they are given.
PUBLIC = {
    "GET /", "GET /health", "GET /pictures/{path:path}", "MOUNT /widget", "MOUNT /demo", "MOUNT /vendor",
    "MOUNT /desk/files", "MOUNT /dashboard/files", "GET /desk", "GET /desk/login", "POST /desk/api/login",
    "POST /desk/api/logout", "POST /link", "OPTIONS /link", "POST /inbox/events", "POST /events", "OPTIONS /events",
}  # fmt: skip
ROLE_OF_RULE = {f"{rule.method} {PREFIX}{rule.path}": rule.roles for rule in RULES}
PHONE = "13912345678"


def every(routes: list[BaseRoute]) -> Iterator[str]:
    """``METHOD path`` of each route."""
    for one in routes:
        if isinstance(one, Mount):
            yield f"MOUNT {one.path}"
        elif isinstance(one, WebSocketRoute):
            yield f"SOCKET {one.path}"
        else:
            assert isinstance(one, Route), one
            for method in sorted((one.methods or {"GET"}) - {"HEAD"}):
                yield f"{method} {one.path}"


def allowed(route: str) -> tuple[str, ...] | None:
    """Who may call a route; None: anybody."""
    path = route.partition(" ")[2]
    if route in PUBLIC:
        return None
    if path.startswith("/dashboard"):
        return OVERSEERS
    return ROLE_OF_RULE.get(route, EVERYBODY)


def ask(client: TestClient, route: str, headers: dict[str, str] | None = None) -> Any:
    method, _, path = route.partition(" ")
    values = {"id:int": "999", "sender": "talk", "upload": "0" * 32, "number": "1", "action": "urge"}
    address = re.sub(r"{([\w:]+)}", lambda one: values.get(one[1], "1"), path)
    body = None if method == "GET" else b"{}"
    given = {"content-type": "application/json", **(headers or {})}
    return client.request(method, address, content=body, headers=given, follow_redirects=False)


@pytest.fixture
def client(shop):
    return TestClient(create_app(shop), base_url="http://localhost", raise_server_exceptions=False)


@pytest.fixture
def sessions(shop):
    """A session's header of each role."""
    made = {}
    for role in EVERYBODY:
        with shop.database.change() as session:
            row = Agent(login=role, name=role, password_hash="none", role=role, groups=["any"])
            session.add(row)
            session.flush()
            known = row.id
        made[role] = {"Authorization": f"Bearer {shop.agents.open_session(known)}"}
    return made


@pytest.fixture
def guarded(client):
    return [one for one in every(client.app.routes) if allowed(one) is not None and not one.startswith("SOCKET")]


def test_every_public_route_is_one_that_was_meant_to_be(client):
    found = set(every(client.app.routes))
    assert found >= PUBLIC
    strangers = [one for one in found if one.startswith("MOUNT") and one not in PUBLIC]
    assert strangers == []
    assert len(found) > len(PUBLIC) + len(RULES)


def test_a_stranger_is_let_into_no_guarded_route(client, guarded):
    for route in guarded:
        answer = ask(client, route)
        led_away = answer.status_code == 303 and answer.headers["location"].startswith("/desk/login")
        assert answer.status_code in (401, 403) or led_away, (route, answer.status_code)


def test_each_role_is_let_into_its_own_routes_only(client, guarded, sessions):
    for route in guarded:
        for role, headers in sessions.items():
            answer = ask(client, route, headers)
            led_away = answer.status_code == 303 and "why=forbidden" in answer.headers["location"]
            refused = (answer.status_code == 403 and answer.json()["error"] == "forbidden") or led_away
            assert refused == (role not in allowed(route)), (route, role, answer.status_code, answer.text[:200])
            assert answer.status_code != 401, (route, role)


def test_a_forged_an_ended_and_an_old_session_open_nothing(shop, client, guarded, sessions, clock):
    token = sessions["admin"]["Authorization"].split()[1]
    forged = {"Authorization": f"Bearer {token[:-4]}AAAA"}
    for route in guarded:
        assert ask(client, route, forged).status_code in (303, 401), route
    left = {"Authorization": sessions["agent"]["Authorization"]}
    assert ask(client, f"GET {PREFIX}/me", left).status_code == 200
    assert client.post(f"{PREFIX}/logout", headers=left).status_code == 200
    for route in guarded:
        assert ask(client, route, left).status_code in (303, 401), route
    clock.on(hours=shop.settings.desk_session_hours, seconds=1)
    for route in guarded:
        assert ask(client, route, sessions["admin"]).status_code in (303, 401), route


def test_a_cookie_alone_changes_nothing(client, guarded, sessions):
    client.cookies.set(COOKIE, sessions["admin"]["Authorization"].split()[1])
    for route in guarded:
        if not route.startswith("GET "):
            answer = ask(client, route)
            assert (answer.status_code, answer.json()["error"]) == (403, "header_missing"), route


def test_the_socket_opens_to_those_who_are_logged_in_only(client, sessions):
    sockets = [one.partition(" ")[2] for one in every(client.app.routes) if one.startswith("SOCKET")]
    assert sockets
    for path in sockets:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
            pass
        with client.websocket_connect(path, headers=sessions["agent"]) as line:
            assert line.receive_json()["type"] == "hello"


def test_a_phone_in_full_leaves_the_server_by_two_routes_and_each_time_the_log_says_to_whom(
    shop, client, guarded, sessions, build
):
    shop.settings = replace(shop.settings, service_hours="0:00-24:00")
    customer = build.add(Customer(code="c", name_sealed=shop.cipher.seal("张三"), phone_sealed=shop.cipher.seal(PHONE)))
    build.order(customer)
    shop.messages.record_in("talk", "web", {"text": "在吗"})
    shop.identity.claim("talk", customer.id, "web")
    ticket = shop.tickets.leave("another", customer.id, "请回电", PHONE)
    agent = next(one for one in shop.agents.all() if one.role == "agent")
    view = shop.handoffs.request("talk", customer.id, "asked")
    shop.handoffs.accept(view.id, agent.name, agent.id)
    asked = 0
    for route in guarded:
        if route.startswith("GET "):
            for headers in sessions.values():
                asked += 1
                assert PHONE not in ask(client, route, headers).text, route
    assert asked > 20
    assert shop.agents.audit_log() == []
    for path, subject in (("/talks/talk/reveal", f"customer:{customer.id}"), (f"/tickets/{ticket}/phone", f"ticket:{ticket}")):  # fmt: skip
        assert ask(client, f"POST {PREFIX}{path}", sessions["agent"]).json() == {"phone": PHONE}
        line = client.get(f"{PREFIX}/audit", headers=sessions["supervisor"]).json()["lines"][0]
        assert (line["agent"], line["action"], line["subject"]) == ("agent", "reveal_phone", subject)
        assert PHONE not in str(line)
