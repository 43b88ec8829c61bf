"""The web server: demo page, widget files, pictures."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from shop.database import Database
from shop.front import Shop
from shop.models import Customer
from shop.states import OrderState
from tests.demo_shops import call_demo
from web.app import create_app, safe_join


@pytest.fixture
def client(shop) -> TestClient:
    return TestClient(create_app(shop), base_url="http://localhost")


@pytest.fixture
def ann(shop, build):
    call_demo(shop)
    return build.add(
        Customer(id=1, code="ann", name_sealed=shop.cipher.seal("安娜"), phone_sealed=shop.cipher.seal("13800001234"))
    )


def token_in(page: str) -> str | None:
    found = re.search(r'token="([^"]+)"', page)
    return found and found.group(1)


def test_the_demo_page_carries_a_token_of_its_customer(client, shop, ann):
    answer = client.get("/")
    assert answer.status_code == 200
    assert shop.identity.read_token(token_in(answer.text)) == ann.id
    assert "13800001234" not in answer.text
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize("customer", ["guest", "999", "-1", "1 OR 1=1", "<script>", "9" * 40])
def test_whoever_is_no_customer_is_a_guest(client, ann, customer):
    answer = client.get("/", params={"customer": customer})
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert token_in(answer.text) is None


def test_nobody_gets_the_token_of_a_customer_who_is_not_one_of_the_demos(client, shop, ann, build):
    other = build.add(Customer(id=6, code="six"))
    assert token_in(client.get("/", params={"customer": other.id}).text) is None
    assert token_in(client.get("/", params={"customer": ann.id}).text)


def test_the_customers_of_a_shop_that_the_demo_did_not_make_are_guests_on_its_page(client, build):
    build.add(Customer(id=1, code="a person"))
    for customer in (None, 1):
        assert token_in(client.get("/", params={"customer": customer} if customer else {}).text) is None


def test_an_empty_shop_has_a_page_too(client):
    assert client.get("/").status_code == 200


def test_the_demo_page_shows_products_and_escapes_their_names(client, build):
    build.product("<b>粗</b>杯子", stock=3)
    page = client.get("/").text
    assert "&lt;b&gt;粗&lt;/b&gt;杯子" in page
    assert "<b>粗</b>" not in page


def test_a_real_shop_hands_out_no_demo_tokens(shop, ann):
    real = Shop(replace(shop.settings, demo_pages=False), shop.database, shop.cipher, shop.clock)
    answer = TestClient(create_app(real)).get("/")
    assert token_in(answer.text) is None
    assert answer.json() == {"status": "ok"}


def test_every_answer_allows_only_what_the_page_needs(client, shop):
    for path in ("/", "/health", "/widget/xiaoer.js", "/nothing"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert f"http://localhost:{shop.settings.rasa_port} ws://localhost:{shop.settings.rasa_port}" in policy


def test_a_forged_host_gets_into_no_header_and_no_page(client, ann):
    for host in ("evil.example/x;script-src *", 'a" onload="x'):
        answer = client.get("/", headers={"host": host})
        assert "script-src *" not in answer.headers.get("content-security-policy", "")
        assert "onload" not in answer.text


@pytest.mark.parametrize(
    "name",
    ["xiaoer.js", "THIRD-PARTY.LICENSE"],
)
def test_the_widgets_files_are_there_for_every_page(client, name):
    answer = client.get(f"/widget/{name}")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/demo/page.py", "/demo/page.html", "/demo/__init__.py", "/widget/../app.py", "/widget/%2e%2e/app.py"]
)
def test_sources_and_templates_are_not_served(client, path):
    assert client.get(path).status_code == 404


def test_pictures_come_from_their_folder_only(client, shop):
    folder = Path(shop.settings.data_dir) / "pictures" / "a"
    folder.mkdir(parents=True)
    (folder / "cup.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "notes.txt").write_text("x")
    (Path(shop.settings.data_dir) / "secret.jpg").write_bytes(b"secret")
    (folder / "link.jpg").symlink_to(Path(shop.settings.data_dir) / "secret.jpg")
    answer = client.get("/pictures/a/cup.jpg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    for path in ("a/notes.txt", "a/none.jpg", "a", "%2e%2e/secret.jpg", "..%2fsecret.jpg", "a/link.jpg", "a/%00.jpg"):
        assert client.get(f"/pictures/{path}").status_code == 404


def test_a_path_is_joined_only_below_its_folder(tmp_path):
    assert safe_join(tmp_path, "a/b.jpg") == tmp_path / "a" / "b.jpg"
    for bad in ("../x", "a/../../x", "", ".", "a\\..\\x", "a\0b"):
        assert safe_join(tmp_path, bad) is None
    assert safe_join(tmp_path, "/etc/passwd") == tmp_path / "etc" / "passwd"


def test_a_dead_database_is_said_and_the_server_lives(shop):
    dead = Shop(shop.settings, Database("postgresql+psycopg2://nobody@127.0.0.1:9/none"), shop.cipher)
    client = TestClient(create_app(dead))
    assert client.get("/").status_code == 503
    assert client.get("/health").status_code == 200


def test_the_widget_writes_no_html_from_the_wire():
    web = Path(__file__).parents[3] / "web"
    for path in (*web.rglob("*.js"), *web.rglob("*.ts")):
        if not {"vendor", "node_modules", "dist"} & set(path.parts):
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()), (
                path
            )


def test_the_server_keeps_house_while_it_runs(shop, build):
    order = build.order(build.customer(), state=OrderState.PENDING_PAYMENT)
    shop.settings = replace(shop.settings, housekeeping_s=0.01)
    with TestClient(create_app(shop), base_url="http://localhost"):
        deadline = time.monotonic() + 60
        while shop.orders.get(order.customer_id, order.number).state is not OrderState.CANCELLED:
            assert time.monotonic() < deadline
            time.sleep(0.02)
