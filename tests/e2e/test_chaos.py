"""Parts die in the middle of a talk: the customer reads a sentence, and afterwards it goes on."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import Any, Iterator

import pytest
from sqlalchemy import select

from shop.models import OrderChange
from shop.states import OrderState
from tests.e2e.harness import BotServer
from tests.e2e.scene import Scene
from tests.servers import PostgresServer

pytestmark = [pytest.mark.model, pytest.mark.slow]


def cancellations(scene: Scene, order: Any) -> int:
    """How often an order was cancelled."""
    with scene.shop.database.read() as session:
        query = select(OrderChange.id).where(OrderChange.order_id == order.id, OrderChange.kind == "cancel")
        return len(session.execute(query).all())


@contextmanager
def without_actions(bot: BotServer) -> Iterator[None]:
    """The action server is killed, and started again at the end."""
    bot.kill_server("actions")
    try:
        yield
    finally:
        bot.start_server("actions")


@contextmanager
def without_database(bot: BotServer, request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody can change the database: PostgreSQL is down, the SQLite file is locked."""
    if bot.settings.database_url:
        server: PostgresServer = request.getfixturevalue("postgres")
        server.halt()
        try:
            yield
        finally:
            server.resume()
        return
    holder = sqlite3.connect(bot.settings.data_dir / "shop.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_a_form_survives_the_death_of_the_action_server(bot: BotServer, scene: Scene):
    _, (order,) = scene.newcomer()
    talk = bot.customer(order.customer_id)
    talk.say("取消订单").has(order.number, "原因")
    with without_actions(bot):
        talk.say("不想要了")
        talk.say("你们发什么快递")
        assert bot.is_up("rasa")
    talk.say("不想要了").has(order.number).offers("确认")
    with without_actions(bot):
        talk.say("确认").has_no("已取消")
    assert cancellations(scene, order) == 0
    talk.say("确认").has("已取消")
    assert cancellations(scene, order) == 1


def test_without_the_action_server_every_question_is_met_with_a_sentence(bot: BotServer, scene: Scene):
    customer, (order,) = scene.newcomer()
    talk = bot.customer(customer)
    with without_actions(bot):
        for text in ("你好", "我的订单", "耳机多少钱", "转人工", "asdfgh", "算了"):
            talk.say(text)
    talk.say("我的订单").has(order.number)


def test_a_dead_database_is_said_in_chinese_and_a_form_goes_on_afterwards(
    bot: BotServer, scene: Scene, request: pytest.FixtureRequest
):
    customer, (order,) = scene.newcomer()
    talk = bot.customer(customer)
    talk.say("取消订单").has("原因")
    with without_database(bot, request):
        talk.say("不想要了").has("查不到数据").has_no("Error", "Traceback", "sqlite", "psycopg")
        bot.guest().say("你好").has("查不到数据")
        assert bot.is_up("rasa")
        assert bot.is_up("actions")
    talk.say("不想要了").has(order.number).offers("确认")
    talk.say("确认").has("已取消")
    assert scene.shop.orders.get(customer.id, order.number).state is OrderState.CANCELLED


def test_a_database_that_dies_between_two_questions_of_one_customer_loses_nothing_that_was_said(
    bot: BotServer, scene: Scene, request: pytest.FixtureRequest
):
    customer, _ = scene.newcomer(OrderState.PAID, OrderState.PENDING_PAYMENT)
    talk = bot.customer(customer)
    shown = talk.say("我的订单").cards
    with without_database(bot, request):
        talk.say("第二个").has("查不到数据")
    talk.say("第二个").has(shown[1]["buttons"][0]["payload"])
