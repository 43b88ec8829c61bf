"""Sessions of WeChat customer service between the bot and WeCom's own staff.

A session is new (0), the bot's (1), in WeCom's queue (2), with one of WeCom's staff
(3) or ended (4). The bot takes a new one, so that WeCom gives it to nobody. Where
``servicer`` is set, a customer who asks for a person is handed over: the session
moves to that person, or into the queue, and until it ends the bot is silent and
this desk only reads along. WeCom's staff may also take a session by themselves.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from bot.channels.api import NotDelivered
from bot.channels.arrival import sender_of
from bot.channels.gate import log_incident
from shop.channel_views import PeerView
from shop.errors import ShopError
from shop.signals import Heard
from shop.states import HandoffState

if TYPE_CHECKING:
    from bot.channels.wecom_kf import WeComKfInput

log = logging.getLogger(__name__)
NEW, BOT, QUEUE, STAFF = 0, 1, 2, 3
TAKEN, PASSED_ON, ENDED, TAKEN_AGAIN = 1, 2, 3, 4
"""``change_type`` of a session's event."""
IN_QUEUE = "queue"
"""Instead of a person's id: WeCom's queue."""
FROM_SYSTEM, FROM_STAFF = 4, 5
LEASE_S = 60.0
WORDS_S = 10.0
"""How long a customer's words may hold up what came after them: a picture has to be fetched."""


class Staff:
    """Moves the sessions of a connector, and hears how WeCom moves them."""

    def __init__(self, connector: WeComKfInput) -> None:
        self._connector = connector
        self._servicer = str(connector.credentials.get("servicer") or "")
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()

    async def open(self, peer: PeerView) -> None:
        """Take a new session for the bot; WeCom's refusal is no reason to send nothing."""
        if peer.has_session:
            return
        try:
            await self._connector.set_state(peer, BOT)
        except NotDelivered as fault:
            if fault.why == "retry" or await self._state(peer) not in (NEW, BOT):
                return
        await self._note(peer.sender_id, True)

    async def _note(self, sender_id: str, is_the_bots: bool) -> None:
        gate = self._connector.gate
        await gate.in_thread(gate.shop.peers.note_session, sender_id, is_the_bots)

    async def _state(self, peer: PeerView) -> int | None:
        """See ``WeComKfInput.state``; None while WeCom does not say."""
        try:
            return await self._connector.state(peer)
        except NotDelivered as fault:
            log.warning("channel wecom_kf: a session's state is not known (%s)", fault)
            return None

    async def refused(self, peer: PeerView) -> bool:
        """After a message was refused for the session's state: whether WeCom's staff has it."""
        await self._note(peer.sender_id, False)
        if await self._connector.state(peer) not in (QUEUE, STAFF):
            return False
        await self._theirs(peer.sender_id)
        return True

    async def heard(self, heard: Heard) -> None:
        """A signal of a talk: one that begins to wait here is handed over, where that is wished."""
        waits = heard.kind == "state" and (heard.body or {}).get("state") == HandoffState.WAITING.value
        if waits and self._servicer and heard.sender_id.startswith(f"{self._connector.name()}:"):
            task = asyncio.create_task(self._call_safely(heard.sender_id))  # others' words must not wait for WeCom
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _call_safely(self, sender_id: str) -> None:
        try:
            await self.call(sender_id)
        except (ShopError, NotDelivered) as error:
            log.warning("channel wecom_kf: handing over waits (%s)", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the next look tries again
            log_incident("could not be handed over", "wecom_kf", error)

    async def call(self, sender_id: str) -> None:
        """Hand a waiting talk over; it stays in the queue of this desk when WeCom refuses (nobody is on duty, say)."""
        connector, gate = self._connector, self._connector.gate
        key, values = f"staff:{connector.account}", gate.shop.shared_values
        async with self._lock:
            while not await gate.in_thread(values.lease, key, LEASE_S):
                await asyncio.sleep(0.2)  # another process hands somebody over
            try:
                view = await gate.in_thread(gate.shop.handoffs.current, sender_id)
                peer = await gate.in_thread(gate.shop.peers.get, sender_id)
                if view is None or view.state is not HandoffState.WAITING or peer is None:
                    return
                code = await self._move(peer)
                if code is not None:
                    await self._theirs(sender_id, "" if self._servicer == IN_QUEUE else self._servicer)
            finally:
                await gate.in_thread(values.free, key)
        if code:
            await self._announce(sender_id, code)

    async def _move(self, peer: PeerView) -> str | None:
        """Move a session to the staff; the code for one more sentence (may be empty), None when WeCom refused."""
        connector = self._connector
        try:
            if self._servicer == IN_QUEUE:
                return await connector.set_state(peer, QUEUE)
            return await connector.set_state(peer, STAFF, self._servicer)
        except NotDelivered as fault:
            if fault.why != "retry" and await self._state(peer) in (QUEUE, STAFF):
                return ""  # a process that died in between, or a person at WeCom, was faster
            log.warning("channel %s: a session could not be handed over (%s), it waits here", connector.name(), fault)
            return None

    async def _announce(self, sender_id: str, code: str) -> None:
        connector, gate = self._connector, self._connector.gate
        body = gate.texts.body("staff_called")
        words = {"code": code, "msgtype": "text", "text": {"content": body["text"]}}
        try:
            await connector.ask("POST", "/cgi-bin/kf/send_msg_on_event", json=words)
            await gate.in_thread(gate.shop.messages.record_out, sender_id, body)
        except NotDelivered as fault:  # a courtesy
            log.warning("channel %s: a handed over customer was not told so (%s)", connector.name(), fault)

    async def _theirs(self, sender_id: str, name: str = "") -> None:
        await self._note(sender_id, False)
        gate = self._connector.gate
        await gate.in_thread(gate.shop.elsewhere.take, sender_id, name or gate.texts.text("staff"))

    async def pulled(self, message: dict[str, Any]) -> None:
        """A pulled message that may be WeCom's own: a session that moved, or words of its staff."""
        part, peer = part_of(message), peer_of(message)
        if not peer:
            return
        sender_id, gate = sender_of(self._connector.name(), peer), self._connector.gate
        if message.get("origin") == FROM_STAFF:
            text = str(part.get("content") or gate.texts.text("staff_sent"))
            name = str(message.get("servicer_userid") or gate.texts.text("staff"))
            sent_at = float(message.get("send_time") or 0)
            await gate.in_thread(gate.shop.elsewhere.said, sender_id, str(message.get("msgid")), name, text, sent_at)
        elif message.get("origin") == FROM_SYSTEM and part.get("event_type") == "session_status_change":
            change = part.get("change_type")
            if change in (TAKEN, PASSED_ON, TAKEN_AGAIN):
                await self._theirs(sender_id, str(part.get("new_servicer_userid") or ""))
            elif change == ENDED:
                await self._note(sender_id, False)
                await gate.in_thread(gate.shop.elsewhere.back, sender_id)

    async def read(self, sender_id: str) -> None:
        """Wait until what a customer of theirs has said is kept, as said to them; a bot's turn is not waited for."""
        gate = self._connector.gate
        if await gate.in_thread(gate.shop.elsewhere.has, sender_id):
            await self._connector.intake.caught_up(sender_id, WORDS_S)

    async def look(self) -> None:
        """What an event did not tell: talks that ended over there, and customers who wait here for somebody there."""
        gate, name = self._connector.gate, self._connector.name()
        for view in await gate.in_thread(gate.shop.elsewhere.talks, name):
            if await self._is_over(view.sender_id):
                await self._pull(view.sender_id)
                if await self._is_over(view.sender_id):
                    await gate.in_thread(gate.shop.elsewhere.back, view.sender_id)
        if self._servicer:
            for view in await gate.in_thread(gate.shop.handoffs.waiting):
                if view.sender_id.startswith(f"{name}:"):
                    await self._call_safely(view.sender_id)

    async def _pull(self, sender_id: str) -> None:
        """What was said before a talk's end comes before it; its event may be there too."""
        peer = await self._connector.gate.in_thread(self._connector.gate.shop.peers.get, sender_id)
        if peer is not None:
            await self._connector.pull(str(peer.address["kf"]), "")
            await self.read(sender_id)

    async def _is_over(self, sender_id: str) -> bool:
        """Whether WeCom's staff has no such talk any more; not, while WeCom does not say."""
        peer = await self._connector.gate.in_thread(self._connector.gate.shop.peers.get, sender_id)
        if peer is None:
            return True
        try:
            return await self._connector.state(peer) not in (QUEUE, STAFF)
        except NotDelivered as fault:
            return fault.why == "dead"  # an account that was deleted, say


def part_of(message: dict[str, Any]) -> dict[str, Any]:
    """What a pulled message holds under its kind; empty where there is nothing."""
    part = message.get(str(message.get("msgtype")))
    return part if isinstance(part, dict) else {}


def peer_of(message: dict[str, Any]) -> str:
    """The customer of a pulled message; empty where none is named."""
    return str(message.get("external_userid") or part_of(message).get("external_userid") or "")


def after_words(message: dict[str, Any]) -> bool:
    """Whether it is an answer of WeCom's staff or the end of a session: the words before it come first."""
    is_end = message.get("origin") == FROM_SYSTEM and part_of(message).get("change_type") == ENDED
    return is_end or message.get("origin") == FROM_STAFF
