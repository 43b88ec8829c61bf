"""WeChat customer service 微信客服, by WeCom.

The callback says only that there is something; the messages are pulled from a
reading position that is kept in the database and moved after they stand in the
inbox, so that nothing is lost when a process ends in between.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sanic import Blueprint, response
from sanic.response import HTTPResponse

from bot.channels.api import NotDelivered
from bot.channels.arrival import Arrival, sender_of
from bot.channels.delivery import the_delivery
from bot.channels.gate import log_incident
from bot.channels.render import Form, Piece
from bot.channels.wecom import WeComBase
from bot.channels.wecom_staff import FROM_SYSTEM, Staff, after_words, part_of, peer_of
from shop.channel_views import PeerView
from shop.elsewhere import MARK
from shop.entities import StoredMessage
from shop.errors import ShopError

log = logging.getLogger(__name__)
ROOM, TWO_DAYS_S = 5, 48 * 3600.0
WELCOME_S = 20.0
FROM_CUSTOMER = 3
PAGE = 1000
LEASE_S = 30.0
CURSOR = "cursor:"
AGAIN_S = 30.0
TRIES = 5
WRONG_STATE = "95018"
MOST_MENU = 10


class WeComKfInput(WeComBase):
    """``/webhooks/wecom_kf/callback``; credentials: bot/channels/docs/wecom_kf.md."""

    form = Form(text_limit=2000, buttons=MOST_MENU)

    def __init__(self, credentials: dict[str, Any], gate: Any = None) -> None:
        super().__init__(credentials, gate)
        self._locks: dict[str, asyncio.Lock] = {}
        self._pulls: set[asyncio.Task[None]] = set()
        self._used: set[str] = set()  # welcome codes
        self._behind: set[str] = set()  # accounts with messages that could not be pulled
        self._looks: asyncio.Task[None] | None = None
        self.again_s = float(self.credentials.get("again_s", AGAIN_S))
        self.staff = Staff(self)

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place under /webhooks/."""
        return "wecom_kf"

    def add_routes(self, routes: Blueprint) -> None:
        """The callback, and a look now and then at what a callback announced and nobody could pull."""
        super().add_routes(routes)
        the_delivery(self.gate).listen(self.staff.heard)

        @routes.listener("after_server_start")
        async def begin(_app: Any, _loop: Any) -> None:
            self._looks = asyncio.create_task(self._look_again())

        @routes.listener("before_server_stop")
        async def end(_app: Any, _loop: Any) -> None:
            if self._looks is not None:
                self._looks.cancel()

    async def _look_again(self) -> None:
        """At first every account that was ever read: a process may have died after its acknowledgement. Then faults."""
        known = True
        while True:
            try:
                if known:
                    self._behind |= set(await self.gate.in_thread(self.gate.shop.shared_values.names, CURSOR))
                    known = False
                for kf_id in list(self._behind):
                    self._behind.discard(kf_id)
                    await self.pull(kf_id, "")
                await self.staff.look()
            except (ShopError, NotDelivered) as error:
                log.warning("channel wecom_kf: looking again waits (%s)", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - the loop must live
                log_incident("could not be looked for", self.name(), error)
            await asyncio.sleep(self.again_s)

    async def receive(self, message: dict[str, Any]) -> HTTPResponse:
        """Pull in the background; the callback itself is acknowledged at once."""
        if message.get("Event") == "kf_msg_or_event":
            task = asyncio.create_task(self.pull(str(message.get("OpenKfId")), str(message.get("Token") or "")))
            self._pulls.add(task)
            task.add_done_callback(self._pulls.discard)
        return response.text("")

    async def pull(self, kf_id: str, token: str) -> None:
        """Read everything new, one reader at a time in this process and among processes."""
        key, values, in_thread = f"{CURSOR}{kf_id}", self.gate.shop.shared_values, self.gate.in_thread
        async with self._locks.setdefault(kf_id, asyncio.Lock()):
            for attempt in range(TRIES):
                try:
                    while not await in_thread(values.lease, key, LEASE_S):
                        await asyncio.sleep(0.2)
                    try:
                        while await self._page(kf_id, token, key):
                            pass
                        return
                    finally:
                        await in_thread(values.free, key)
                except (NotDelivered, ShopError) as fault:
                    log.warning("channel wecom_kf: pulling waits (%s)", type(fault).__name__)
                    await asyncio.sleep(self.retry_s * 2**attempt)
                except Exception as error:  # noqa: BLE001 - the next look pulls what this one left
                    log_incident("could not be pulled", self.name(), error)
                    break
        self._behind.add(kf_id)

    async def _page(self, kf_id: str, token: str, key: str) -> bool:
        """Take one page and move the reading position; whether there is more."""
        values, in_thread = self.gate.shop.shared_values, self.gate.in_thread
        cursor = await in_thread(values.get, key) or ""
        asked = {"cursor": cursor, "limit": PAGE, "open_kfid": kf_id, **({"token": token} if token else {})}
        answer = await self.ask("POST", "/cgi-bin/kf/sync_msg", json=asked)
        await self._take(answer.get("msg_list") or [])
        following = str(answer.get("next_cursor") or "")
        if following and following != cursor:
            await in_thread(values.put, key, following)
        return bool(answer.get("has_more")) and following != cursor

    async def _take(self, pulled: list[dict[str, Any]]) -> None:
        """Keep customers' words, and between them what WeCom tells of its staff, each customer's in its order."""
        of_peer: dict[str, list[dict[str, Any]]] = {}
        for message in pulled:
            of_peer.setdefault(peer_of(message), []).append(message)
        mixed = {peer for peer, some in of_peer.items() if any(map(after_words, some))}
        await self._in_order([one for one in pulled if peer_of(one) not in mixed])
        for fault in await asyncio.gather(*(self._in_order(of_peer[one]) for one in mixed), return_exceptions=True):
            if fault is not None:
                raise fault  # the others are done, and the page is pulled again

    async def _in_order(self, pulled: list[dict[str, Any]]) -> None:
        """What was said just before a session's take-over is its new owner's too; what was said before its end also."""
        words: list[Arrival] = []
        for message in pulled:
            arrival = arrival_of(message)
            if arrival is not None:
                words.append(arrival)
                continue
            if after_words(message):
                await self.intake.accept(words)
                await self.staff.read(sender_of(self.name(), peer_of(message)))
                words = []
            await self.staff.pulled(message)
        await self.intake.accept(words)

    async def deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        """A message; the greeting of a session goes by its welcome code."""
        code = str(peer.address.get("welcome") or "")
        if code and code not in self._used:
            self._used.add(code)
            await self.ask("POST", "/cgi-bin/kf/send_msg_on_event", json={"code": code, **_worded(piece)})
            return
        await self._send(peer, _worded(piece), key)

    async def deliver_picture(self, peer: PeerView, picture: bytes, key: str) -> None:
        """A message with a picture."""
        await self._send(peer, await self.picture_message(picture), key)

    async def _send(self, peer: PeerView, content: dict[str, Any], key: str) -> None:
        await self.staff.open(peer)
        to = {"touser": peer.address["peer"], "open_kfid": peer.address["kf"]}
        message = {**to, "msgid": f"x{key}"[:32], **content}
        try:
            await self.ask("POST", "/cgi-bin/kf/send_msg", json=message)
        except NotDelivered as fault:
            if fault.code != WRONG_STATE:
                raise
            # A session that ended opens with the customer's next message; one that WeCom's own staff has is theirs.
            raise NotDelivered("staff" if await self.staff.refused(peer) else "quota", WRONG_STATE) from None

    async def state(self, peer: PeerView) -> int:
        """Where a session stands: 0 new, 1 with the bot, 2 in WeCom's queue, 3 with WeCom's own staff, 4 ended."""
        asked = {"open_kfid": peer.address["kf"], "external_userid": peer.address["peer"]}
        return int((await self.ask("POST", "/cgi-bin/kf/service_state/get", json=asked)).get("service_state") or 0)

    async def set_state(self, peer: PeerView, state: int, servicer: str = "") -> str:
        """Move a session: 1 to the bot, 2 into WeCom's queue, 3 to a person of WeCom's own staff, 4 ended.

        From there WeCom gives it to other persons or ends it; it comes back to the bot with the customer's
        next message after its end.

        Returns:
            The code by which one more sentence may be said about it; may be empty.

        Raises:
            NotDelivered: ``dead`` where it may not be moved so, or the person is not on duty.
        """
        asked = {"open_kfid": peer.address["kf"], "external_userid": peer.address["peer"], "service_state": state}
        if servicer:
            asked["servicer_userid"] = servicer
        answer = await self.ask("POST", "/cgi-bin/kf/service_state/trans", json=asked)
        return str(answer.get("msg_code") or "")

    async def _from_desk(self, sender_id: str, said: StoredMessage) -> None:
        if not said.body.get(MARK):  # what WeCom's staff said is with the customer already
            await super()._from_desk(sender_id, said)


def _worded(piece: Piece) -> dict[str, Any]:
    if piece.kind == "menu" and 1 <= len(piece.options) <= MOST_MENU:
        listed = [{"type": "click", "click": {"id": one.number, "content": one.title}} for one in piece.options]
        return {"msgtype": "msgmenu", "msgmenu": {"head_content": piece.lead, "list": listed, "tail_content": ""}}
    return {"msgtype": "text", "text": {"content": piece.text}}


def arrival_of(message: dict[str, Any]) -> Arrival | None:
    """A pulled message in our form; None for what is not the customer's."""
    kind, part = str(message.get("msgtype")), part_of(message)
    common: dict[str, Any] = {
        "peer": peer_of(message),
        "external_id": str(message.get("msgid")),
        "sent_at": float(message.get("send_time") or 0),
        "address": {"kf": str(message.get("open_kfid") or part.get("open_kfid") or "")},
        "room": ROOM,
        "room_s": TWO_DAYS_S,
    }
    if kind == "event" and message.get("origin") == FROM_SYSTEM and part.get("event_type") == "enter_session":
        code = str(part.get("welcome_code") or "")
        if not code:
            return None
        common |= {"address": {**common["address"], "welcome": code}, "room": 1, "room_s": WELCOME_S}
        return Arrival(kind="enter", link=str(part.get("scene_param") or ""), **common)
    if message.get("origin") != FROM_CUSTOMER or not common["peer"]:
        return None
    if kind == "text":
        return Arrival(text=str(part.get("content") or ""), choice=str(part.get("menu_id") or ""), **common)
    if kind in ("image", "voice"):
        return Arrival(kind=kind, media={"media_id": part.get("media_id")}, **common)
    if kind == "location":
        return Arrival(kind="location", text=f"{part.get('name', '')} {part.get('address', '')}".strip(), **common)
    return Arrival(kind="other", **common)
