"""Tables of the messaging channels: what came in, what goes out, who is at the other end.

Words, addresses and tokens are kept as ciphertext.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Text, UniqueConstraint

from shop.models.base import Base, UtcTime, utc_now


class ChannelInbox(Base):
    """A callback that was acknowledged; it is done when its answers stand in the outbox."""

    __tablename__ = "channel_inbox"
    id = Column(Integer, primary_key=True)
    channel = Column(String(12), nullable=False)
    external_id = Column(String(120), nullable=False)  # the platform's id, to refuse doubles
    sender_id = Column(String(100), nullable=False, index=True)
    body_sealed = Column(Text, nullable=False)
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)
    state = Column(String(5), nullable=False, default="new")  # new, done
    tries = Column(Integer, nullable=False, default=0)
    lease_until = Column(UtcTime)  # until then a process works on it
    deliveries = Column(Integer, nullable=False, default=0, server_default="0")  # of passive answers only
    given_sealed = Column(Text)  # the words that a response to it carried: a redelivery gets the same
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        Index("ix_channel_inbox_state_lease", "state", "lease_until"),
    )


class ChannelOutbox(Base):
    """What was said at once to one customer, on its way: one turn's answers, an agent's words, a campaign."""

    __tablename__ = "channel_outbox"
    id = Column(Integer, primary_key=True)
    key = Column(String(80), unique=True)  # of a message that must not be posted twice
    channel = Column(String(12), nullable=False)
    sender_id = Column(String(100), nullable=False)
    origin = Column(String(8), nullable=False, default="bot")  # bot, agent, sys, campaign
    body_sealed = Column(Text, nullable=False)  # JSON: list of bodies
    pieces_done = Column(Integer, nullable=False, default=0)  # of the platform's messages that it becomes
    tries = Column(Integer, nullable=False, default=0)
    next_at = Column(UtcTime, nullable=False, default=utc_now)
    state = Column(String(7), nullable=False, default="waiting")  # waiting, held, sent, dead
    error = Column(String(80))
    at = Column(UtcTime, nullable=False, default=utc_now, index=True)
    ended_at = Column(UtcTime)
    __table_args__ = (
        Index("ix_channel_outbox_state_next", "state", "next_at"),
        Index("ix_channel_outbox_sender", "sender_id", "state", "id"),
    )


class ChannelPeer(Base):
    """A customer at the other end of a channel: where to write, how much may be written, what a number means."""

    __tablename__ = "channel_peer"
    sender_id = Column(String(100), primary_key=True)
    channel = Column(String(12), nullable=False, index=True)
    address_sealed = Column(Text, nullable=False)  # JSON: what the connector needs to write to them
    heard_at = Column(UtcTime, nullable=False, default=utc_now)
    window_until = Column(UtcTime)  # None: the platform sets no limit
    window_limit = Column(Integer, nullable=False, default=0)
    window_used = Column(Integer, nullable=False, default=0)
    choices_sealed = Column(Text)  # JSON: number → what it stands for
    lease_until = Column(UtcTime)  # until then a process writes to them
    has_session = Column(Boolean, nullable=False, default=False)  # the platform's session with them is the bot's


class ChannelValue(Base):
    """What several processes share: access tokens, reading positions."""

    __tablename__ = "channel_value"
    key = Column(String(120), primary_key=True)
    value_sealed = Column(Text)
    expires_at = Column(UtcTime)
    lease_until = Column(UtcTime)  # until then a process renews it
