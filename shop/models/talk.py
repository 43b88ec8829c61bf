"""Tables of conversations: who, what was said, uploads, handoffs, safety nets."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text

from shop.models.base import Base, JsonText, UtcTime, utc_now


class Conversation(Base):
    """A sender on a channel; see ``shop.identity`` for who may speak for whom.

    ``owner_id`` is the customer whose signed token opened it (history belongs to
    them); ``linked_id`` the customer who proved an order number and phone tail.
    """

    __tablename__ = "conversation"
    sender_id = Column(String(100), primary_key=True)
    channel = Column(String(12), nullable=False)
    owner_id = Column(ForeignKey("customer.id"), index=True)
    linked_id = Column(ForeignKey("customer.id"), index=True)
    linked_until = Column(UtcTime)
    created_at = Column(UtcTime, nullable=False, default=utc_now)
    last_at = Column(UtcTime, nullable=False, default=utc_now)


class Message(Base):
    """One message in either direction; the id orders a conversation's history."""

    __tablename__ = "message"
    id = Column(Integer, primary_key=True)
    sender_id = Column(String(100), nullable=False)
    external_id = Column(String(100))  # the channel's id of an incoming message, to refuse doubles
    direction = Column(String(5), nullable=False)  # in, out, agent, sys (a notice of the desk)
    reply_to = Column(ForeignKey("message.id"), index=True)  # of an answer: the message it answers
    body_sealed = Column(Text, nullable=False)  # JSON: text, buttons, custom, image, attachments
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)
    agent_id = Column(Integer, index=True)  # of a person's words: whose
    mood = Column(String(3))  # of a customer's words: neg, neu, pos
    anger = Column(Integer)  # the same: 0 calm to 3 insulting
    intent = Column(String(40))  # of a customer's words to the bot: what they were taken to mean
    delivered_at = Column(UtcTime)  # of agent and sys: when the channel took it
    __table_args__ = (
        UniqueConstraint("sender_id", "external_id"),
        Index("ix_message_sender_id", "sender_id", "id"),
    )


class Unanswered(Base):
    """A customer's words that no answer was known to, masked; nothing tells whose they are."""

    __tablename__ = "unanswered"
    id = Column(Integer, primary_key=True)
    text_sealed = Column(Text, nullable=False)
    intent = Column(String(40), nullable=False)  # the likeliest one
    confidence = Column(Float, nullable=False)
    state = Column(String(8), nullable=False, default="open")  # open, taken, dropped
    at = Column(UtcTime, nullable=False, default=utc_now)
    __table_args__ = (Index("ix_unanswered_state_at", "state", "at"),)


class TrackerChunk(Base):
    """What one turn added to a conversation's tracker: events, and the state before them.

    ``body_sealed`` is JSON of {before, events}; see ``shop.trackers``.
    """

    __tablename__ = "tracker_chunk"
    id = Column(Integer, primary_key=True)
    sender_id = Column(String(100), nullable=False)
    starts_session = Column(Integer, nullable=False, default=0)  # 0 or 1
    events = Column(Integer, nullable=False)
    body_sealed = Column(Text, nullable=False)
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)
    __table_args__ = (Index("ix_tracker_chunk_sender_id", "sender_id", "id"),)


class Upload(Base):
    """A checked and re-encoded picture under data_dir/uploads; ``id`` is unguessable."""

    __tablename__ = "upload"
    id = Column(String(32), primary_key=True)
    sha256 = Column(String(64), nullable=False, index=True)
    sender_id = Column(String(100), nullable=False, index=True)
    width = Column(Integer, nullable=False)
    height = Column(Integer, nullable=False)
    bytes = Column(Integer, nullable=False)
    created_at = Column(UtcTime, nullable=False, default=utc_now)
    expires_at = Column(UtcTime, nullable=False, index=True)


class Handoff(Base):
    """A talk that asks for, or is with, a human agent."""

    __tablename__ = "handoff"
    id = Column(Integer, primary_key=True)
    sender_id = Column(String(100), nullable=False, index=True)
    customer_id = Column(ForeignKey("customer.id"), index=True)
    state = Column(String(8), nullable=False)  # waiting, agent, closed
    reason = Column(String(20), nullable=False)
    skill_group = Column(String(12), nullable=False, default="any")
    priority = Column(Integer, nullable=False, default=0)
    agent = Column(String(40))  # the name that the customer reads
    agent_id = Column(Integer, index=True)
    summary = Column(JsonText)
    created_at = Column(UtcTime, nullable=False, default=utc_now, index=True)
    rank_at = Column(UtcTime)  # place in the queue: created_at, earlier the higher the priority
    reasons = Column(JsonText)  # every reason that was given, with its moment
    accepted_at = Column(UtcTime)
    first_reply_at = Column(UtcTime)
    agent_at = Column(UtcTime)  # the agent's last word
    customer_at = Column(UtcTime)  # the customer's first word that is not answered yet
    warned_at = Column(UtcTime)  # the agent was told of their silence
    told_position = Column(Integer)  # the place that the customer last heard of
    closed_at = Column(UtcTime)
    close_reason = Column(String(20))
    tags = Column(JsonText)
    rating = Column(Integer)  # 1 to 5
    comment_sealed = Column(Text)
    rated_at = Column(UtcTime)
    version = Column(Integer, nullable=False, default=1)
    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(
            "uq_handoff_open",
            "sender_id",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        Index("ix_handoff_queue", "state", "priority", "created_at"),
        Index("ix_handoff_rank", "state", "rank_at"),
    )


class IdempotencyKey(Base):
    """A change that was made, under the key of the request that asked for it."""

    __tablename__ = "idempotency_key"
    key = Column(String(160), primary_key=True)
    operation = Column(String(30), nullable=False)
    result = Column(JsonText, nullable=False)
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)


class VerifyTry(Base):
    """A wrong proof of identity, counted per sender and per order."""

    __tablename__ = "verify_try"
    id = Column(Integer, primary_key=True)
    subject = Column(String(110), nullable=False)
    at = Column(UtcTime, nullable=False, default=utc_now)
    __table_args__ = (Index("ix_verify_try_subject_at", "subject", "at"),)
