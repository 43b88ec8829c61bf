"""The dashboard's data: only for operators, right, and as CSV."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from shop.front import Shop
from web.app import create_app

WORD = "a long password"


def client(shop: Shop, role: str | None) -> TestClient:
    made = TestClient(create_app(shop), follow_redirects=False)
    if role:
        shop.agents.add("boss", "B", WORD, role)
        made.headers["Authorization"] = f"Bearer {shop.agents.log_in('boss', WORD)[1]}"
    return made


def test_nobody_and_no_plain_agent_sees_figures(own_demo_shop: Shop) -> None:
    assert client(own_demo_shop, None).get("/dashboard/api/today").status_code == 401
    assert client(own_demo_shop, None).get("/dashboard/").headers["location"].startswith("/desk/login?next=/dashboard/")
    assert client(own_demo_shop, "agent").get("/dashboard/api/today").status_code == 403


def test_an_operator_sees_every_page_its_rows_and_csv(own_demo_shop: Shop) -> None:
    boss = client(own_demo_shop, "supervisor")
    assert "echarts" in boss.get("/dashboard/").text
    assert boss.get("/vendor/echarts.min.js").status_code == 200
    for name in ("today", "sales", "rows", "stock", "plan", "forecast", "quality"):
        answer = boss.get(f"/dashboard/api/{name}")
        assert answer.status_code == 200, name
    sales: dict[str, Any] = boss.get("/dashboard/api/sales?group=day&metric=orders").json()
    assert sales["value"] == sum(row["value"] for row in sales["rows"])
    best = max(sales["rows"], key=lambda row: row["value"])
    behind = boss.get(f"/dashboard/api/rows?from={best['key']}&to={best['key']}").json()["rows"]
    assert sum(row["state"] not in ("pending_payment", "cancelled") for row in behind) == best["value"]
    assert boss.get("/dashboard/api/sales?format=csv").text.lstrip("\ufeff").startswith("key,value")


@pytest.mark.parametrize(
    "query", ["sales?from=x", "sales?metric=x", "sales?from=2026-02-01&to=2025-01-01", "stock?kind=x", "plan?budget=-1"]
)
def test_a_bad_wish_is_refused(own_demo_shop: Shop, query: str) -> None:
    assert client(own_demo_shop, "admin").get(f"/dashboard/api/{query}").status_code == 400
