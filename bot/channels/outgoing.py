"""Sends what stands in the outbox: in order for each customer, within the platform's quota, again after faults.

A message is counted against the quota before it is sent and marked as sent
afterwards. So a quota is never exceeded, and only a crash between the platform's
taking a message and our note of it (milliseconds) can double one.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.channels.api import NotDelivered
from bot.channels.gate import Gate, log_incident
from bot.channels.render import Piece, Renderer, merged, pack
from bot.channels.texts import Body
from shop.channel_views import OutboxRow, PeerView
from shop.errors import NotFound, ShopError

if TYPE_CHECKING:
    from bot.channels.connector import Connector

log = logging.getLogger(__name__)
POLL_S = 1.0
"""How long a message posted by another process waits at most."""
CUSTOMERS_AT_ONCE = 16
MOST_TRIES = 8
LONGEST_WAIT_S = 300.0


@dataclass(frozen=True)
class OneText:
    """What one response may carry: the words, and which pieces of which rows they are."""

    words: str
    taken: list[tuple[OutboxRow, int]]
    owners: list[tuple[OutboxRow, int]]


class Outgoing:
    """The sender of one channel."""

    def __init__(self, connector: Connector, gate: Gate) -> None:
        self._connector = connector
        self._gate = gate
        self._outbox, self._peers = gate.shop.outbox, gate.shop.peers
        self._renderer = Renderer(connector.form, gate.texts)
        self._woken: set[str] = set()
        self._active: set[str] = set()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop_task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send; needs a running event loop."""
        self._loop_task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Finish what is being sent and end."""
        if self._loop_task is not None:
            self._loop_task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    def wake(self, sender_id: str) -> None:
        """Something was posted for a conversation: don't wait for the next look."""
        self._woken.add(sender_id)
        self._wake.set()

    async def post(self, sender_id: str, body: Body, origin: str = "bot") -> None:
        """Put a message that is in the history already on its way."""
        await self._gate.in_thread(self._outbox.post, self._connector.name(), sender_id, [body], origin)
        self.wake(sender_id)

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), POLL_S)
            except asyncio.TimeoutError:
                pass
            self._wake.clear()
            woken, self._woken = self._woken, set()
            try:
                due = await self._gate.in_thread(self._outbox.due, self._connector.name())
            except Exception as error:  # noqa: BLE001 - the loop must live: all answers hang on it
                if not isinstance(error, ShopError):
                    log_incident("could not be looked for", self._connector.name(), error)
                self._woken |= woken
                await asyncio.sleep(POLL_S)
                continue
            for sender_id in dict.fromkeys([*due, *woken]):
                if sender_id in self._active:
                    continue
                if len(self._active) >= CUSTOMERS_AT_ONCE:
                    break  # the next look finds them
                self._active.add(sender_id)
                task = asyncio.create_task(self._serve(sender_id))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _serve(self, sender_id: str) -> None:
        """Send everything that may be sent to a customer now."""
        in_thread = self._gate.in_thread
        try:
            if not await in_thread(self._leased, sender_id):
                return
            try:
                while await self._send_next(sender_id):
                    pass
            finally:
                await in_thread(self._peers.free, sender_id)
        except ShopError as error:
            log.warning("channel %s: sending waits: %s", self._connector.name(), type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one customer's fault must not stop the others
            log_incident("could not be sent", self._connector.name(), error)
            await in_thread(self._put_off, sender_id, type(error).__name__)
        finally:
            self._active.discard(sender_id)
            if sender_id in self._woken:
                self._wake.set()

    def _leased(self, sender_id: str) -> bool:
        if self._peers.get(sender_id) is None:  # they never wrote: nobody knows where they are
            for row in self._outbox.waiting(sender_id):
                self._outbox.bury(row.id, "never wrote")
            return False
        return self._peers.lease(sender_id)

    async def _send_next(self, sender_id: str) -> bool:
        """Send one message; whether there may be more to send at once."""
        in_thread = self._gate.in_thread
        rows, peer = await in_thread(self._look, sender_id)
        if not rows or peer is None:
            return False
        pieces, owners = self._laid_out(rows)
        if not pieces:
            await in_thread(self._end, rows[0])
            return True
        if peer.room == 0:
            return not await in_thread(self._outbox.hold, sender_id)
        size = pack(pieces, self._usable(peer.room, rows[0]), self._connector.form.text_limit)[0]
        group, taken = pieces[:size], owners[:size]
        if not await in_thread(self._count, sender_id, _choices(group), rows[0].pieces_done == 0):
            return True  # the window closed just now: the next look holds
        try:
            await self._deliver(peer, merged(group), f"{taken[0][0].id}-{taken[0][1]}")
        except NotDelivered as fault:
            return await in_thread(self._settle, peer, taken[0][0], fault)
        await in_thread(self._note, taken, owners)
        return True

    def begin_text(self, sender_id: str) -> bool:
        """Hold what waits for a customer, so that no other response takes it; False while another one does."""
        return self._peers.lease(sender_id)

    def end_text(self, sender_id: str) -> None:
        """Let go what ``begin_text`` held."""
        self._peers.free(sender_id)

    def one_text(self, sender_id: str, more: str) -> OneText | None:
        """As much of what waits for a customer as goes into one text; it counts as sent with ``text_sent`` only.

        Args:
            sender_id: The conversation, held by ``begin_text``.
            more: What is added where not everything fits; the rest waits for the next time.

        Returns:
            The text; None when nothing waits.
        """
        while rows := self._outbox.waiting(sender_id):
            pieces, owners = self._laid_out(rows)
            if not pieces:
                self._end(rows[0])
                continue
            limit, size = self._connector.form.text_limit - len(f"\n\n{more}".encode()), 1
            while size < len(pieces) and len(merged(pieces[: size + 1]).text.encode()) <= limit:
                size += 1
            words = merged(pieces[:size]).text
            fits = size < len(pieces) and len(words.encode()) <= limit
            text = f"{words}\n\n{more}" if fits else words
            self._peers.offer(sender_id, _choices(pieces[:size]), True)
            return OneText(text, owners[:size], owners)
        return None

    def text_sent(self, text: OneText) -> None:
        """Mark a text as sent."""
        self._note(text.taken, text.owners)

    async def _deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        picture = await self._gate.in_thread(self._picture, peer.sender_id, piece.upload) if piece.upload else None
        if picture is not None:
            await self._connector.deliver_picture(peer, picture, key)
        else:
            await self._connector.deliver(peer, piece, key)

    def _picture(self, sender_id: str, upload_id: str) -> bytes | None:
        """The bytes of an upload; None when it is past its days."""
        try:
            return bytes(self._gate.shop.uploads.path(upload_id, sender_id).read_bytes())
        except (NotFound, OSError):
            return None

    def _look(self, sender_id: str) -> tuple[list[OutboxRow], Any]:
        return self._outbox.waiting(sender_id), self._peers.get(sender_id)

    def _laid_out(self, rows: list[OutboxRow]) -> tuple[list[Piece], list[tuple[OutboxRow, int]]]:
        """The pieces that wait, each with its row and its place in it."""
        pieces: list[Piece] = []
        owners: list[tuple[OutboxRow, int]] = []
        number = 1
        for row in rows:
            rendered = self._renderer.render(row.bodies, number)
            number += len(rendered.choices)
            for at, piece in enumerate(rendered.pieces):
                if at >= row.pieces_done:
                    pieces.append(piece)
                    owners.append((row, at))
            if not pieces:
                break  # a row that says nothing is ended first
        return pieces, owners

    def _usable(self, room: int | None, row: OutboxRow) -> int | None:
        """The bot leaves one message of a window for a person."""
        if room is None or row.origin != "bot":
            return room
        return max(1, room - 1)

    def _count(self, sender_id: str, choices: dict[str, Any], anew: bool) -> bool:
        if not self._peers.spend(sender_id):
            return False
        self._peers.offer(sender_id, choices, anew)
        return True

    def _put_off(self, sender_id: str, what: str) -> None:
        """A row that our own code fails on is tried again too, and buried in the end."""
        peer = self._peers.get(sender_id)
        rows = self._outbox.waiting(sender_id, 1)
        if peer is not None and rows:
            self._settle(peer, rows[0], NotDelivered("retry", what, certain=False))

    def _settle(self, peer: PeerView, row: OutboxRow, fault: NotDelivered) -> bool:
        """After a fault: try again later, hold, or give up; whether to go on with the next row."""
        if fault.certain:
            self._peers.give_back(peer.sender_id)
        name = self._connector.name()
        if fault.why == "quota" or (fault.why == "staff" and row.origin != "bot"):
            self._peers.close_window(peer.sender_id, peer.heard_at)
            return not self._outbox.hold(peer.sender_id)
        if fault.why == "staff":  # as with our own desk: the bot keeps silent, and only a person's words wait
            log.info("channel %s: a late message of the bot dropped, the platform's staff speaks now", name)
            self._end(row)
            return True
        if fault.why == "dead" or row.tries + 1 >= MOST_TRIES:
            log.error("channel %s: message %d is a dead letter (%s)", name, row.id, fault)
            self._outbox.bury(row.id, str(fault))
            return True
        wait = max(fault.after_s, min(self._connector.retry_s * 2**row.tries, LONGEST_WAIT_S))
        log.warning("channel %s: message %d waits %.1f s (%s)", name, row.id, wait, fault)
        self._outbox.postpone(row.id, wait, str(fault))
        return False

    def _end(self, row: OutboxRow) -> None:
        """Nothing more of a row is to be sent."""
        self._outbox.progress({row.id: row.pieces_done}, [row.id])

    def _note(self, taken: list[tuple[OutboxRow, int]], owners: list[tuple[OutboxRow, int]]) -> None:
        last = {row.id: at for row, at in owners}  # the last piece of each row
        done = {row.id: at + 1 for row, at in taken}
        self._outbox.progress(done, [row_id for row_id, count in done.items() if count == last[row_id] + 1])


def _choices(group: list[Piece]) -> dict[str, Any]:
    """What the numbers in these pieces mean."""
    return {one.number: one.means for piece in group for one in piece.options}
