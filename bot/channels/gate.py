"""The only door between a customer and the bot.

A message is cleaned and checked, kept, and given to Rasa with metadata of our
own making; its answers are kept and handed back. Who speaks (bot, queue or
person) is asked when a message comes in and again before answers go out.
Whatever goes wrong, a customer reads one Chinese sentence; the log reads one
line with an id and nothing personal.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Awaitable, Callable, TypeVar

from rasa.core.channels.channel import UserMessage

from bot.channels.cleaning import Refusal, clean_attachments, clean_id, clean_text, scoped
from bot.channels.collector import Collector, Late
from bot.channels.pace import Failures, RateLimit, Turnstile
from bot.channels.texts import Body, Texts
from nlp.anger import anger_over_turns
from nlp.sentiment import Sentiment, read_mood
from shop.errors import BadToken, DatabaseDown, Erased, NotFound
from shop.front import Shop

log = logging.getLogger(__name__)
T = TypeVar("T")
Handler = Callable[[UserMessage], Awaitable[Any]]

DOUBLE_WAIT_S = 10.0
DATABASE_THREADS = 8


@dataclass(frozen=True)
class Incoming:
    """A message as a client sent it; only ``sender_id`` has been checked."""

    channel: str
    sender_id: str
    text: Any = None
    metadata: Any = None
    external_id: Any = None
    late: Late | None = None


@dataclass
class Outcome:
    """What goes back to the client."""

    answers: list[Body] = field(default_factory=list)
    message_id: int | None = None  # of the kept message; None when it was refused
    double: bool = False  # the message had been delivered before


@dataclass
class _Message:
    """A message under way."""

    incoming: Incoming
    text: str
    external_id: str | None
    attachments: list[str]
    customer_id: int | None
    notices: list[Body]
    sender_id: str = ""  # the conversation; not the client's id when a stranger uses it
    id: int = 0
    is_new: bool = True
    speaker: str = "bot"
    angers: list[int] = field(default_factory=list)  # of the messages before
    mood: tuple[str, int] | None = None  # of this one: label and anger
    intent: str | None = None
    failed: bool = False  # the bot could not answer it


class Gate:
    """Takes messages of every channel; one for a process, so that pace and doubles are seen."""

    def __init__(
        self,
        shop: Shop,
        texts: Texts | None = None,
        double_wait_s: float = DOUBLE_WAIT_S,
        read_mood: Callable[[str], Sentiment | None] = read_mood,
    ) -> None:
        self._read_mood = read_mood
        self._shop = shop
        self._double_wait_s = double_wait_s
        settings = shop.settings
        self.texts = texts or Texts(service_phone=settings.service_phone, shop_name=settings.shop_name)
        self._rate = RateLimit(settings.messages_per_minute)
        self._turnstile = Turnstile()
        self._failures = Failures(settings.failure_limit)
        self._under_way: dict[tuple[str, str, str], asyncio.Task[Outcome]] = {}
        self._threads = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="gate")

    async def receive(self, incoming: Incoming, handler: Handler) -> Outcome:
        """Answer a message; raises nothing.

        Args:
            incoming: The message.
            handler: Rasa's, which fills the output channel of the UserMessage.

        Returns:
            At least one answer, except for a double of a message that a person
            answers, for messages that only a person reads, and (without an id)
            for one whose talk was erased meanwhile.
        """
        external_id = clean_id(incoming.external_id)
        key = (incoming.sender_id, external_id or "", _token(incoming))  # a stranger's double is no double
        first = self._under_way.get(key) if external_id else None
        if first is not None:
            outcome = await asyncio.shield(first)
            return Outcome(outcome.answers, outcome.message_id, double=True)
        # A client that hangs up must not stop its message half-way, hence a task of its own.
        task = asyncio.create_task(self._guarded(incoming, external_id, handler))
        if external_id:
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    @property
    def shop(self) -> Shop:
        """The services behind the gate."""
        return self._shop

    @property
    def message_limit(self) -> int:
        """Longest message in characters."""
        return self._shop.settings.message_limit

    async def keep(self, sender_id: str, body: Body, direction: str = "out") -> int | None:
        """Keep a message that nobody asked for (a reminder) in the history.

        Returns:
            Its id; None when it is the bot's and a person speaks now: then it must not be shown.
        """
        record = self._shop.messages.record_answers
        ids = await self.in_thread(record, sender_id, [body], None, direction, direction == "out")
        if not ids:
            log.info("a late message of the bot dropped, a person speaks now")
        return ids[0] if ids else None

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run blocking storage work without holding up other conversations, under what holds for this task."""
        run = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._threads, run, work, *arguments)

    async def _guarded(self, incoming: Incoming, external_id: str | None, handler: Handler) -> Outcome:
        try:
            message = self._checked(incoming, external_id)
            async with self._turnstile.turn(incoming.sender_id):
                return await self._handle(message, handler)
        except Refusal as refusal:
            return Outcome([self.texts.body(refusal.name, **refusal.facts)])
        except Erased:
            log.info("a message was dropped: its talk was erased meanwhile")
            return Outcome()
        except DatabaseDown:
            log_incident("no database", incoming.channel)
            return Outcome([self.texts.body("database_down")])
        except Exception as error:  # noqa: BLE001 - a customer gets a sentence whatever happens
            log_incident("failed", incoming.channel, error)
            return Outcome([self.texts.body("failed")])

    def _checked(self, incoming: Incoming, external_id: str | None) -> _Message:
        if not self._rate.admits(incoming.sender_id):
            raise Refusal("slow_down")
        metadata = incoming.metadata if isinstance(incoming.metadata, dict) else {}
        text = clean_text(incoming.text, self._shop.settings.message_limit)
        attachments = clean_attachments(metadata)
        if not text and not attachments:
            raise Refusal("bad_attachment" if metadata.get("attachments") else "empty")
        customer_id, notices = None, []
        if metadata.get("token") is not None:
            try:
                customer_id = self._shop.identity.read_token(metadata["token"])
            except BadToken:
                notices.append(self.texts.body("bad_token"))
        return _Message(incoming, text, external_id, attachments, customer_id, notices)

    async def _handle(self, message: _Message, handler: Handler) -> Outcome:
        await self.in_thread(self._arrive, message)
        with self._shop.messages.while_kept(message.sender_id, message.id):
            return await self._answered(message, handler)

    async def _answered(self, message: _Message, handler: Handler) -> Outcome:
        if not message.is_new:
            return await self._again(message)
        if message.speaker == "agent":
            await self.in_thread(self._hear, message)
            return Outcome(message.notices, message.id)
        if not message.text and not message.attachments:
            answers = [self.texts.body("bad_attachment")]
        elif message.speaker == "waiting" and (
            not self._shop.settings.bot_while_waiting or self._asks_for_place(message.text)
        ):
            answers = [await self.in_thread(self._in_queue, message)]
        else:
            answers = await self._ask(message, handler)
            if self._failures.too_many(message.sender_id, message.failed):
                answers += await self.in_thread(self._call_person, message)
        kept = await self.in_thread(self._depart, message, [*message.notices, *answers])
        return Outcome(kept, message.id)

    def _arrive(self, message: _Message) -> None:
        """Find the conversation, keep the message, see who speaks; runs in a thread."""
        incoming = message.incoming
        try:
            self._place(message)
        except BadToken:  # of a customer who does not exist any more
            message.customer_id = None
            message.notices.append(self.texts.body("bad_token"))
            self._place(message)
        message.attachments = [one for one in message.attachments if self._owns(incoming.sender_id, one)]
        body: Body = {"text": message.text} if message.text else {}
        if message.attachments:
            body["attachments"] = message.attachments
        if incoming.channel == "web" and message.external_id:
            body["message_id"] = message.external_id  # the widget knows its own message by it, in whatever it missed
        message.id, message.is_new = self._shop.messages.record_in(
            message.sender_id, incoming.channel, body, message.external_id
        )
        if message.is_new and message.speaker == "agent":
            self._shop.handoffs.customer_spoke(message.sender_id)

    def _hear(self, message: _Message) -> None:
        """Keep the mood of a message that only a person reads; runs in a thread."""
        mood = self._read_mood(message.text) if message.text else None
        if mood is not None:
            anger = anger_over_turns(message.angers, mood.anger)
            self._shop.messages.set_mood(message.id, mood.label, anger)

    def _asks_for_place(self, text: str) -> bool:
        return "".join(filter(str.isalnum, text)) in self.texts.text("place_words").split()

    def _in_queue(self, message: _Message) -> Body:
        """What a waiting customer hears when the bot is not to answer: their place, or that they left it."""
        handoffs = self._shop.handoffs
        if message.text in self.texts.text("leave_words").split() and handoffs.leave(message.sender_id):
            return self.texts.body("queue_left")
        found = handoffs.current(message.sender_id)
        return self.texts.body("waiting", position=found.position if found is not None else 1)

    def _call_person(self, message: _Message) -> list[Body]:
        """Queue a customer to whom the bot fails again and again; runs in a thread."""
        try:
            found = self._shop.handoffs.request(message.sender_id, message.customer_id, "action_failed", priority=1)
        except DatabaseDown:
            return []
        return [self.texts.body("waiting", position=found.position)] if found.new else []

    def _place(self, message: _Message) -> None:
        """Find the conversation that a message belongs to, and how it stands."""
        sender_id, channel, customer_id = message.incoming.sender_id, message.incoming.channel, message.customer_id
        identity, standing = self._shop.identity, self._shop.messages.standing
        found = standing(sender_id)
        if found.owner is None and customer_id is not None:
            theirs = identity.claim(sender_id, customer_id, channel)
        else:
            theirs = found.owner == customer_id
        if not theirs:
            sender_id = scoped(sender_id, customer_id)
            if customer_id is not None:
                identity.claim(sender_id, customer_id, channel)
            found = standing(sender_id)
        message.sender_id, message.speaker, message.angers = sender_id, found.speaker, found.angers

    def _owns(self, sender_id: str, upload_id: str) -> bool:
        try:
            return bool(self._shop.uploads.get(upload_id, sender_id))
        except NotFound:
            return False

    async def _ask(self, message: _Message, handler: Handler) -> list[Body]:
        late = None if message.incoming.late is None else partial(self._late, message, message.incoming.late)
        collector = Collector(message.incoming.channel, late, message.angers)
        question = UserMessage(
            text=message.text or self.texts.text("picture"),
            output_channel=collector,
            sender_id=message.sender_id,
            parse_data=None if message.text else self._picture_only(),
            input_channel=message.incoming.channel,
            message_id=str(message.id),
            metadata=self._metadata(message),
        )
        try:
            await asyncio.wait_for(handler(question), self._shop.settings.turn_timeout_s)
        except (asyncio.TimeoutError, asyncio.CancelledError) as error:
            log_incident("took too long", message.incoming.channel, error)
            message.failed = True
            return [*collector.close(), self.texts.body("timeout")]
        except DatabaseDown:
            log_incident("no database", message.incoming.channel)
            return [*collector.close(), self.texts.body("database_down")]
        except Exception as error:  # noqa: BLE001 - Rasa raises what its parts raise
            log_incident("failed in Rasa", message.incoming.channel, error)
            message.failed = True
            return [*collector.close(), self.texts.body("failed")]
        finally:
            message.mood, message.intent = collector.mood, collector.intent
        answers = collector.close()
        message.failed = not answers
        return answers or [self.texts.body("no_answer")]

    async def _late(self, message: _Message, late: Late, sender_id: str, body: Body) -> None:
        """What is said after the turn, unless the message that caused it was erased meanwhile."""
        if await self.in_thread(self._shop.messages.is_kept, message.sender_id, message.id):
            await late(sender_id, body)

    def _metadata(self, message: _Message) -> dict[str, Any]:
        """What actions get; nothing of the client's own metadata is left in it."""
        assertion = None
        if message.customer_id is not None:
            assertion = self._shop.identity.issue_assertion(message.sender_id, message.customer_id)
        return {
            "identity": assertion,
            "attachments": message.attachments,
            "client_message_id": message.external_id,
        }

    def _picture_only(self) -> dict[str, Any]:
        intent = {"name": "search_by_image", "confidence": 1.0}
        return {"text": self.texts.text("picture"), "intent": intent, "intent_ranking": [intent], "entities": []}

    def _depart(self, message: _Message, answers: list[Body]) -> list[Body]:
        """Keep the answers and give them their ids, unless a person took over or an erasure came in between.

        Runs in a thread.
        """
        try:
            ids = self._shop.messages.record_answers(
                message.sender_id, answers, message.id, unless_agent=True, heard=message.mood, meant=message.intent
            )
        except DatabaseDown:
            log_incident("no database for the answers", message.incoming.channel)
            return answers
        if answers and not ids:
            log.info(
                "message %d: %d late answers dropped, a person speaks now or the talk was erased",
                message.id,
                len(answers),
            )
            return []
        return [{**body, "id": one} for body, one in zip(answers, ids, strict=True)]

    async def _again(self, message: _Message) -> Outcome:
        """The answers to a message that another process, or this one before, has taken."""
        if message.speaker == "agent":
            return Outcome([], message.id, double=True)
        deadline = asyncio.get_running_loop().time() + self._double_wait_s
        while True:
            stored = await self.in_thread(self._shop.messages.answers, message.id)
            if stored:
                return Outcome([{**one.body, "id": one.id} for one in stored], message.id, double=True)
            if asyncio.get_running_loop().time() > deadline:
                return Outcome([self.texts.body("no_answer")], message.id, double=True)
            await asyncio.sleep(0.2)


def _token(incoming: Incoming) -> str:
    return str(incoming.metadata.get("token")) if isinstance(incoming.metadata, dict) else ""


def log_incident(what: str, channel: str, error: BaseException | None = None) -> str:
    """Write one line without the message of the error, which may be personal; returns the incident's id."""
    incident = secrets.token_hex(4)
    where = ""
    if error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        place = f" at {frames[-1].filename.rsplit('site-packages/')[-1]}:{frames[-1].lineno}" if frames else ""
        where = f": {type(error).__name__}{place}"
    log.error("incident %s: a message of channel %s %s%s", incident, channel, what, where)
    return incident
