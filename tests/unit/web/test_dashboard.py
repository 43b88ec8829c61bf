"""The dashboard's data: only for operators, right, and as CSV."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from analytics.query import SHANGHAI
from shop.front import Shop
from shop.models import Order, Payment
from web.app import create_app

WORD = "a long password"
SERVICE = Path(__file__).parents[3] / "web" / "dashboard" / "service.js"


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
    for name in ("today", "sales", "rows", "cases", "stock", "plan", "moves", "goods", "forecast", "quality"):
        answer = boss.get(f"/dashboard/api/{name}")
        assert answer.status_code == 200, name
    sales: dict[str, Any] = boss.get("/dashboard/api/sales?group=day&metric=orders").json()
    assert sales["value"] == sum(row["value"] for row in sales["rows"])
    best = max(sales["rows"], key=lambda row: row["value"])
    span = f"from={sales['rows'][0]['key']}&to={sales['rows'][-1]['key']}"
    behind = boss.get(f"/dashboard/api/rows?metric=orders&group=day&key={best['key']}&{span}").json()["rows"]
    assert len(behind) == best["value"]
    assert boss.get("/dashboard/api/sales?format=csv").text.lstrip("\ufeff").startswith("key,value")


@pytest.mark.parametrize(
    "query",
    [
        "sales?from=x",
        "sales?metric=x",
        "sales?from=2026-02-01&to=2025-01-01",
        "stock?kind=x",
        "plan?budget=-1",
        "sales?from=9999-12-30&to=9999-12-31",
        "rows?to=9999-12-31",
        "sales?from=0001-01-01&to=0001-01-02",
    ],
)
def test_a_bad_wish_is_refused(own_demo_shop: Shop, query: str) -> None:
    assert client(own_demo_shop, "admin").get(f"/dashboard/api/{query}").status_code == 400


@pytest.mark.parametrize("group", ["month", "week", "category", "brand", "product", "channel", "city"])
def test_the_rows_behind_a_group_are_its_orders(own_demo_shop: Shop, group: str) -> None:
    boss = client(own_demo_shop, "supervisor")
    span = "from=2000-01-01&to=2000-01-02"
    assert boss.get(f"/dashboard/api/rows?{span}").json()["rows"] == []
    given = boss.get(f"/dashboard/api/sales?group={group}&metric=orders").json()["rows"]
    row = max(given, key=lambda one: one["value"])
    found = boss.get("/dashboard/api/rows", params={"metric": "orders", "group": group, "key": row["key"]}).json()
    assert len(found["rows"]) == row["value"] > 0
    assert set(found["rows"][0]) == {"number", "created_at", "state", "city", "channel", "total_fen"}


def test_behind_refunds_of_goods_stand_the_cases_that_were_counted(own_demo_shop: Shop) -> None:
    boss = client(own_demo_shop, "supervisor")
    day = own_demo_shop.clock().astimezone(SHANGHAI).date()
    asked = f"metric=refunded&group=category&from={day - timedelta(days=365)}&to={day}"
    told = boss.get(f"/dashboard/api/sales?{asked}").json()["rows"]
    assert len(told) > 1
    for row in told:
        cases = boss.get(f"/dashboard/api/rows?{asked}&key={row['key']}").json()["rows"]
        assert sum(one["amount_fen"] for one in cases) == row["value"], row["key"]


def test_behind_refunds_stand_refunded_orders_and_behind_visits_days(own_demo_shop: Shop) -> None:
    boss = client(own_demo_shop, "supervisor")
    today = own_demo_shop.clock().astimezone(SHANGHAI).date()
    span = f"from={today - timedelta(days=600)}&to={today}"
    refunds = boss.get(f"/dashboard/api/rows?metric=refunded&{span}").json()["rows"]
    with own_demo_shop.database.read() as session:
        back = set(session.execute(select(Order.number).join(Payment).where(Payment.refunded_fen > 0)).scalars())
    assert refunds
    assert {row["number"] for row in refunds} <= back
    days = boss.get("/dashboard/api/rows?metric=visitors").json()["rows"]
    total = boss.get("/dashboard/api/sales?metric=visitors&group=day").json()["value"]
    assert sum(row["visitors"] for row in days) == total > 0


def test_days_without_an_order_are_zero_in_a_line_and_days_to_come_are_not_there(own_demo_shop: Shop) -> None:
    today = own_demo_shop.clock().astimezone(SHANGHAI).date()
    span = f"from={today - timedelta(days=400)}&to={today + timedelta(days=20)}"
    rows = client(own_demo_shop, "admin").get(f"/dashboard/api/sales?group=day&metric=orders&{span}").json()["rows"]
    assert [row["key"] for row in rows] == [str(today - timedelta(days=400 - at)) for at in range(401)]


def test_seconds_are_rounded_before_they_are_minutes_and_seconds() -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed: the page's script can't be run")
    script = SERVICE.read_text() + "\nconsole.log([59.7, 0, 59.4, 119.5, 600].map(length).join(' '))"
    said = subprocess.run(
        ["node", "--input-type=module"], input=script, capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout.split() == ["1:00", "0:00", "0:59", "2:00", "10:00"]


def test_behind_a_finding_stand_all_its_rows(own_demo_shop: Shop) -> None:
    boss = client(own_demo_shop, "supervisor")
    with own_demo_shop.database.change() as session:
        session.connection().exec_driver_sql("UPDATE orders SET city = '' WHERE id <= 30")
    found = {one["name"]: one for one in boss.get("/dashboard/api/quality").json()["rows"]}["order_without_city"]
    rows = boss.get("/dashboard/api/quality?check=order_without_city").json()["rows"]
    assert len(rows) == found["count"] == 30
    assert set(found["rows"]) < {row["key"] for row in rows}
    assert boss.get("/dashboard/api/quality?check=orders").status_code == 400
