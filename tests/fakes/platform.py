"""What the simulated platforms share: a real HTTP server in a thread, redelivery, tokens that expire, quotas."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Callable

import aiohttp
from aiohttp import web

LIMIT_S = 5.0
DELIVERIES = 3


@dataclass
class Sent:
    """One message that the bot sent to a customer."""

    to: str
    message: dict[str, Any]
    text: str  # all the words that the customer sees
    buttons: dict[str, Any] = field(default_factory=dict)  # title → what a press sends
    picture: bytes = b""


@dataclass
class Delivery:
    """One callback as the bot answered it."""

    status: int  # 0: no answer in time
    body: str
    seconds: float


class FakePlatform:
    """Base of the simulators; use as a context manager."""

    limit_s = LIMIT_S
    redelivers = DELIVERIES
    token_life_s = 7200.0

    def __init__(self) -> None:
        self.callback = ""
        self.sent: list[Sent] = []
        self.calls: list[tuple[str, int]] = []  # path and errcode of every API call
        self.faults: list[int] = []  # statuses that the next API calls get instead of an answer
        self.deliveries: list[Delivery] = []
        self.hangs_up: Callable[[], bool] | None = None  # asked again and again during a delivery
        self.tokens: dict[str, float] = {}  # token → its end
        self.token_requests = 0
        self.ids = itertools.count(int(time.time() * 1000) % 10**9 * 1000)
        self.media: dict[str, bytes] = {}
        self.too_many = 0  # messages refused for want of quota
        self.room: dict[str, int] = defaultdict(int)  # customer → messages that may still go to them
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    # The server

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def __enter__(self):
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    async def _start(self) -> None:
        app = web.Application(middlewares=[self._troubles], client_max_size=10**7)
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def _stop(self) -> None:
        await self._http.close()
        await self._runner.cleanup()

    @web.middleware
    async def _troubles(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.faults:
            status = self.faults.pop(0)
            self.calls.append((request.path, status))
            return web.Response(status=status, text="trouble")
        return await handler(request)

    def run(self, work: Any, timeout: float = 60) -> Any:
        """Run a coroutine in the platform's thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    # Tokens

    def new_token(self) -> str:
        self.token_requests += 1
        token = f"secret-access-token-{next(self.ids)}"
        self.tokens[token] = time.monotonic() + self.token_life_s
        return token

    def expire_tokens(self) -> None:
        """All tokens end now, whatever was promised."""
        self.tokens = dict.fromkeys(self.tokens, 0.0)

    def token_is_good(self, token: str | None) -> bool:
        return self.tokens.get(token or "", 0.0) > time.monotonic()

    # Callbacks

    async def deliver(self, make: Callable[[], tuple[str, dict[str, Any]]], ok: Callable[[int, str], bool]) -> Delivery:
        """Deliver a callback as the platform does: again after a fault or silence, at most ``redelivers`` times."""
        for _ in range(self.redelivers):
            delivery = await self.deliver_once(make)
            if ok(delivery.status, delivery.body):
                return delivery
        return delivery

    async def deliver_once(self, make: Callable[[], tuple[str, dict[str, Any]]]) -> Delivery:
        method, more = make()
        began = time.monotonic()
        call = asyncio.ensure_future(self._call(method, more))
        while not call.done():
            await asyncio.wait({call}, timeout=0.02 if self.hangs_up else None)
            if self.hangs_up and self.hangs_up():
                call.cancel()
        status, body = (0, "") if call.cancelled() else call.result()
        self.deliveries.append(Delivery(status, body, time.monotonic() - began))
        return self.deliveries[-1]

    async def _call(self, method: str, more: dict[str, Any]) -> tuple[int, str]:
        try:
            timeout = aiohttp.ClientTimeout(total=self.limit_s)
            async with self._http.request(method, self.callback, timeout=timeout, **more) as answer:
                return answer.status, await answer.text()
        except (asyncio.TimeoutError, aiohttp.ClientError):
            return 0, ""

    # Pictures that the bot sends

    async def take_picture(self, request: web.Request, name: str, prefix: str = "up") -> str:
        """Keep the picture of an uploaded form; its id."""
        form = await request.post()
        file = form[name]
        assert isinstance(file, web.FileField)
        assert file.content_type == "image/jpeg"
        media_id = f"{prefix}{next(self.ids)}"
        self.media[media_id] = file.file.read()
        return media_id

    # What the bot sent

    def note(self, sent: Sent) -> None:
        with self._arrived:
            self.sent.append(sent)
            self._arrived.notify_all()

    def to(self, customer: str) -> list[Sent]:
        """Everything that a customer got."""
        return [one for one in self.sent if one.to == customer]

    def wait(self, customer: str, count: int = 1, seconds: float = 30.0) -> list[Sent]:
        """Everything that a customer got, as soon as there are ``count`` messages."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while len(self.to(customer)) < count:
                left = deadline - time.monotonic()
                assert left > 0, (
                    f"{customer} waits in vain: {len(self.to(customer))} of {count}, calls {self.calls[-5:]}"
                )
                self._arrived.wait(left)
        return self.to(customer)
