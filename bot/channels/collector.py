"""The output channel that gathers a turn's answers, each as one body."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import OutputChannel

from bot.channels.texts import Body

_PARTS = ("text", "custom", "image", "attachment", "elements")


class Collector(OutputChannel):
    """Keeps what the bot says in ``bodies``; sends nothing.

    Unlike Rasa's own collector it never cuts a text at blank lines, and text,
    buttons and card of one answer stay together.
    """

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.bodies: list[Body] = []

    def name(self) -> str:  # type: ignore[override]
        """The name of the channel that the answers go out by; responses may vary by it."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one answer of the bot."""
        body = body_of(message)
        if body:
            self.bodies.append(body)


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
