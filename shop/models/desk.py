"""Tables of the agents' desk: who works there, what they noted, what waits to be pushed.

Tokens are kept as keyed hashes, passwords as argon2 hashes, words as ciphertext.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Text

from shop.models.base import Base, JsonText, UtcTime, utc_now


class Agent(Base):
    """A person who logs in at the desk or the dashboard."""

    __tablename__ = "agent"
    id = Column(Integer, primary_key=True)
    login = Column(String(40), nullable=False, unique=True)
    name = Column(String(40), nullable=False)  # as customers read it
    password_hash = Column(String(200), nullable=False)
    role = Column(String(10), nullable=False)  # agent, supervisor, admin
    groups = Column(JsonText, nullable=False)  # skill groups whose talks they get; "any" means all
    capacity = Column(Integer, nullable=False, default=5)
    status = Column(String(8), nullable=False, default="offline")  # online, away, offline
    status_at = Column(UtcTime, nullable=False, default=utc_now)
    seen_at = Column(UtcTime)  # last sign of an open desk
    is_active = Column(Boolean, nullable=False, default=True)
    created_at = Column(UtcTime, nullable=False, default=utc_now)


class AgentSession(Base):
    """A login; ended by time, by logout, or by a revocation."""

    __tablename__ = "agent_session"
    id = Column(Integer, primary_key=True)
    token_hash = Column(String(64), nullable=False, unique=True)
    agent_id = Column(ForeignKey("agent.id"), nullable=False, index=True)
    created_at = Column(UtcTime, nullable=False, default=utc_now)
    expires_at = Column(UtcTime, nullable=False, index=True)
    revoked_at = Column(UtcTime)


class AgentAudit(Base):
    """Who saw or changed what: phones shown, orders changed, logins, revocations."""

    __tablename__ = "agent_audit"
    id = Column(Integer, primary_key=True)
    agent_id = Column(ForeignKey("agent.id"), index=True)
    action = Column(String(30), nullable=False)
    subject = Column(String(120), nullable=False, default="")
    detail = Column(JsonText)
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)


class HandoffStep(Base):
    """One transition of a talk in the hands of people."""

    __tablename__ = "handoff_step"
    id = Column(Integer, primary_key=True)
    handoff_id = Column(ForeignKey("handoff.id"), nullable=False, index=True)
    kind = Column(String(12), nullable=False)  # see shop.handoffs
    agent_id = Column(ForeignKey("agent.id"), index=True)
    detail = Column(JsonText)
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)


class Ticket(Base):
    """A message left when nobody could take the talk, to be answered later."""

    __tablename__ = "ticket"
    id = Column(Integer, primary_key=True)
    sender_id = Column(String(100), nullable=False, index=True)
    customer_id = Column(ForeignKey("customer.id"), index=True)
    handoff_id = Column(ForeignKey("handoff.id"), index=True)
    reason = Column(String(20), nullable=False)
    skill_group = Column(String(12), nullable=False, default="any")
    phone_sealed = Column(Text)
    text_sealed = Column(Text)
    state = Column(String(8), nullable=False, default="open", index=True)  # open, done
    agent_id = Column(ForeignKey("agent.id"), index=True)  # who settled it
    outcome_sealed = Column(Text)
    created_at = Column(UtcTime, nullable=False, default=utc_now)
    done_at = Column(UtcTime)


class DeskNote(Base):
    """What agents write to each other about a talk; a customer never sees it."""

    __tablename__ = "desk_note"
    id = Column(Integer, primary_key=True)
    sender_id = Column(String(100), nullable=False)
    agent_id = Column(ForeignKey("agent.id"), nullable=False, index=True)
    kind = Column(String(8), nullable=False, default="note")  # note, whisper
    text_sealed = Column(Text, nullable=False)
    mentions = Column(JsonText)  # ids of agents
    at = Column(UtcTime, nullable=False, default=utc_now)
    __table_args__ = (Index("ix_desk_note_sender_id", "sender_id", "id"),)


class CannedReply(Base):
    """A sentence that agents use again and again; ``agent_id`` None: everybody's."""

    __tablename__ = "canned_reply"
    id = Column(Integer, primary_key=True)
    shortcut = Column(String(20), nullable=False)
    title = Column(String(60), nullable=False)
    text = Column(Text, nullable=False)
    agent_id = Column(ForeignKey("agent.id"), index=True)
    uses = Column(Integer, nullable=False, default=0)
    updated_at = Column(UtcTime, nullable=False, default=utc_now)


class TalkSignal(Base):
    """Something that open pages must hear of: the processes read it and push it on."""

    __tablename__ = "talk_signal"
    id = Column(Integer, primary_key=True)
    sender_id = Column(String(100), nullable=False)
    kind = Column(String(12), nullable=False)  # state, typing, read, note, warn, ticket, staff, erased
    body = Column(JsonText)
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)
