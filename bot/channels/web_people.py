"""The web channel's part in talks with people: agents' words and marks to the tabs, the customer's to the desk."""

from __future__ import annotations

from typing import Any, Callable

from bot.channels.delivery import Delivery
from bot.channels.gate import Gate
from bot.channels.pace import RateLimit
from bot.channels.web_sessions import wire_form
from shop.entities import StoredMessage
from shop.errors import BadValue, DatabaseDown, Refused, ShopError
from shop.handoff_rows import wire
from shop.signals import Heard

MARKS_PER_MINUTE = 60

Work = Callable[[str, dict[str, Any]], Any]


class WebPeople:
    """Handlers of the socket's events beside plain talk, and what goes out to this process's tabs."""

    def __init__(self, server: Any, gate: Gate) -> None:
        self._server = server
        self._gate = gate
        self._rate = RateLimit(MARKS_PER_MINUTE)

    def listen(self, delivery: Delivery) -> None:
        """Take part: register the channel and the socket's events."""
        delivery.register("web", self.show, in_every_process=True)
        delivery.listen(self.hear)
        for event, work in (
            ("user_typing", self._typing),
            ("user_read", self._read),
            ("queue_leave", self._leave),
            ("rate_talk", self._rate_talk),
            ("leave_message", self._leave_message),
        ):
            self._server.on(event, self._handler(work))

    async def show(self, sender_id: str, message: StoredMessage) -> None:
        """Show a person's message in this process's tabs."""
        await self._emit("bot_uttered", wire_form(message), sender_id)

    async def hear(self, heard: Heard) -> None:
        """Tell this process's tabs who speaks, that an agent types, and how far they have read."""
        body = heard.body or {}
        if not self._has_tabs(heard.sender_id):
            return
        if heard.kind == "state":
            await self._emit("session_state", await self._gate.in_thread(self._state, heard), heard.sender_id)
        elif heard.kind in ("typing", "read") and body.get("by") == "agent":
            event, fact = ("agent_typing", "name") if heard.kind == "typing" else ("read_mark", "id")
            await self._emit(event, {fact: body.get(fact)}, heard.sender_id)

    def _state(self, heard: Heard) -> dict[str, Any]:
        found = self._gate.shop.handoffs.current(heard.sender_id)
        state = wire(found)
        if found is None and (heard.body or {}).get("state") == "closed":
            state.update(id=heard.body["handoff_id"], state="closed")
        return {"speaker": "bot" if found is None else found.state.value, "handoff": state}

    def _has_tabs(self, sender_id: str) -> bool:
        return any(True for _ in self._server.manager.get_participants("/", sender_id))

    async def _emit(self, event: str, body: dict[str, Any], sender_id: str) -> None:
        await self._server.emit(event, body, room=sender_id, ignore_queue=True)  # the other processes do their own

    def _handler(self, work: Work) -> Callable[..., Any]:
        async def handle(sid: str, data: Any = None) -> dict[str, Any]:
            sender_id = (await self._server.get_session(sid)).get("sender_id")
            if sender_id is None or not self._rate.admits(sender_id):
                return {"ok": False, "error": self._gate.texts.text("not_now" if sender_id is None else "slow_down")}
            try:
                await self._gate.in_thread(work, sender_id, data if isinstance(data, dict) else {})
            except BadValue as error:
                name = {"phone": "ticket_phone", "text": "ticket_text"}.get(str(error.facts.get("field")), "not_now")
                return {"ok": False, "error": self._gate.texts.text(name)}
            except DatabaseDown:
                return {"ok": False, "error": self._gate.texts.text("database_down")}
            except (Refused, ShopError):
                return {"ok": False, "error": self._gate.texts.text("not_now")}
            return {"ok": True}

        return handle

    def _typing(self, sender_id: str, data: dict[str, Any]) -> None:
        if self._gate.shop.handoffs.speaker(sender_id) != "bot":
            self._gate.shop.signals.send(sender_id, "typing", {"by": "customer"})

    def _read(self, sender_id: str, data: dict[str, Any]) -> None:
        read = data.get("id")
        if isinstance(read, int) and 0 < read < 2**31 and self._gate.shop.handoffs.speaker(sender_id) == "agent":
            self._gate.shop.signals.send(sender_id, "read", {"by": "customer", "id": read})

    def _leave(self, sender_id: str, data: dict[str, Any]) -> None:
        self._gate.shop.handoffs.leave(sender_id)

    def _rate_talk(self, sender_id: str, data: dict[str, Any]) -> None:
        handoff_id = data.get("handoff_id")
        if not isinstance(handoff_id, int) or isinstance(handoff_id, bool) or not 0 < handoff_id < 2**31:
            raise BadValue("handoff_id: give the talk's id", field="handoff_id")
        self._gate.shop.handoffs.rate(sender_id, handoff_id, data.get("rating", 0), data.get("comment") or "")

    def _leave_message(self, sender_id: str, data: dict[str, Any]) -> None:
        shop = self._gate.shop
        customer_id = shop.identity.who(sender_id) or shop.identity.owner(sender_id)
        shop.tickets.leave(sender_id, customer_id, data.get("text"), data.get("phone"))
