"""From a callback to its answers: kept, acknowledged, then answered in the customer's order.

``accept`` returns as soon as the message stands in the database, so that the
platform is answered at once however busy the bot is. The answers are posted in
the same transaction that marks the callback as done; a process that dies in
between leaves it to the next one, and the gate knows what was answered already.
"""

from __future__ import annotations

import asyncio
import logging
import re
import unicodedata
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from bot.channels.api import NotDelivered
from bot.channels.arrival import Arrival
from bot.channels.gate import Gate, Handler, Incoming, log_incident
from bot.channels.keeper import Keeper
from bot.channels.texts import Body
from bot.channels.voice import words_of
from shop.channel_views import InboxRow, Kept
from shop.errors import BadPicture, BadToken, DatabaseDown, Erased, Refused, ShopError
from shop.link_codes import looks_like_code

if TYPE_CHECKING:
    from bot.channels.connector import Connector

log = logging.getLogger(__name__)
TURNS_AT_ONCE = 4
FETCHES_AT_ONCE = 8
Read = tuple[Any, list[str], "Body | None"]
"""Text, upload ids, and a sentence where there is nothing to read."""
SWEEP_S = 15.0
AGAIN_S = 2.0
_NUMBER = re.compile(r"\D{0,3}?(\d{1,2}|(?<![A-Z])[A-H])[.)\s]*")


class Intake:
    """Takes the callbacks of one channel."""

    def __init__(self, connector: Connector, gate: Gate, handler: Handler) -> None:
        self._connector = connector
        self._gate = gate
        self._handler = handler
        self._shop = gate.shop
        self._waiting: dict[str, list[tuple[float, Kept, Arrival]]] = {}
        self._keeper = Keeper(self._shop.inbox.take)
        self._turns, self._fetches = asyncio.Semaphore(TURNS_AT_ONCE), asyncio.Semaphore(FETCHES_AT_ONCE)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._known: set[Kept] = set()  # callbacks that wait here: their leases are kept up
        self._sweeper: asyncio.Task[None] | None = None
        self._awaited: dict[Kept, asyncio.Event] = {}  # callbacks that somebody waits for (passive answers)

    def start(self) -> None:
        """Take up what an earlier process left; needs a running event loop."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    async def stop(self) -> None:
        """Finish the turns under way and end."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    async def accept(self, arrivals: list[Arrival], answered: asyncio.Event | None = None) -> list[Kept]:
        """Keep messages and line them up; which they are, without those that were delivered before.

        A task of its own does it: one that is kept is answered at once also when its connection ends meanwhile.

        Args:
            arrivals: What was delivered.
            answered: Set when the first of them that is new has its answer.

        Raises:
            DatabaseDown: do not acknowledge, so that the platform delivers again.
        """
        task = asyncio.create_task(self._accept(arrivals, answered))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def caught_up(self, sender_id: str, longest_s: float) -> None:
        """Wait until what a customer has said so far has had its turn here, at most for some seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + longest_s
        while sender_id in self._waiting and loop.time() < until:
            await asyncio.sleep(0.05)

    async def _accept(self, arrivals: list[Arrival], answered: asyncio.Event | None) -> list[Kept]:
        wanted = [one for one in arrivals if one.kind != "ignore"]
        callbacks = [one.callback(self._connector.name()) for one in wanted]
        new = [(kept, one) for kept, one in zip(await self._keeper.keep(callbacks), wanted, strict=True) if kept]
        if new and answered is not None:
            self._awaited[new[0][0]] = answered
        for kept, arrival in new:
            self._line_up(kept, arrival)
        return [kept for kept, _ in new]

    def _line_up(self, kept: Kept, arrival: Arrival) -> None:
        self._known.add(kept)
        line = self._waiting.get(kept.sender_id)
        if line is not None:
            line.append((arrival.sent_at, kept, arrival))
            return
        self._waiting[kept.sender_id] = [(arrival.sent_at, kept, arrival)]
        task = asyncio.create_task(self._line(kept.sender_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _line(self, sender_id: str) -> None:
        """Answer a customer's messages one after the other, in the order in which they were sent."""
        await asyncio.sleep(self._connector.settle_s)  # a message that was overtaken on its way may be just behind
        while True:
            line = self._waiting[sender_id]
            if not line:
                del self._waiting[sender_id]
                return
            first = min(line, key=lambda one: one[:2])
            line.remove(first)
            await self._answer(first[1], first[2])

    async def _answer(self, kept: Kept, arrival: Arrival) -> None:
        sender_id = kept.sender_id
        try:
            with self._shop.inbox.while_kept(kept):
                answers = await self._answers(kept, arrival)
            await self._gate.in_thread(self._shop.inbox.finish, kept, answers)
        except ShopError as error:
            log.warning("channel %s: callback %d waits: %s", self._connector.name(), kept.id, type(error).__name__)
            asyncio.get_running_loop().call_later(AGAIN_S, self._line_up, kept, arrival)
            return
        except Exception as error:  # noqa: BLE001 - the customer's next messages hang on this line
            log_incident(f"(callback {kept.id}) could not be finished", self._connector.name(), error)
            self._known.discard(kept)  # its lease ends, and the sweep tries it again a few times
            return
        self._known.discard(kept)
        self._connector.outgoing.wake(sender_id)
        event = self._awaited.pop(kept, None)
        if event is not None:
            event.set()

    async def _answers(self, kept: Kept, arrival: Arrival) -> list[Body]:
        """The answers to a callback; none when it was erased while it stood in line, or since."""
        try:
            if not await self._gate.in_thread(self._shop.inbox.waits, kept):
                return []
            async with self._fetches if arrival.media else nullcontext():  # a slow platform holds up no turn
                read = await self._read(kept.sender_id, arrival)
            async with self._turns:
                return await self._answer_read(kept, arrival, read)
        except DatabaseDown:
            raise
        except Erased:
            return []
        except Exception as error:  # noqa: BLE001 - a customer gets a sentence whatever happens
            log_incident("failed", self._connector.name(), error)
            return [self._gate.texts.body("failed")]

    async def _answer_read(self, kept: Kept, arrival: Arrival, read: Read) -> list[Body]:
        sender_id = kept.sender_id
        code = arrival.link or (arrival.text.split()[-1] if arrival.text.split() else "")
        if looks_like_code(code):
            return await self._said_by_us(sender_id, await self._gate.in_thread(self._link, code, sender_id))
        if arrival.kind in ("follow", "enter", "link"):
            return await self._said_by_us(sender_id, self._gate.texts.body("follow"))
        text, attachments, notice = read
        if notice is not None:
            return await self._said_by_us(sender_id, notice)
        if text and not attachments:
            text = await self._chosen(sender_id, arrival.choice, text)
            if isinstance(text, dict):
                return await self._said_by_us(sender_id, await self._gate.in_thread(self._rate, sender_id, text))
        incoming = Incoming(
            self._connector.name(), sender_id, text, {"attachments": attachments}, arrival.id, self._late
        )
        outcome = await self._gate.receive(incoming, self._handler)
        return [{key: value for key, value in body.items() if key != "id"} for body in outcome.answers]

    async def _read(self, sender_id: str, arrival: Arrival) -> Read:
        """Text, upload ids, and a sentence where there is nothing to read."""
        texts = self._gate.texts
        if arrival.kind == "text":
            return arrival.text, [], None
        if arrival.kind == "location":
            return texts.text("location", label=arrival.text), [], None
        if arrival.kind == "voice":
            words = arrival.text or await self._heard(arrival)
            return (words, [], None) if words else (None, [], texts.body("voice_unread"))
        if arrival.kind != "image":
            return None, [], texts.body("kind_unread")
        try:
            raw = await self._connector.fetch(arrival)
            kept = await self._gate.in_thread(self._shop.uploads.put, sender_id, raw)
        except NotDelivered as fault:
            log.warning("channel %s: a picture could not be fetched (%s)", self._connector.name(), fault)
            return None, [], texts.body("media_lost")
        except BadPicture as error:
            limit = self._shop.settings.upload_limit_mb
            return None, [], texts.body(f"upload_{error.facts['why']}", limit_mb=limit)
        return arrival.text, [kept.id], None

    async def _heard(self, arrival: Arrival) -> str:
        """The words of a voice message by the server's recogniser; empty without one."""
        if not self._shop.settings.speech or not arrival.media:
            return ""
        try:
            return await words_of(await self._connector.fetch(arrival), self._connector.speech)
        except NotDelivered as fault:
            log.warning("channel %s: a voice message could not be fetched (%s)", self._connector.name(), fault)
            return ""

    async def _chosen(self, sender_id: str, choice: str, text: str) -> Any:
        """What a pressed option or typed number stands for, where it was offered; else the text."""
        if not choice:
            found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
            choice = found.group(1) if found else ""
        means = await self._gate.in_thread(self._shop.peers.choice, sender_id, choice) if choice else None
        return text if means is None else means

    def _link(self, code: str, sender_id: str) -> Body:
        try:
            self._shop.link_codes.redeem(code, sender_id, self._connector.name())
        except BadToken:
            return self._gate.texts.body("link_bad")
        return self._gate.texts.body("linked")

    def _rate(self, sender_id: str, means: dict[str, Any]) -> Body:
        try:
            self._shop.handoffs.rate(sender_id, int(means["rate"]), int(means["stars"]))
        except Refused:
            return self._gate.texts.body("not_now")
        self._shop.peers.offer(sender_id, {}, True)
        return self._gate.texts.body("rated")

    async def _said_by_us(self, sender_id: str, body: Body) -> list[Body]:
        """Keep a sentence of ours; nothing goes out when a person speaks now."""
        return [] if await self._gate.keep(sender_id, body) is None else [body]

    async def _late(self, sender_id: str, body: Body) -> None:
        if await self._gate.keep(sender_id, body) is not None:
            await self._connector.outgoing.post(sender_id, body)

    def _take_up(self, row: InboxRow) -> None:
        try:
            self._line_up(row.kept, Arrival.of(row.body))
        except Exception as error:  # noqa: BLE001 - one bad row must not hide the others
            log_incident(f"(callback {row.kept.id}) could not be read", self._connector.name(), error)

    async def _give_up(self, row: InboxRow) -> None:
        """Tell the customer that this one could not be answered; it was tried often enough."""
        log.error("channel %s: callback %d was given up after too many tries", self._connector.name(), row.kept.id)
        said = await self._said_by_us(row.kept.sender_id, self._gate.texts.body("failed"))
        await self._gate.in_thread(self._shop.inbox.finish, row.kept, said)
        self._connector.outgoing.wake(row.kept.sender_id)

    async def _sweep(self) -> None:
        while True:
            try:
                await self._gate.in_thread(self._shop.inbox.extend, list(self._known))
                left: list[InboxRow] = await self._gate.in_thread(self._shop.inbox.left_behind, self._connector.name())
                for row in left:
                    if row.worn:
                        await self._give_up(row)
                    elif row.kept not in self._known:
                        self._take_up(row)
            except ShopError as error:
                log.warning(
                    "channel %s: can't look for old callbacks: %s", self._connector.name(), type(error).__name__
                )
            except Exception as error:  # noqa: BLE001 - the loop must live
                log_incident("could not be looked for", self._connector.name(), error)
            await asyncio.sleep(SWEEP_S)
