"""Agents of the desk: who they are, how they log in, what they are seen to do.

Passwords are argon2id hashes. A login is a random token, kept as a keyed hash:
who reads the database can log in as nobody. Wrong tries are counted per login
*at one network address*, so that a stranger elsewhere can lock nobody out, and
per address. ``python -m shop.agents`` makes agents from a terminal.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from shop.entities import AgentView
from shop.errors import AlreadyOpen, BadToken, BadValue, LastAdmin, NotFound, NotIdentified, TooManyTries
from shop.models import Agent, AgentAudit, AgentSession, VerifyTry
from shop.signals import signal

if TYPE_CHECKING:
    from shop.front import Shop

ROLES = ("agent", "supervisor", "admin")
GROUPS = ("any", "presale", "order", "aftersale", "complaint")
STATUSES = ("online", "away", "offline")
LOGIN = re.compile(r"[A-Za-z0-9_.@-]{2,40}")
SHORTEST_PASSWORD = 10
TRIES = 5
"""Wrong passwords within ``TRY_WINDOW`` after which a login waits at the address they came from."""
TRIES_OF_ADDRESS = 30
"""The same for all logins together at one address."""
TRY_WINDOW = timedelta(minutes=15)

# OWASP's least for argon2id: a login costs about 30 ms and 19 MB.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Agents:
    """Makes agents, lets them in and out, and keeps the audit log."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._database = shop.database
        self._cipher = shop.cipher
        self._settings = shop.settings
        self._now = shop.clock

    def add(
        self,
        login: str,
        name: str,
        password: str,
        role: str = "agent",
        groups: Iterable[str] = ("any",),
        capacity: int = 5,
    ) -> AgentView:
        """Make an agent.

        Raises:
            BadValue: a field is not of its form; ``facts["field"]`` says which.
            AlreadyOpen: the login is taken.
        """
        if not isinstance(login, str) or not LOGIN.fullmatch(login):
            raise BadValue("login: give 2 to 40 letters, digits or . _ @ -", field="login")
        values = checked({"name": name, "role": role, "groups": list(groups), "capacity": capacity})
        row = Agent(login=login.lower(), password_hash=hashed(password), status_at=self._now(), **values)
        try:
            with self._database.change() as session:
                session.add(row)
                session.flush()
                return view(row)
        except IntegrityError as error:
            raise AlreadyOpen("this login is taken; choose another") from error

    def change(self, agent_id: int, **values: Any) -> AgentView:
        """Change name, role, groups, capacity, password or is_active; the last two end the agent's sessions.

        Raises:
            NotFound: there is no such agent.
            BadValue: a field is unknown or not of its form.
            LastAdmin: no other admin would be at work.
        """
        new = checked(values)
        if "password" in new:
            new["password_hash"] = hashed(new.pop("password"))
        if not new.get("is_active", True):
            new.update(status="offline", status_at=self._now())
        with self._database.change() as session:
            row = found(session, agent_id)
            if new.get("role", "admin") != "admin" or not new.get("is_active", True):
                _leave_an_admin(session, agent_id)
            for key, value in new.items():
                setattr(row, key, value)
            if "password_hash" in new or not row.is_active:
                self._revoke(session, AgentSession.agent_id == agent_id)
            session.flush()
            return view(row)

    def get(self, agent_id: int) -> AgentView:
        """One agent.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as session:
            return view(found(session, agent_id))

    def set_status(self, agent_id: int, status: str) -> AgentView:
        """Go online (gets talks), away (keeps and picks talks) or offline.

        Raises:
            NotFound: there is no such agent.
            BadValue: there is no such status.
        """
        if status not in STATUSES:
            raise BadValue(f"status: give one of {', '.join(STATUSES)}", field="status")
        with self._database.change() as session:
            row = found(session, agent_id)
            if row.status != status:
                row.status, row.status_at = status, self._now()
                signal(self._shop, session, "", "staff", {"agent_id": agent_id, "status": status})
            row.seen_at = self._now()
            session.flush()
            return view(row)

    def lose(self, agent_id: int, since: datetime) -> None:
        """Take an agent for away whose desk has shown no sign since a moment."""
        table = Agent.__table__
        gone = table.c.seen_at.is_(None) | (table.c.seen_at < since)
        change = update(table).where(table.c.id == agent_id, table.c.status == "online", gone)
        with self._database.change() as session:
            if session.execute(change.values(status="away", status_at=self._now())).rowcount:
                signal(self._shop, session, "", "staff", {"agent_id": agent_id, "status": "away"})

    def seen(self, agent_ids: Iterable[int]) -> None:
        """These agents' desks are open now."""
        ids = sorted(set(agent_ids))
        if ids:
            with self._database.change() as session:
                session.execute(update(Agent.__table__).where(Agent.id.in_(ids)).values(seen_at=self._now()))

    def all(self, active_only: bool = True) -> list[AgentView]:
        """Every agent, by name."""
        query = select(Agent).order_by(Agent.name, Agent.id)
        with self._database.read() as session:
            rows = session.execute(query.where(Agent.is_active.is_(True)) if active_only else query).scalars().all()
            return [view(row) for row in rows]

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
        right = _matches(row.password_hash if row is not None else _nobody(), password)
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

    def audit(self, agent_id: int | None, action: str, subject: str = "", **detail: Any) -> None:
        """Write one line into the audit log; detail must hold nothing personal."""
        with self._database.change() as session:
            self._note(session, agent_id, action, subject, detail or None)

    def audit_log(self, limit: int = 100, before_id: int | None = None) -> list[dict[str, Any]]:
        """The newest lines of the audit log: id, agent, action, subject, detail, at."""
        query = select(AgentAudit, Agent.name).outerjoin(Agent, Agent.id == AgentAudit.agent_id)
        if before_id is not None:
            query = query.where(AgentAudit.id < before_id)
        with self._database.read() as session:
            rows = session.execute(query.order_by(AgentAudit.id.desc()).limit(min(limit, 500))).all()
        return [
            {
                "id": one.id,
                "agent_id": one.agent_id,
                "agent": name,
                "action": one.action,
                "subject": one.subject,
                "detail": one.detail,
                "at": one.at.isoformat(),
            }
            for one, name in rows
        ]

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

    def _note(self, session: Any, agent_id: int | None, action: str, subject: str = "", detail: Any = None) -> None:
        row = {"agent_id": agent_id, "action": action[:30], "subject": subject[:120], "detail": detail}
        session.execute(insert(AgentAudit.__table__), [{**row, "at": self._now()}])

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


def hashed(password: Any) -> str:
    """The argon2id hash of a password that is long enough.

    Raises:
        BadValue: it is not.
    """
    if not isinstance(password, str) or not SHORTEST_PASSWORD <= len(password) <= 200:
        raise BadValue(f"password: give {SHORTEST_PASSWORD} to 200 characters", field="password")
    return _HASHER.hash(password)


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash to check against where there is no agent, so that both take the same time."""
    return _HASHER.hash(secrets.token_hex(16))


def _matches(kept: str, password: Any) -> bool:
    try:
        return _HASHER.verify(kept, str(password)[:200])
    except (VerificationError, InvalidHashError):
        return False


def checked(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of an agent, each of its form.

    Raises:
        BadValue: one is not, or there is no such field.
    """
    rules: dict[str, Any] = {
        "name": lambda one: isinstance(one, str) and 0 < len(one.strip()) <= 40,
        "role": lambda one: one in ROLES,
        "groups": lambda one: isinstance(one, list) and bool(one) and all(group in GROUPS for group in one),
        "capacity": lambda one: isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= 50,
        "is_active": lambda one: isinstance(one, bool),
        "password": lambda one: isinstance(one, str),
    }
    for key, value in values.items():
        if key not in rules or not rules[key](value):
            raise BadValue(f"{key}: not a value that it may have", field=key)
    return {key: value.strip() if key == "name" else value for key, value in values.items()}


def found(session: Any, agent_id: int) -> Any:
    """An agent's row.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Agent, agent_id)
    if row is None:
        raise NotFound(f"there is no agent {agent_id}")
    return row


def _leave_an_admin(session: Any, agent_id: int) -> None:
    """Refuse where this agent is the last admin at work; all of them are held until the change ends."""
    query = select(Agent.id).where(Agent.role == "admin", Agent.is_active.is_(True)).order_by(Agent.id)
    if session.execute(query.with_for_update()).scalars().all() == [agent_id]:
        raise LastAdmin("this is the last admin at work; make another one first")


def view(row: Any) -> AgentView:
    """An agent as others see them."""
    return AgentView(
        id=row.id,
        login=row.login,
        name=row.name,
        role=row.role,
        groups=tuple(row.groups),
        capacity=row.capacity,
        status=row.status,
        is_active=row.is_active,
    )


def main(arguments: list[str] | None = None) -> int:
    """``python -m shop.agents add LOGIN NAME [ROLE]``: make an agent; the password is asked for, or made."""
    import argparse
    import getpass
    import sys

    from shop.errors import ShopError
    from shop.front import open_shop

    parser = argparse.ArgumentParser(prog="python -m shop.agents", description=main.__doc__)
    parser.add_argument("command", choices=["add", "password"])
    parser.add_argument("login")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("role", nargs="?", default="agent", choices=ROLES)
    given = parser.parse_args(arguments)
    password = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    try:
        shop = open_shop()
        shop.database.create_all()
        if given.command == "add":
            shop.agents.add(given.login, given.name or given.login, password, given.role)
        else:
            match = next((one for one in shop.agents.all(False) if one.login == given.login.lower()), None)
            if match is None:
                raise NotFound(f"there is no agent {given.login!r}")
            shop.agents.change(match.id, password=password)
    except ShopError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.command}: {given.login}")
    return 0


if __name__ == "__main__":
    import sys

    sys.exit(main())
