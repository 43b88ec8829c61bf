"""What every messaging channel shares; a connector adds how its platform signs, words and takes messages.

verify → decrypt → read (the connector) → dedupe and keep (inbox) → acknowledge
at once → gate → outbox → send (outgoing).
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import quote

from rasa.core.channels.channel import InputChannel, OutputChannel
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.api import Http, TokenCache
from bot.channels.arrival import Arrival
from bot.channels.bodies import read_body
from bot.channels.collector import body_of
from bot.channels.crypt import BadCallback
from bot.channels.delivery import the_delivery
from bot.channels.gate import Gate, Handler
from bot.channels.intake import Intake
from bot.channels.outgoing import Outgoing
from bot.channels.render import Form, Piece
from bot.channels.texts import Body
from bot.channels.web_speech import Speech
from bot.channels.wiring import the_gate
from shop.channel_views import PeerView
from shop.entities import StoredMessage
from shop.errors import BadSetting, DatabaseDown

log = logging.getLogger(__name__)
MAX_CALLBACK = 256 * 1024


class Connector(InputChannel):
    """Base of the messaging channels; see the module's docstring."""

    form: ClassVar[Form] = Form()
    needs: ClassVar[tuple[str, ...]] = ()
    """Credentials without which the channel can't start."""
    default_api: ClassVar[str] = ""
    sends = True
    """Whether the channel may write by itself; else answers wait for the customer's next message."""

    def __init__(self, credentials: dict[str, Any], gate: Gate | None = None) -> None:
        self.credentials = {key: value for key, value in credentials.items() if value not in (None, "")}
        missing = [name for name in self.needs if name not in self.credentials]
        if missing:
            mend = f"the channel needs {', '.join(missing)}: see bot/channels/docs/{self.name()}.md"
            raise BadSetting(f"credentials of {self.name()}", "…", mend)
        self._gate = gate
        self._outgoing: Outgoing | None = None
        self._intake: Intake | None = None
        self.http = Http(str(self.credentials.get("api_url") or self.default_api))
        self.retry_s = float(self.credentials.get("retry_s", 1.0))
        self.settle_s = float(self.credentials.get("settle_s", 0.15))
        self.stale_s = float(self.credentials.get("stale_s", 600.0))

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Made by Rasa from its section of credentials.yml."""
        return cls(credentials or {})

    @property
    def gate(self) -> Gate:
        """The process's gate, unless a test gave one."""
        return self._gate or the_gate()

    @property
    def outgoing(self) -> Outgoing:
        """The sender of this channel."""
        if self._outgoing is None:
            self._outgoing = Outgoing(self, self.gate)
        return self._outgoing

    @property
    def intake(self) -> Intake:
        """The taker of callbacks; there is one as soon as Rasa has asked for the routes."""
        assert self._intake is not None
        return self._intake

    @cached_property
    def speech(self) -> Speech:
        """The server's recogniser, for voice."""
        return Speech(self.gate.shop.settings)

    @cached_property
    def tokens(self) -> TokenCache:
        """The access token of ``account``, for platforms that give one."""
        gate = self.gate
        return TokenCache(f"{self.name()}:{self.account}", gate.shop.shared_values, self._new_token, gate.in_thread)

    @property
    def account(self) -> str:
        """Whose access token it is: channels of one account share it."""
        raise NotImplementedError

    async def _new_token(self, refused: str) -> tuple[str, float]:
        """A token from the platform, and its life in seconds; ``refused``: the one that it does not take any more."""
        raise NotImplementedError

    def add_routes(self, routes: Blueprint) -> None:
        """Add the platform's callback to the channel's routes; POST brings what happened."""

        @routes.route("/callback", methods=["POST"], stream=True)
        async def receive(request: Request) -> HTTPResponse | None:
            return await self.guarded(request, lambda raw: self._receive(request, raw))

    @abstractmethod
    async def _receive(self, request: Request, raw: bytes) -> HTTPResponse | None:
        """Check a callback, and give what it brings to the intake; None where the response was sent already.

        Raises:
            BadCallback: it is not the platform's.
        """

    @abstractmethod
    async def deliver(self, peer: PeerView, piece: Piece, key: str) -> None:
        """Send one message to a customer.

        Args:
            peer: Where to.
            piece: What.
            key: The same for every try of the same message, for platforms that refuse doubles.

        Raises:
            NotDelivered: it was not taken.
        """

    async def deliver_picture(self, peer: PeerView, picture: bytes, key: str) -> None:
        """Send a picture (JPEG) of a person to a customer; arguments and errors as in ``deliver``."""
        raise NotImplementedError

    async def fetch(self, arrival: Arrival) -> bytes:
        """The bytes of a picture or voice message that came.

        Raises:
            NotDelivered: the platform does not give it.
        """
        raise NotImplementedError

    def picture_of(self, card: dict[str, Any]) -> str:
        """The address of a card's picture as the platform can load it; empty when there is none."""
        picture, base = str(card.get("picture") or ""), self.gate.shop.settings.public_web_url
        if picture.startswith("http") or not picture:
            return picture
        return f"{base.rstrip('/')}/pictures/{picture}" if base else ""

    def page_of(self, card: dict[str, Any]) -> str:
        """The address of a product's page in the shop, by the credentials' ``product_page``; else empty."""
        template = str(self.credentials.get("product_page") or "")
        return template.format(title=quote(str(card.get("title", "")))) if template else ""

    def get_output_channel(self) -> OutputChannel:
        """For words that nobody asked for; made from credentials alone, works in every process."""
        return Outbound(self.name(), self.gate)

    def blueprint(self, on_new_message: Handler) -> Blueprint:
        """The channel's routes."""
        self._gate = self.gate  # made now: a bad setting stops the start, not the first message
        self._intake = Intake(self, self._gate, on_new_message)
        routes = Blueprint(f"{self.name()}_webhook", __name__)

        @routes.listener("after_server_start")
        async def begin(_app: Sanic, _loop: Any) -> None:
            self.intake.start()
            if self.sends:
                self.outgoing.start()

        @routes.listener("before_server_stop")
        async def end(_app: Sanic, _loop: Any) -> None:
            await self.intake.stop()
            await self.outgoing.stop()
            await self.http.close()

        delivery = the_delivery(self._gate)
        delivery.register(self.name(), self._from_desk)
        delivery.add_to(routes)

        @routes.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        self.add_routes(routes)
        return routes

    async def _from_desk(self, sender_id: str, said: StoredMessage) -> None:
        """Put a person's words, or a notice of the desk, on their way; they are in the history already."""
        post = self.gate.shop.outbox.post
        key = f"said:{said.id}:{said.at.timestamp():.0f}"  # SQLite gives ids again when the newest rows are erased
        await self.gate.in_thread(post, self.name(), sender_id, [said.body], said.direction, key)
        self.outgoing.wake(sender_id)

    async def guarded(self, request: Request, work: Any) -> HTTPResponse | None:
        """Answer a callback by ``work(raw body)``: 403 when it is not the platform's, 503 when it can't be kept."""
        raw = await read_body(request, MAX_CALLBACK)
        if raw is None:
            return response.text("too large", status=413)
        try:
            answer: HTTPResponse | None = await work(raw)
            return answer
        except BadCallback as error:
            log.warning("channel %s: a callback was refused: %s", self.name(), error)
            return response.text("refused", status=403)
        except DatabaseDown:
            log.error("channel %s: no database for a callback; the platform delivers it again", self.name())
            return response.text("try again", status=503)


class Outbound(OutputChannel):
    """Keeps a message in the history and puts it on its way; the process that runs the channel sends it."""

    def __init__(self, channel: str, gate: Gate) -> None:
        self._channel = channel
        self._gate = gate

    def name(self) -> str:
        """The channel's name."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep and post one message; with ``agent`` in it, it is a person's."""
        body = body_of(message)
        if body:
            await self.send(recipient_id, body)

    async def send(self, recipient_id: str, body: Body) -> None:
        """Keep and post one body."""
        if await self._gate.in_thread(self._gate.shop.peers.get, recipient_id) is None:
            log.warning("channel %s: nothing is said to who never wrote, or was erased", self._channel)
            return
        origin = "agent" if body.get("agent") else "bot"
        kept = await self._gate.keep(recipient_id, body, "agent" if origin == "agent" else "out")
        if kept is not None and origin == "bot":  # a person's words are handed out as the desk's are
            await self._gate.in_thread(self._gate.shop.outbox.post, self._channel, recipient_id, [body], origin)


def fresh(timestamp: str, stale_s: float, now_s: float) -> None:
    """Check a callback's own time (seconds).

    Raises:
        BadCallback: it is missing or too far from now: a replay.
    """
    try:
        age = abs(now_s - float(timestamp))
    except (TypeError, ValueError):
        raise BadCallback("it has no time") from None
    if not age <= stale_s:
        raise BadCallback("its time is too far from ours: a replay, or a clock that is wrong")
