"""The desk's API with its people and one talk that waits."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from shop.models import Customer
from tests.unit.web.desk_client import Api
from web.app import create_app


@pytest.fixture
def client(shop):
    return TestClient(create_app(shop), base_url="http://localhost")


@pytest.fixture
def staff(shop, client):
    return {
        "agent": Api(shop, client, "ann"),
        "other": Api(shop, client, "bob"),
        "supervisor": Api(shop, client, "sue", "supervisor"),
        "admin": Api(shop, client, "adam", "admin"),
    }


@pytest.fixture
def ann(staff):
    return staff["agent"]


@pytest.fixture
def customer(shop, build):
    phone = shop.cipher.seal("13800001234")
    return build.add(Customer(code="c", level=2, name_sealed=shop.cipher.seal("张三丰"), phone_sealed=phone))


@pytest.fixture
def talk(shop, customer):
    shop.messages.record_in("talk", "web", {"text": "我的快递怎么还没到"})
    shop.identity.claim("talk", customer.id, "web")
    shop.handoffs.request("talk", customer.id, "asked")
    return "talk"
