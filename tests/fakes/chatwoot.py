"""As much of Chatwoot as the connector uses: contacts, conversations, messages, signed webhooks.

After its Application API: the token travels as ``api_access_token``, a second contact of
the same identifier is refused, a conversation needs the source of its contact's inbox.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import Any, Callable

import httpx

TOKEN, SECRET = "token of the inbox", "a secret of both sides"
Deliver = Callable[[bytes, dict[str, str]], Any]


class FakeChatwoot:
    """Account 1 with the API inbox 4; ``transport`` answers, ``deliver`` takes the webhooks."""

    def __init__(self) -> None:
        self.contacts: dict[int, dict[str, Any]] = {}
        self.conversations: dict[int, dict[str, Any]] = {}
        self.down = False
        self.refuses: dict[str, int] = {}  # ends of paths, and the status that they answer
        self.asked: list[str] = []  # paths
        self.transport = httpx.MockTransport(self._answer)
        self.deliver: Deliver = lambda body, headers: None
        self.now_s: Callable[[], float] = time.time

    def texts(self, conversation: int, kind: str = "incoming", private: bool = False) -> list[str]:
        """Contents of the messages of a kind."""
        found = self.conversations[conversation]["messages"]
        return [one["content"] for one in found if (one["message_type"], one["private"]) == (kind, private)]

    # What its agents do

    def says(self, conversation: int, text: str, agent: int = 7, private: bool = False, number: int = 0) -> Any:
        """An agent's message, or a private note."""
        return self._hook({
            "event": "message_created", "id": number or 900 + len(self.conversations[conversation]["messages"]),
            "content": text, "message_type": "outgoing", "private": private, "content_type": "text",
            "sender": {"id": agent, "name": "Mei", "email": "mei@example.com", "type": "user"},
            "conversation": {"id": conversation}, "account": {"id": 1}, "inbox": {"id": 4},
        })  # fmt: skip

    def assigns(self, conversation: int, agent: int = 7, name: str = "Mei") -> Any:
        """A new assignee."""
        meta = {"assignee": {"id": agent, "name": name, "type": "user"}}
        return self._hook({"event": "conversation_updated", "id": conversation, "status": "open", "meta": meta})

    def resolves(self, conversation: int) -> Any:
        """The end of a conversation."""
        self.conversations[conversation]["status"] = "resolved"
        return self._hook({"event": "conversation_status_changed", "id": conversation, "status": "resolved"})

    def _hook(self, body: dict[str, Any], secret: str = SECRET, stamp: float | None = None) -> Any:
        raw = json.dumps(body).encode()
        timestamp = str(int(self.now_s() if stamp is None else stamp))
        mac = hmac.new(secret.encode(), f"{timestamp}.".encode() + raw, hashlib.sha256).hexdigest()
        headers = {
            "X-Chatwoot-Signature": f"sha256={mac}", "X-Chatwoot-Timestamp": timestamp, "X-Chatwoot-Delivery": "d",
            "Content-Type": "application/json",
        }  # fmt: skip
        return self.deliver(raw, headers)

    # Its API

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        if request.headers.get("api_access_token") != TOKEN:
            return httpx.Response(401, json={"error": "Invalid Access Token"})
        path, body = request.url.path, json.loads(request.content)
        self.asked.append(path)
        refused = next((status for end, status in self.refuses.items() if path.endswith(end)), None)
        if refused is not None:
            return httpx.Response(refused, json={})
        if path == "/api/v1/accounts/1/contacts":
            return self._contact(body)
        if path == "/api/v1/accounts/1/conversations":
            return self._conversation(body)
        found = re.fullmatch(r"/api/v1/accounts/1/conversations/(\d+)/(messages|toggle_status)", path)
        if found is None or int(found[1]) not in self.conversations:
            return httpx.Response(404, json={"error": "Resource could not be found"})
        conversation = self.conversations[int(found[1])]
        if found[2] == "toggle_status":
            conversation["status"] = body["status"]
            return httpx.Response(200, json={"payload": {"success": True}})
        if body["message_type"] not in ("incoming", "outgoing") or not isinstance(body["content"], str):
            return httpx.Response(422, json={})
        conversation["messages"].append({"private": False, **body})
        return httpx.Response(200, json={"id": len(conversation["messages"]), **body})

    def _contact(self, body: dict[str, Any]) -> httpx.Response:
        if body["inbox_id"] != 4 or any(one["identifier"] == body["identifier"] for one in self.contacts.values()):
            return httpx.Response(422, json={"message": "Identifier has already been taken"})
        number = 100 + len(self.contacts)
        self.contacts[number] = {**body, "source_id": f"source-{number}"}
        inbox = {"source_id": f"source-{number}", "inbox": {"id": 4}}
        return httpx.Response(200, json={"payload": {"contact": {"id": number, **body}, "contact_inbox": inbox}})

    def _conversation(self, body: dict[str, Any]) -> httpx.Response:
        contact = self.contacts.get(body["contact_id"])
        if contact is None or contact["source_id"] != body["source_id"] or body["inbox_id"] != 4:
            return httpx.Response(404, json={})
        number = len(self.conversations) + 1
        self.conversations[number] = {**body, "messages": []}
        return httpx.Response(200, json={"id": number, "account_id": 1, "inbox_id": 4, "status": "open"})
