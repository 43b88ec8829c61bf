"""What was said, in both directions, sealed; the history of every conversation."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from shop.entities import StoredMessage
from shop.errors import BadSetting, Erased
from shop.handoff_rows import lock_talk
from shop.models import Conversation, Handoff, Message
from shop.states import HandoffState

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)
_TABLE = Message.__table__
ANGERS = 3  # a customer's newest messages, over which their anger is reckoned
_TALKS = Conversation.__table__
_HANDOFFS = Handoff.__table__
_OPEN = _HANDOFFS.c.state != HandoffState.CLOSED.value
# Statements of every message are built once: building one costs as much as running it.
_INSERT = insert(_TABLE)
_TOUCH = update(_TALKS).where(_TALKS.c.sender_id == bindparam("sender")).values(last_at=bindparam("now"))
_STANDING = select(
    select(_TALKS.c.owner_id).where(_TALKS.c.sender_id == bindparam("sender")).scalar_subquery().label("owner"),
    select(_HANDOFFS.c.state)
    .where(_HANDOFFS.c.sender_id == bindparam("sender"), _OPEN)
    .scalar_subquery()
    .label("state"),
)
_AGENT_SPEAKS = select(_HANDOFFS.c.id).where(
    _HANDOFFS.c.sender_id == bindparam("sender"), _HANDOFFS.c.state == HandoffState.AGENT.value
)
_HEARD = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("message"))
    .values(mood=bindparam("mood_heard"), anger=bindparam("anger_heard"), intent=bindparam("intent_heard"))
)
_IS_KEPT = select(_TABLE.c.id).where(_TABLE.c.id == bindparam("message"), _TABLE.c.sender_id == bindparam("sender"))
_ANGERS = (
    select(_TABLE.c.anger)
    .where(_TABLE.c.sender_id == bindparam("sender"), _TABLE.c.anger.is_not(None))
    .order_by(_TABLE.c.id.desc())
    .limit(ANGERS)
)


class Standing(NamedTuple):
    """How a conversation stands when a message arrives.

    Attributes:
        owner: whose token opened it.
        speaker: who speaks in it: ``bot``, ``waiting`` or ``agent``.
        angers: of the customer's newest messages that were heard, oldest first.
    """

    owner: int | None
    speaker: str
    angers: list[int]


class Messages:
    """Keeps and hands out messages; a body is {text, buttons, custom, image, attachments}."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock
        self._cipher = shop.cipher

    def standing(self, sender_id: str) -> Standing:
        """How a conversation stands, in one look; one that is not there yet is nobody's, and the bot speaks."""
        with self._database.read() as session:
            row = session.execute(_STANDING, {"sender": sender_id}).one()
            return Standing(row.owner, row.state or "bot", _angers(session, sender_id))

    def record_in(
        self, sender_id: str, channel: str, body: dict[str, Any], external_id: str | None = None
    ) -> tuple[int, bool]:
        """Keep a customer's message, once.

        Args:
            sender_id: The conversation; its row is made at its first message.
            channel: The channel's name.
            body: What was sent.
            external_id: The channel's or client's id of the message; a second
                message with the same one is a double.

        Returns:
            The message's id, and whether it is new (False for a double).

        Raises:
            DatabaseDown: the database does not answer.
        """
        now = self._now()
        row = {
            "sender_id": sender_id,
            "external_id": external_id,
            "direction": "in",
            "body_sealed": self._cipher.seal_json(body),
            "at": now,
        }
        try:
            with self._database.change() as session:
                known = self._find(session, sender_id, external_id)
                if known is not None:
                    return known, False
                _touch(session, sender_id, channel, now)
                return int(session.execute(_INSERT, row).inserted_primary_key[0]), True
        except IntegrityError:  # another transaction stored the double between our look and our write
            with self._database.read() as session:
                known = self._find(session, sender_id, external_id)
            if known is None:
                raise
            return known, False

    def record_out(
        self, sender_id: str, body: dict[str, Any], reply_to: int | None = None, direction: str = "out"
    ) -> int:
        """Keep an answer of the bot (``out``) or of a person (``agent``) and return its id."""
        return self.record_answers(sender_id, [body], reply_to, direction)[0]

    def record_answers(
        self,
        sender_id: str,
        bodies: Sequence[dict[str, Any]],
        reply_to: int | None = None,
        direction: str = "out",
        unless_agent: bool = False,
        heard: tuple[str, int] | None = None,
        meant: str | None = None,
    ) -> list[int]:
        """Keep several answers in one transaction and return their ids in order.

        With ``unless_agent`` nothing is kept, and no id comes back, when a person
        speaks in the conversation now. ``heard`` is the mood and anger of the message
        that is answered, ``meant`` its intent; they are kept in any case. Nothing at all
        is kept when that message was erased meanwhile. The conversation is held, as a
        take-over and an erasure hold it: of the two, one comes first.
        """
        if direction not in ("out", "agent"):
            raise ValueError(f"direction {direction!r} is neither out nor agent")
        sealed = [self._cipher.seal_json(body) for body in bodies]
        common = {"sender_id": sender_id, "direction": direction, "reply_to": reply_to, "at": self._now()}
        with self._database.change() as session:
            if unless_agent or reply_to is not None:
                lock_talk(session, sender_id)
            if reply_to is not None and not is_kept_in(session, sender_id, reply_to):
                return []
            if reply_to is not None and (heard is not None or meant is not None):
                mood, anger = heard or (None, None)
                session.execute(_HEARD, _heard(reply_to, mood, anger, meant))
            if unless_agent and session.execute(_AGENT_SPEAKS, {"sender": sender_id}).first() is not None:
                return []
            return [
                int(session.execute(_INSERT, {**common, "body_sealed": text}).inserted_primary_key[0])
                for text in sealed
            ]

    def set_mood(self, message_id: int, mood: str, anger: int) -> None:
        """Keep how a customer's message sounds: ``neg``, ``neu`` or ``pos``, and 0 calm to 3 insulting."""
        with self._database.change() as session:
            session.execute(_HEARD, _heard(message_id, mood, anger, None))

    def is_kept(self, sender_id: str, message_id: int) -> bool:
        """Whether a conversation's message is there, and was not erased."""
        with self._database.read() as session:
            return is_kept_in(session, sender_id, message_id)

    def while_kept(self, sender_id: str, message_id: int) -> AbstractContextManager[None]:
        """Make changes for a message only while it is there: of a change and an erasure, one comes first.

        Within it every change holds the conversation and raises ``Erased`` when the message is gone.
        """

        def check(session: Any) -> None:
            lock_talk(session, sender_id)
            if not is_kept_in(session, sender_id, message_id):
                raise Erased("the message was erased while its turn ran")

        return self._database.only_while(check)

    def answers(self, message_id: int) -> list[StoredMessage]:
        """The answers to a message, in order."""
        with self._database.read() as session:
            rows = session.execute(select(_TABLE).where(_TABLE.c.reply_to == message_id).order_by(_TABLE.c.id)).all()
        return [self._view(row) for row in rows]

    def by_ids(self, ids: Sequence[int]) -> dict[int, StoredMessage]:
        """Messages by their ids; unknown ones are absent."""
        if not ids:
            return {}
        with self._database.read() as session:
            rows = session.execute(select(_TABLE).where(_TABLE.c.id.in_(list(ids)))).all()
        return {row.id: self._view(row) for row in rows}

    def readable(self, ids: Sequence[int]) -> dict[int, StoredMessage]:
        """Messages by their ids without those that can't be opened, which are logged: one hides no other."""
        try:
            return self.by_ids(ids)
        except BadSetting:
            found: dict[int, StoredMessage] = {}
            for one in ids:
                try:
                    found.update(self.by_ids([one]))
                except BadSetting as error:
                    log.error("message %d can't be opened: %s", one, type(error).__name__)
            return found

    def claim_all(self, ids: Sequence[int]) -> None:
        """Mark people's messages and notices as delivered, those that are not yet."""
        if ids:
            mine = update(_TABLE).where(_TABLE.c.id.in_(list(ids)), _TABLE.c.delivered_at.is_(None))
            with self._database.change() as session:
                session.execute(mine.values(delivered_at=self._now()).execution_options(synchronize_session=False))

    def undelivered(self, since: datetime, limit: int = 200) -> list[tuple[int, str]]:
        """Ids and conversations of people's messages and notices that no channel took since a moment."""
        query = select(_TABLE.c.id, _TABLE.c.sender_id).where(
            _TABLE.c.at >= since, _TABLE.c.delivered_at.is_(None), _TABLE.c.direction.in_(("agent", "sys"))
        )
        with self._database.read() as session:
            return [(row.id, row.sender_id) for row in session.execute(query.order_by(_TABLE.c.id).limit(limit))]

    def channel(self, sender_id: str) -> str | None:
        """The channel of a conversation; None when nothing was said in it."""
        with self._database.read() as session:
            return session.execute(select(_TALKS.c.channel).where(_TALKS.c.sender_id == sender_id)).scalar()

    def channels(self, senders: Sequence[str]) -> dict[str, str]:
        """The channels of conversations; unknown ones are absent."""
        if not senders:
            return {}
        query = select(_TALKS.c.sender_id, _TALKS.c.channel).where(_TALKS.c.sender_id.in_(set(senders)))
        with self._database.read() as session:
            return {row.sender_id: row.channel for row in session.execute(query)}

    def before(self, sender_id: str, before_id: int, limit: int = 50) -> list[StoredMessage]:
        """The ``limit`` messages of a conversation before an id, oldest first."""
        query = select(_TABLE).where(_TABLE.c.sender_id == sender_id, _TABLE.c.id < before_id)
        with self._database.read() as session:
            rows = session.execute(query.order_by(_TABLE.c.id.desc()).limit(limit)).all()
        return [self._view(row) for row in reversed(rows)]

    def history(self, sender_id: str, after_id: int = 0, limit: int = 50) -> list[StoredMessage]:
        """The newest ``limit`` messages of a conversation after an id, oldest first."""
        query = select(_TABLE).where(_TABLE.c.sender_id == sender_id, _TABLE.c.id > after_id)
        with self._database.read() as session:
            rows = session.execute(query.order_by(_TABLE.c.id.desc()).limit(limit)).all()
        return [self._view(row) for row in reversed(rows)]

    @staticmethod
    def _find(session: Any, sender_id: str, external_id: str | None) -> int | None:
        if external_id is None:
            return None
        found = session.execute(
            select(_TABLE.c.id).where(_TABLE.c.sender_id == sender_id, _TABLE.c.external_id == external_id)
        ).scalar()
        return None if found is None else int(found)

    def _view(self, row: Any) -> StoredMessage:
        body = self._cipher.open_json(row.body_sealed)
        return StoredMessage(row.id, row.direction, body, row.at, row.mood, row.anger or 0)


def is_kept_in(session: Any, sender_id: str, message_id: int) -> bool:
    """See ``Messages.is_kept``, within a transaction of the caller's.

    By the sender too: SQLite gives the id of an erased row again.
    """
    return session.execute(_IS_KEPT, {"message": message_id, "sender": sender_id}).first() is not None


def kept_id(message_id: Any) -> int | None:
    """The kept message that a message of Rasa's is, by its id; None for one that did not come through the gate."""
    text = str(message_id)
    return int(text) if text.isdecimal() and len(text) < 19 else None  # Rasa's own ids are 32 random digits


def _heard(message_id: int, mood: str | None, anger: int | None, intent: str | None) -> dict[str, Any]:
    meant = None if intent is None else intent[:40]
    return {"message": message_id, "mood_heard": mood, "anger_heard": anger, "intent_heard": meant}


def _touch(session: Any, sender_id: str, channel: str, now: datetime) -> None:
    """Set the conversation's last moment, making its row when it is not there."""
    if session.execute(_TOUCH, {"sender": sender_id, "now": now}).rowcount:
        return
    try:
        with session.begin_nested():
            session.execute(
                insert(_TALKS).values(sender_id=sender_id, channel=channel[:12], created_at=now, last_at=now)
            )
    except IntegrityError:
        pass  # another request was faster


def _angers(session: Any, sender_id: str) -> list[int]:
    return [row.anger for row in session.execute(_ANGERS, {"sender": sender_id})][::-1]
