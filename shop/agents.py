"""Agents of the desk: who they are and what they take on.

Their sessions are ``shop.agent_sessions``, what they are seen to do is
``shop.audit``; ``Agents`` is the door to both. ``python -m shop.agents`` makes
agents from a terminal.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Iterable

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from shop.agent_rows import found, view
from shop.agent_sessions import Sessions
from shop.entities import AgentView
from shop.errors import AlreadyOpen, BadValue, LastAdmin, NotFound
from shop.models import Agent, AgentSession
from shop.passwords import hashed
from shop.signals import signal

ROLES = ("agent", "supervisor", "admin")
GROUPS = ("any", "presale", "order", "aftersale", "complaint")
STATUSES = ("online", "away", "offline")
LOGIN = re.compile(r"[A-Za-z0-9_.@-]{2,40}")


class Agents(Sessions):
    """Makes agents, changes them, and tells who is there."""

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


def _leave_an_admin(session: Any, agent_id: int) -> None:
    """Refuse where this agent is the last admin at work; all of them are held until the change ends."""
    query = select(Agent.id).where(Agent.role == "admin", Agent.is_active.is_(True)).order_by(Agent.id)
    if session.execute(query.with_for_update()).scalars().all() == [agent_id]:
        raise LastAdmin("this is the last admin at work; make another one first")


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
