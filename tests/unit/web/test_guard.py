"""Login at the desk, and the guard before its routes."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.demo_shops import call_demo
from web.app import create_app
from web.desk.desk import make_demo_agents
from web.guard import COOKIE, HEADER, Guard

PASSWORD = "correct horse"


@pytest.fixture
def client(shop) -> TestClient:
    shop.agents.add("mei", "小美", PASSWORD)
    shop.agents.add("boss", "主管", PASSWORD, "supervisor")
    return TestClient(create_app(shop), base_url="http://localhost")


@pytest.fixture
def guarded(shop) -> TestClient:
    guard = Guard(shop)

    async def who(request):
        return JSONResponse({"name": request.state.agent.name})

    app = Starlette(
        routes=[
            Route("/data", guard.allow("supervisor", "admin")(who), methods=["GET", "POST"]),
            Route("/page", guard.page("supervisor")(who)),
        ]
    )
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def log_in(client, login="mei", password=PASSWORD):
    return client.post("/desk/api/login", json={"login": login, "password": password})


def token_of(client, login):
    return log_in(client, login).json()["token"]


def test_the_login_page_is_there_and_keeps_no_copy(client):
    answer = client.get("/desk/login")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    for file in ("login.js", "login.css", "texts.zh.json"):
        assert client.get(f"/desk/files/{file}").status_code == 200
    for file in ("login.html", "login.py"):
        assert client.get(f"/desk/files/{file}").status_code == 404


def test_a_login_sets_a_cookie_that_scripts_and_foreign_pages_never_see(client):
    answer = log_in(client)
    assert answer.json()["agent"]["name"] == "小美"
    cookie = answer.headers["set-cookie"]
    assert COOKIE in cookie
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


def test_a_wrong_password_and_too_many_are_told_apart_by_name_only(client):
    for _ in range(5):
        answer = log_in(client, password="wrong horse")
        assert (answer.status_code, answer.json()) == (401, {"error": "wrong_password"})
    answer = log_in(client)
    assert (answer.status_code, answer.json()) == (429, {"error": "too_many_tries"})


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"x" * 9000, b'{"login": {"a": 1}}'])
def test_a_damaged_login_is_refused(client, body):
    answer = client.post("/desk/api/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 401)


def test_a_form_of_a_foreign_page_cannot_log_in(client):
    assert client.post("/desk/api/login", data={"login": "mei", "password": PASSWORD}).status_code == 415


def test_data_goes_to_the_right_roles_only(client, guarded):
    assert guarded.get("/data").status_code == 401
    for login, status in (("mei", 403), ("boss", 200)):
        bearer = {"Authorization": f"Bearer {token_of(client, login)}"}
        assert guarded.get("/data", headers=bearer).status_code == status
        assert guarded.post("/data", headers=bearer).status_code == status
    assert guarded.get("/data", headers={"Authorization": "Bearer forged"}).status_code == 401


def test_a_change_by_cookie_needs_the_header_that_foreign_pages_cannot_send(client, guarded):
    guarded.cookies.set(COOKIE, token_of(client, "boss"))
    assert guarded.get("/data").json() == {"name": "主管"}
    assert guarded.post("/data").status_code == 403
    assert guarded.post("/data", headers={HEADER: "1"}).status_code == 200


def test_a_page_leads_strangers_to_the_login_and_back(client, guarded):
    answer = guarded.get("/page")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/login?next=/page")
    guarded.cookies.set(COOKIE, token_of(client, "mei"))
    assert "why=forbidden" in guarded.get("/page").headers["location"]


def test_after_a_logout_the_token_opens_nothing(client, guarded):
    bearer = {"Authorization": f"Bearer {token_of(client, 'boss')}"}
    assert client.post("/desk/api/logout", headers=bearer).status_code == 200
    assert guarded.get("/data", headers=bearer).status_code == 401


def test_a_route_for_a_role_that_does_not_exist_cannot_be_written(shop):
    with pytest.raises(ValueError):
        Guard(shop).allow("boss")
    with pytest.raises(ValueError):
        Guard(shop).allow()


def test_the_demo_shop_gets_agents_once_and_another_shop_none(shop, tmp_path):
    make_demo_agents(shop)
    assert shop.agents.all() == []
    call_demo(shop)
    make_demo_agents(shop)
    make_demo_agents(shop)
    lines = (shop.settings.data_dir / "desk-logins.txt").read_text().splitlines()
    assert len(lines) == len(shop.agents.all()) == 4
    login, password, role = lines[0].split()
    assert shop.agents.log_in(login, password)[0].role == role
