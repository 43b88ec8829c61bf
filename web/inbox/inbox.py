"""Another inbox in the place of our desk: talks go out by signed webhooks, people's words come back the same way.

Off without ``XIAOER_INBOX_URL``. ``XIAOER_INBOX_KIND`` says how the other side is spoken to:

``webhook``   POST to the URL, JSON {event, …}: ``handoff.created`` {handoff, note},
              ``message.created`` {message}, ``handoff.closed``; with ``sender_id`` and ``delivery``,
              the same id when it is sent again.
``chatwoot``  Chatwoot's Application API (``web.inbox.chatwoot``); the URL is its address.

Both sides sign alike, as Chatwoot does: ``X-Xiaoer-Signature`` (or ``X-Chatwoot-…``) is
``sha256=`` and the HMAC-SHA256 of ``{timestamp}.{body}`` under ``XIAOER_INBOX_SECRET``;
``…-Timestamp`` is in seconds. What is older than five minutes is refused.

What comes in: ``POST /inbox/events``. For ``webhook`` {event: ``message`` | ``assign`` |
``close``, sender_id, agent: {id, name}, id, text}.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Protocol

import httpx
from sqlalchemy import select

from shop.entities import AgentView, StoredMessage
from shop.errors import AlreadyOpen, ConcurrentChange, NotFound
from shop.handoff_rows import ELSEWHERE
from shop.models import Agent

if TYPE_CHECKING:
    from shop.front import Shop

OLDEST_S = 300
LASTING = (404, 410, 422)
"""Statuses that asking again does not change."""
LOGINS = "inbox-"
"""So begin the logins of the other inbox's people."""


@dataclass(frozen=True)
class Event:
    """What somebody did in the other inbox."""

    kind: str  # message, assign, close
    sender_id: str
    person: str = ""  # their id there
    name: str = ""
    id: str = ""  # of a message
    text: str = ""
    handoff_id: int | None = None  # the talk that is meant; None: the one that is open


class Other(Protocol):
    """The other side; ``talk`` is a row of ``handoff``. What was not taken (``Faulty``) is asked again later."""

    def begin(self, talk: Any, customer: str, note: str) -> str:
        """Open a talk there; returns its id there, which is kept before anything else is asked."""

    def explain(self, there: str, note: str) -> None:
        """Show the note to its people, where ``begin`` did not."""

    def tell(self, there: str, talk: Any, message: StoredMessage) -> None:
        """Show a customer's message."""

    def end(self, there: str, talk: Any) -> None:
        """The talk has ended here."""

    def read(self, body: dict[str, Any]) -> Event | None:
        """What a webhook of theirs says; None when it is nothing for us."""


class Faulty(Exception):
    """The other side did not take something; it is tried again, for a while only if the fault is ``lasting``."""

    def __init__(self, message: str, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body that is sent at a moment."""
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"


def is_signed(secret: str, headers: Any, body: bytes, now_s: float) -> bool:
    """Whether a request carries a fresh signature of ours or of Chatwoot's form."""
    for name in ("x-xiaoer", "x-chatwoot"):
        given, timestamp = headers.get(f"{name}-signature"), headers.get(f"{name}-timestamp", "")
        if given and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12:
            fresh = abs(now_s - int(timestamp)) <= OLDEST_S
            return fresh and hmac.compare_digest(given.encode(), signature(secret, timestamp, body).encode())
    return False


def post(client: httpx.Client, url: str, body: bytes, headers: dict[str, str]) -> Any:
    """POST JSON and read the JSON answer; {} where there is none.

    Raises:
        Faulty: no answer, or one that says no. It names the host alone: a path may hold a password.
    """
    host = httpx.URL(url).host
    try:
        answer = client.post(url, content=body, headers={"Content-Type": "application/json", **headers})
        answer.raise_for_status()
        return answer.json() if answer.content else {}
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise Faulty(f"status {status} at {host}", lasting=status in LASTING) from None
    except (httpx.HTTPError, ValueError) as error:
        raise Faulty(f"{type(error).__name__} at {host}") from None


class Plain:
    """Any program that takes our webhook."""

    def __init__(self, client: httpx.Client, url: str, secret: str, now_s: Callable[[], float]) -> None:
        self._client, self._url, self._secret, self._now_s = client, url, secret, now_s

    def begin(self, talk: Any, customer: str, note: str) -> str:
        """Announce a handoff."""
        facts = {
            "id": talk.id, "reason": talk.reason, "group": talk.skill_group, "priority": talk.priority,
            "created_at": talk.created_at.isoformat(), "customer": customer,
        }  # fmt: skip
        self._send("handoff.created", talk, f"handoff-{talk.id}", handoff=facts, note=note)
        return talk.sender_id

    def explain(self, there: str, note: str) -> None:
        """Nothing: the note went with the announcement."""

    def tell(self, there: str, talk: Any, message: StoredMessage) -> None:
        """Send a customer's message."""
        said = {"id": message.id, "at": message.at.isoformat(), **message.body}
        self._send("message.created", talk, f"message-{message.id}", message=said)

    def end(self, there: str, talk: Any) -> None:
        """Say that it has ended."""
        self._send("handoff.closed", talk, f"closed-{talk.id}")

    def read(self, body: dict[str, Any]) -> Event | None:
        """Our own form."""
        given = body.get("agent")
        agent = given if isinstance(given, dict) else {}
        if body.get("event") not in ("message", "assign", "close"):
            return None
        sender_id, number, text = (str(body.get(key) or "") for key in ("sender_id", "id", "text"))
        person, name = str(agent.get("id") or ""), str(agent.get("name") or "")
        return Event(str(body["event"]), sender_id, person, name, number, text)

    def _send(self, event: str, talk: Any, delivery: str, **facts: Any) -> None:
        body = {"event": event, "sender_id": talk.sender_id, "delivery": delivery, **facts}
        raw = json.dumps(body, ensure_ascii=False).encode()
        stamp = str(int(self._now_s()))
        headers = {"X-Xiaoer-Timestamp": stamp, "X-Xiaoer-Signature": signature(self._secret, stamp, raw)}
        post(self._client, self._url, raw, headers)


def agent_of(shop: Shop, event: Event) -> AgentView:
    """Our agent for a person of the other inbox, made at their first word; they can't log in at our desk.

    Raises:
        NotFound: nobody is named.
    """
    if not event.person:
        raise NotFound("the event names no agent")
    login = f"{LOGINS}{hashlib.sha256(event.person.encode()).hexdigest()[:16]}"
    known = _known(shop, login)
    if known is not None:
        return known
    try:
        return shop.agents.add(login, event.name.strip()[:40] or login, secrets.token_urlsafe(32))
    except AlreadyOpen:  # another report made them at the same moment
        known = _known(shop, login)
        if known is None:
            raise
        return known


def _known(shop: Shop, login: str) -> AgentView | None:
    with shop.database.read() as session:
        found = session.execute(select(Agent.id).where(Agent.login == login)).scalar()
    return shop.agents.get(found) if found else None


def act(shop: Shop, event: Event) -> None:
    """Do here what was done there; doing it twice changes nothing.

    Raises:
        NotFound: there is no such talk, or nobody is named.
        ConcurrentChange: a colleague at our desk has the talk, or a platform's own staff.
    """
    if shop.messages.channel(event.sender_id) is None:
        raise NotFound("there is no such talk")
    current = shop.handoffs.current(event.sender_id)
    is_meant = current is not None and event.handoff_id in (None, current.id)
    if current is not None and current.skill_group == ELSEWHERE and (is_meant or event.kind == "message"):
        raise ConcurrentChange("the platform's own staff has this talk")
    if event.kind == "close":
        if current is not None and is_meant:
            shop.handoffs.close(current.id, "solved", by=current.agent_id)
        return
    if event.kind == "assign" and not is_meant:
        return  # of a talk that has ended
    agent = agent_of(shop, event)
    if current is not None and current.agent_id is not None and current.agent_id != agent.id:
        if not shop.agents.get(current.agent_id).login.startswith(LOGINS):
            raise ConcurrentChange("a colleague at our desk has this talk")
        shop.handoffs.transfer(current.id, agent.id)
    if event.kind == "assign":
        if current is not None and current.agent_id is None:
            shop.handoffs.accept(current.id, agent.name, agent.id)
    elif event.text.strip():
        shop.desk.speak(event.sender_id, agent, {"text": event.text.strip()[:2000]}, event.id or None)
