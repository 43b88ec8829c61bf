"""Sessions of the desk: how agents log in, are known, and are logged out.

A login is a random token, kept as a keyed hash: who reads the database can log
in as nobody. Wrong tries are counted per login *at one network address*, so that
a stranger elsewhere can lock nobody out, and per address.
"""

from __future__ import annotations

import ipaddress
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from shop.agent_rows import found, view
from shop.audit import AuditLog
from shop.entities import AgentView
from shop.errors import BadToken, NotFound, NotIdentified, TooManyTries
from shop.models import Agent, AgentSession, VerifyTry
from shop.passwords import matches

TRIES = 5
"""Wrong passwords within ``TRY_WINDOW`` after which a login waits at the address they came from."""
TRIES_OF_ADDRESS = 30
"""The same for all logins together at one address."""
TRY_WINDOW = timedelta(minutes=15)


class Sessions(AuditLog):
    """Lets agents in and out; every login is a line of the log."""

    def log_in(self, login: Any, password: Any, address: str = "") -> tuple[AgentView, str]:
        """Let an agent in; returns who it is and the session's token.

        Raises:
            NotIdentified: login and password do not belong together.
            TooManyTries: too many wrong ones of late from this address, for this login or in all.
        """
        name = str(login).strip().lower()[:40] if isinstance(login, str) else ""
        place = network(address)
        subjects = (f"login:{place} {name}", f"from:{place}")
        if self._exhausted(subjects):
            raise TooManyTries("too many wrong passwords of late; wait a quarter of an hour")
        with self._database.read() as session:
            row = session.execute(select(Agent).where(Agent.login == name, Agent.is_active.is_(True))).scalar()
        right = matches(None if row is None else row.password_hash, password)
        if row is None or not right:
            with self._database.change() as session:
                session.execute(insert(VerifyTry), [{"subject": one, "at": self._now()} for one in subjects])
            raise NotIdentified("login and password do not belong together")
        with self._database.change() as session:
            session.execute(delete(VerifyTry).where(VerifyTry.subject == subjects[0]))
            token = self._open(session, row.id)
            self._note(session, row.id, "login")
        return view(row), token

    def open_session(self, agent_id: int) -> str:
        """A session's token for an agent who was known by other means, such as the company's own sign-on.

        Raises:
            NotFound: there is no such agent at work.
        """
        with self._database.change() as session:
            if not found(session, agent_id).is_active:
                raise NotFound(f"agent {agent_id} is not at work")
            return self._open(session, agent_id)

    def who(self, token: Any) -> AgentView:
        """The agent behind a session's token.

        Raises:
            BadToken: it is none of ours, has ended, or was revoked.
        """
        if not isinstance(token, str) or not 20 <= len(token) <= 100:
            raise BadToken("no session of the desk; log in")
        query = (
            select(Agent)
            .join(AgentSession, AgentSession.agent_id == Agent.id)
            .where(
                AgentSession.token_hash == self._hash(token),
                AgentSession.revoked_at.is_(None),
                AgentSession.expires_at > self._now(),
                Agent.is_active.is_(True),
            )
        )
        with self._database.read() as session:
            row = session.execute(query).scalar()
            if row is None:
                raise BadToken("the session of the desk has ended; log in again")
            return view(row)

    def log_out(self, token: Any) -> None:
        """End a session; harmless when it has ended."""
        with self._database.change() as session:
            self._revoke(session, AgentSession.token_hash == self._hash(str(token)))

    def revoke(self, agent_id: int) -> int:
        """End all sessions of an agent; returns how many were open."""
        with self._database.change() as session:
            return self._revoke(session, AgentSession.agent_id == agent_id)

    def _open(self, session: Any, agent_id: int) -> str:
        token, now = secrets.token_urlsafe(32), self._now()
        ends = now + timedelta(hours=self._settings.desk_session_hours)
        session.add(AgentSession(token_hash=self._hash(token), agent_id=agent_id, created_at=now, expires_at=ends))
        session.execute(delete(AgentSession).where(AgentSession.expires_at < now - timedelta(days=30)))
        return token

    def _revoke(self, session: Any, which: Any) -> int:
        change = update(AgentSession).where(which, AgentSession.revoked_at.is_(None)).values(revoked_at=self._now())
        return int(session.execute(change.execution_options(synchronize_session=False)).rowcount)

    def _exhausted(self, subjects: tuple[str, str]) -> bool:
        query = (
            select(VerifyTry.subject, func.count())
            .where(VerifyTry.subject.in_(subjects), VerifyTry.at > self._now() - TRY_WINDOW)
            .group_by(VerifyTry.subject)
        )
        with self._database.read() as session:
            counts = {row[0]: row[1] for row in session.execute(query)}
        return counts.get(subjects[0], 0) >= TRIES or counts.get(subjects[1], 0) >= TRIES_OF_ADDRESS

    def _hash(self, token: str) -> str:
        return self._cipher.fingerprint(f"desk:{token}")


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one customer of an IPv6 provider has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:50]
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or ipaddress.ip_address(int(found) >> 64 << 64)
    return str(found)
