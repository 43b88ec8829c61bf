"""The output channel that gathers a turn's answers, each as one body."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Sequence

from rasa.core.channels.channel import OutputChannel

from bot.channels.texts import Body
from nlp.anger import anger_over_turns

Late = Callable[[str, Body], Awaitable[Any]]
"""Takes what is said to a conversation after its turn: reminders."""

_PARTS = ("text", "custom", "image", "attachment", "elements", "agent", "source")


class Collector(OutputChannel):
    """Keeps what the bot says in ``bodies``; sends nothing.

    Unlike Rasa's own collector it never cuts a text at blank lines, and text,
    buttons and card of one answer stay together.
    """

    def __init__(self, channel: str, late: Late | None = None, angers: Sequence[int] = ()) -> None:
        self._channel = channel
        self._angers = angers
        self._late = late
        self._closed = False
        self.bodies: list[Body] = []
        self.mood: tuple[str, int] | None = None
        """Mood and anger of the message that is answered, once it was understood."""
        self.intent: str | None = None

    def heard(self, understood: dict[str, Any]) -> None:
        """Take intent and mood of what was understood; anger that goes on over turns is set in it for the actions."""
        self.intent = (understood.get("intent") or {}).get("name") or None
        mood = understood.get("sentiment")
        if mood:
            mood["anger"] = anger_over_turns(self._angers, mood["anger"])
            self.mood = (mood["label"], mood["anger"])

    def close(self) -> list[Body]:
        """End the turn: what was said in it; anything later goes its own way."""
        self._closed = True
        return self.bodies

    def name(self) -> str:
        """The name of the channel that the answers go out by; responses may vary by it."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one answer of the bot."""
        body = body_of(message)
        if not body:
            return
        if not self._closed:
            self.bodies.append(body)
        elif self._late is not None:
            await self._late(recipient_id, body)


def body_of(message: dict[str, Any]) -> Body:
    """An answer in our form; empty when it says nothing."""
    body: Body = {part: message[part] for part in _PARTS if message.get(part)}
    if isinstance(body.get("text"), str):
        body["text"] = body["text"].strip()
        if not body["text"]:
            del body["text"]
    buttons = [
        {"title": str(one.get("title", "")), "payload": str(one.get("payload") or one.get("title") or "")}
        for one in [*(message.get("buttons") or []), *(message.get("quick_replies") or [])]
        if one.get("title")
    ]
    if buttons:
        body["buttons"] = buttons
    return body
