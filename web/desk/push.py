"""The desk's socket: what happens is pushed to open desks within a moment.

``GET /desk/api/socket`` (websocket; the session as for the API). The server sends JSON:

    {"type": "hello", "agent": …}
    {"type": "message", "sender_id", "message"}   a word in a talk of mine, or in one that I watch
    {"type": "talk", "sender_id", "talk"|null}    a talk has changed; null: I may not see it (any more)
    {"type": "typing"|"read", "sender_id", "by", …}
    {"type": "note", "sender_id", "note_id", "mentions", …}
    {"type": "warn", "sender_id"}                 my customer has waited too long
    {"type": "staff"} / {"type": "ticket"}        look at the team, or the tickets, again
    {"type": "erased"}                            somebody was forgotten: look again at lists and the open talk

and reads {"type": "watch", "sender_id"} (one talk at a time, "" for none) and {"type": "ping"}.
One task reads the feed for all sockets of the process and runs the clock of the queue.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from shop.entities import AgentView
from shop.errors import BadToken, ShopError
from shop.front import Shop
from shop.handoff_clock import tick
from shop.signals import Feed, Heard
from shop.talk_lists import any_talk, had_when_said, may_see, mentioned
from web.desk.api import PREFIX
from web.desk.login import agent_json
from web.desk.talk_calls import message_json
from web.guard import Guard, by_cookie, token_of

log = logging.getLogger(__name__)
TICK_S = 1.0
CHECK_S = 10.0
"""How often the sessions behind open sockets are looked at again."""
SLOW_S = 5.0
"""A socket that takes nothing for so long is dropped; its page comes back and asks."""
FOR_ALL = ("staff", "ticket", "erased")
"""Signals that every open desk hears, whatever it may see."""
LOGGED_OUT, TRY_AGAIN = 4401, 1013
"""Codes of closed sockets: the page goes to the login, or comes back by itself."""


class Line:
    """One open socket; ``reader`` is the task that listens to it."""

    def __init__(self, socket: WebSocket, agent: AgentView, token: str, slow_s: float) -> None:
        self.socket = socket
        self.agent = agent
        self.token = token
        self.watching = ""
        self.reader: asyncio.Task[None] | None = None
        self._slow_s = slow_s

    async def send(self, body: dict[str, Any]) -> bool:
        """Send, or say that the line is dead."""
        try:
            await asyncio.wait_for(self.socket.send_text(json.dumps(body, ensure_ascii=False)), self._slow_s)
            return True
        except Exception:  # noqa: BLE001 - whatever a broken line raises, it is broken
            return False

    async def close(self, code: int) -> None:
        """Say goodbye if the other side takes it, and stop listening: then the server ends the connection."""
        try:
            await asyncio.wait_for(self.socket.close(code), self._slow_s)
        except Exception:  # noqa: BLE001, S110 - it is as closed as we can make it
            pass
        finally:
            if self.reader is not None:
                self.reader.cancel()


class Push:
    """The open desks of this process."""

    def __init__(self, shop: Shop, guard: Guard, slow_s: float = SLOW_S, check_s: float = CHECK_S) -> None:
        self._shop = shop
        self._guard = guard
        self._slow_s = slow_s
        self._check_s = check_s
        self._lines: set[Line] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._feed = Feed(shop)

    def route(self) -> WebSocketRoute:
        """The socket's route."""
        return WebSocketRoute(f"{PREFIX}/socket", self._connect)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read the feed and run the clock while the server does."""
        tasks = [asyncio.create_task(one()) for one in (self._read, self._clock, self._check)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()

    async def _connect(self, socket: WebSocket) -> None:
        agent = await self._guard.agent(socket)
        token = token_of(socket)
        if agent is None or token is None or not _same_origin(socket):
            await socket.close(LOGGED_OUT)
            return
        await socket.accept()
        line = Line(socket, agent, token, self._slow_s)
        line.reader = asyncio.create_task(self._listen(line))
        self._lines.add(line)
        try:
            await asyncio.wait({line.reader})
            if not line.reader.cancelled():
                line.reader.result()
        finally:
            line.reader.cancel()
            self._lines.discard(line)

    async def _listen(self, line: Line) -> None:
        try:
            await run_in_threadpool(self._shop.agents.seen, [line.agent.id])
            await line.send({"type": "hello", "agent": agent_json(line.agent)})
            while True:
                await self._hear(line, await line.socket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError, ShopError):
            pass

    def _drop(self, line: Line, code: int) -> None:
        """Forget a line and close its socket, without waiting for it."""
        if line in self._lines:
            self._lines.discard(line)
            task = asyncio.create_task(line.close(code))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _hear(self, line: Line, raw: str) -> None:
        try:
            asked = json.loads(raw) if len(raw) < 2000 else None
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            return
        if asked.get("type") == "watch":
            line.watching = str(asked.get("sender_id") or "")[:100]
        elif asked.get("type") == "ping":
            await line.send({"type": "pong"})

    async def _read(self) -> None:
        while True:
            try:
                for heard in await run_in_threadpool(self._feed.poll):
                    await self._tell(heard)
            except ShopError as error:
                log.warning("open desks wait: %s", error)
                await asyncio.sleep(1)
            except Exception as error:  # noqa: BLE001 - the loop must live: every desk hangs on it
                log.error("a push failed: %s", type(error).__name__)
            await asyncio.sleep(self._shop.settings.desk_poll_s)

    async def _clock(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await run_in_threadpool(tick, self._shop)
            except Exception as error:  # noqa: BLE001 - the next round tries again
                log.error("the queue's clock failed: %s", type(error).__name__)

    async def _check(self) -> None:
        """End sockets whose session has ended, and note whose desks are open."""
        while True:
            await asyncio.sleep(self._check_s)
            try:
                for line in list(self._lines):
                    try:
                        line.agent = await run_in_threadpool(self._shop.agents.who, line.token)
                    except BadToken:
                        self._drop(line, LOGGED_OUT)
                await run_in_threadpool(self._shop.agents.seen, [line.agent.id for line in self._lines])
            except Exception as error:  # noqa: BLE001 - the next round tries again
                log.warning("the sessions of open desks were not looked at: %s", type(error).__name__)

    async def _tell(self, heard: Heard) -> None:
        if not self._lines:
            return
        if heard.kind in FOR_ALL:
            await self._send_all([(line, {"type": heard.kind}) for line in self._lines])
        else:
            await self._send_all(await run_in_threadpool(self._for_each, heard, list(self._lines)))

    async def _send_all(self, posts: list[tuple[Line, dict[str, Any]]]) -> None:
        alive = await asyncio.gather(*(line.send(body) for line, body in posts))
        for (line, _body), ok in zip(posts, alive):
            if not ok:
                self._drop(line, TRY_AGAIN)

    def _for_each(self, heard: Heard, lines: list[Line]) -> list[tuple[Line, dict[str, Any]]]:
        """What each line is told of a message or a signal; runs in a thread."""
        posts: list[tuple[Line, dict[str, Any]]] = []
        body = heard.body or {}
        message = None
        read = any_talk(self._shop, heard.sender_id)  # once for all lines: 20 desks cost what one does
        called = frozenset() if read is None or read["state"] != "agent" else mentioned(self._shop, heard.sender_id)
        closed = heard.kind == "in" and read is not None and read["handoff_id"] is None
        just_had = had_when_said(self._shop, heard.id) if closed else None
        for line in lines:
            found = read if read is not None and may_see(line.agent, read, called) else None
            if heard.kind == "state":
                posts.append((line, {"type": "talk", "sender_id": heard.sender_id, "talk": found}))
                continue
            concerned = found is not None and (
                line.agent.id in (found["agent_id"], just_had)
                or line.watching == heard.sender_id
                or line.agent.id in body.get("mentions", ())
            )
            if not concerned:
                continue
            if heard.kind in ("in", "out", "agent", "sys"):
                if message is None:
                    message = self._shop.messages.by_ids([heard.id]).get(heard.id)
                if message is not None:
                    post = {"type": "message", "sender_id": heard.sender_id, "message": message_json(message)}
                    posts.append((line, {**post, "talk": found}))
            else:
                posts.append((line, {**body, "type": heard.kind, "sender_id": heard.sender_id}))
        return posts


def _same_origin(socket: WebSocket) -> bool:
    """A browser's socket must come from our own page: cookies travel with foreign ones too."""
    origin = socket.headers.get("origin")
    if origin is None or not by_cookie(socket):
        return True
    return origin.partition("://")[2] == socket.headers.get("host", "")
