"""Chatwoot in the place of our desk, by its Application API and its webhooks.

There: an inbox of the kind *API*, a webhook to ``https://…/inbox/events`` with the
events ``message_created``, ``conversation_status_changed`` and ``conversation_updated``
(its secret is ``XIAOER_INBOX_SECRET``), and an access token of an agent or a bot
(``XIAOER_INBOX_TOKEN``). ``XIAOER_INBOX_PLACE`` is ``account/inbox``, two numbers.
Source: developers.chatwoot.com, Application API and webhooks.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx

from shop.entities import StoredMessage
from shop.errors import BadSetting
from web.inbox.inbox import Event, Faulty, post

if TYPE_CHECKING:
    from shop.front import Shop

PLACE = re.compile(r"(\d{1,9})/(\d{1,9})")
OURS = 1, "outgoing"  # message types of what an agent says: as number in old versions


class Chatwoot:
    """One API inbox of one account."""

    def __init__(self, client: httpx.Client, shop: Shop) -> None:
        settings = shop.settings
        place = PLACE.fullmatch(settings.inbox_place)
        if place is None:
            raise BadSetting("XIAOER_INBOX_PLACE", settings.inbox_place, "give account/inbox, like 1/4")
        self._client, self._shop = client, shop
        self._account, self._inbox = place[1], int(place[2])
        self._root = f"{settings.inbox_url.rstrip('/')}/api/v1/accounts/{self._account}"
        self._headers = {"api_access_token": settings.inbox_token}

    def begin(self, talk: Any, customer: str, note: str) -> str:
        """Make the contact once, and a conversation for the handoff."""
        contact, source = self._contact(talk.sender_id, customer)
        facts = {"reason": talk.reason, "group": talk.skill_group, "priority": talk.priority}
        made = self._post(
            "conversations",
            {
                "source_id": source, "inbox_id": self._inbox, "contact_id": contact, "status": "open",
                "custom_attributes": facts,
            },
        )  # fmt: skip
        return str(_number(made, "id"))

    def explain(self, there: str, note: str) -> None:
        """Put the note into the conversation as a private one."""
        self._post(f"conversations/{there}/messages", {"content": note, "message_type": "outgoing", "private": True})

    def tell(self, there: str, talk: Any, message: StoredMessage) -> None:
        """Say the customer's words in their name."""
        body = message.body
        pictures = [f"[picture {one}]" for one in body.get("attachments") or []]
        content = "\n".join([str(body.get("text") or ""), *pictures]).strip()
        self._post(f"conversations/{there}/messages", {"content": content, "message_type": "incoming"})

    def end(self, there: str, talk: Any) -> None:
        """Resolve the conversation."""
        self._post(f"conversations/{there}/toggle_status", {"status": "resolved"})

    def read(self, body: dict[str, Any]) -> Event | None:
        """An agent's word to the customer, a new assignee, a resolved conversation; ``sender_id`` is the id there."""
        kind = body.get("event")
        if kind == "message_created":
            return _message(body)
        if kind == "conversation_status_changed" and body.get("status") == "resolved":
            return Event("close", str(body.get("id") or ""))
        if kind == "conversation_updated":
            assignee = (body.get("meta") or {}).get("assignee") or {}
            if assignee.get("id"):
                return Event("assign", str(body.get("id") or ""), str(assignee["id"]), str(assignee.get("name") or ""))
        return None

    def _contact(self, sender_id: str, name: str) -> tuple[int, str]:
        """Contact and source of a conversation of ours; the contact's name there is masked and its id no address."""
        mark = self._shop.cipher.fingerprint(f"inbox:{sender_id}")[:32]
        key = f"inbox:contact:{mark}"
        known = self._shop.shared_values.get(key)
        if known is None:
            wish = {"inbox_id": self._inbox, "name": name or f"#{mark[:6]}", "identifier": mark}
            made = self._post("contacts", wish).get("payload") or {}
            source = str((made.get("contact_inbox") or {}).get("source_id") or "")
            known = json.dumps([_number(made.get("contact") or {}, "id"), source])
            self._shop.shared_values.put(key, known)
        contact, source = json.loads(known)
        return int(contact), str(source)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        found = post(self._client, f"{self._root}/{path}", json.dumps(body).encode(), self._headers)
        return found if isinstance(found, dict) else {}


def _message(body: dict[str, Any]) -> Event | None:
    sender = body.get("sender") or {}
    if body.get("message_type") not in OURS or body.get("private") or sender.get("type", "user") != "user":
        return None  # customers' words and notices come back too, and notes are not for customers
    files = [str(one.get("data_url")) for one in body.get("attachments") or [] if one.get("data_url")]
    return Event(
        "message",
        str((body.get("conversation") or {}).get("id") or ""),
        str(sender.get("id") or ""),
        str(sender.get("available_name") or sender.get("name") or ""),
        f"inbox-{body.get('id')}",
        "\n".join([str(body.get("content") or ""), *files]).strip(),
    )


def _number(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Faulty(f"an answer without {name}")
    return value
