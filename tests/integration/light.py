"""The messaging channels in a bare Sanic server with a bot of a few lines: fast, for what needs no Rasa."""

from __future__ import annotations

import asyncio
import importlib
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable

import yaml
from sanic import Sanic

from bot.channels.gate import Gate
from shop.front import Shop, open_shop
from shop.models import Customer
from shop.settings import Settings
from tests.fakes.platform import FakePlatform
from tests.integration.tiny import PROJECT
from tests.servers import free_port

_ANSWERS = {
    "你好": "您好", "再见": "再见，欢迎再来。", "填表": "要几件？", "两件": "什么颜色？", "红色": "好的，两件 件，红色。",
}  # fmt: skip


class LightBot:
    """Serves the channels of these simulators; ``platforms`` by channel."""

    def __init__(
        self, folder: Path, fakes: dict[str, tuple[str, Callable[[], FakePlatform]]], speech: str = "", **more: Any
    ) -> None:
        self.folder, self._fakes, self._more = folder, fakes, more
        self.platforms: dict[str, Any] = {}
        self.connectors: dict[str, Any] = {}
        self._classes: dict[str, Any] = {}
        self.got: list[Any] = []
        self.may_answer = threading.Event()  # cleared: the bot thinks until it is set again
        self.may_answer.set()
        self._stack = ExitStack()
        self._loop = asyncio.new_event_loop()
        self._cards = yaml.safe_load((PROJECT / "texts.yml").read_text(encoding="utf-8"))
        settings = Settings(
            data_dir=folder,
            secret_key="a secret for tests only",
            messages_per_minute=1000,
            service_hours="0:00-24:00",
            speech=speech,
        )
        self.shop: Shop = open_shop(settings)

    def __enter__(self) -> LightBot:
        self.shop.database.create_all()
        with self.shop.database.change() as session:
            session.add_all([Customer(id=one, code=f"c{one}") for one in (1, 2)])
        for name, (path, _) in self._fakes.items():  # here: on a busy machine the first import takes a minute
            module, _, cls = path.rpartition(".")
            self._classes[name] = getattr(importlib.import_module(module), cls)
        self.port = free_port()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        for name, (_, make) in self._fakes.items():
            self.platforms[name] = fake = self._stack.enter_context(make())
            fake.callback = f"http://127.0.0.1:{self.port}/webhooks/{name}/callback"
        self.run(self._serve())
        return self

    def __exit__(self, *what: object) -> None:
        self.run(self._end())
        self._stack.__exit__(*what)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.shop.database.dispose()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _serve(self) -> None:
        gate = Gate(self.shop)
        Sanic.test_mode = True  # else a second server in one process finds its methods rewritten
        self._app = Sanic(f"light-{self.port}", configure_logging=False)
        for name in self._fakes:
            given = {**self.platforms[name].credentials(), "settle_s": 0.3, **self._more}
            connector = self._classes[name](given, gate)
            self.connectors[name] = connector
            self._app.blueprint(connector.blueprint(self._answer), url_prefix=f"/webhooks/{name}")
        self._server = await self._app.create_server(
            "127.0.0.1", self.port, return_asyncio_server=True, asyncio_server_kwargs={"start_serving": True}
        )
        await self._server.startup()
        await self._server.before_start()
        await self._server.after_start()

    async def _end(self) -> None:
        await self._server.before_stop()
        await self._server.close()

    async def _answer(self, message: Any) -> None:
        self.got.append(message)
        while not self.may_answer.is_set():
            await asyncio.sleep(0.02)
        for body in self._bodies(message):
            await message.output_channel.send_response(message.sender_id, dict(body))

    def _bodies(self, message: Any) -> list[dict[str, Any]]:
        pictures = message.metadata.get("attachments") or []
        if pictures:
            return [{"text": self._cards["picture"].format(count=len(pictures))}]
        if message.text == "你好":
            buttons = [
                {"title": one, "payload": means} for one, means in (("看看商品", "有什么商品"), ("我是谁", "我是谁"))
            ]
            return [{"text": "您好，请问有什么可以帮您？", "buttons": buttons}]
        if message.text == "有什么商品":
            return [{"text": self._cards["goods"]}, {"custom": self._cards["cards"]}]
        if message.text == "我是谁":
            who = self.shop.identity.who(message.sender_id, None)
            return [{"text": self._cards["guest"] if who is None else self._cards["customer"].format(id=who)}]
        return [{"text": _ANSWERS.get(message.text, f"您说的是：{message.text}")}]
