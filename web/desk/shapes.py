"""What the desk's API answers and its socket tells, in a shorthand from which the OpenAPI document is written.

A shape maps field → type. Types: string, integer, number, boolean, object (of
any fields), ``moment`` (ISO 8601, UTC), the name of another shape, ``[type]`` a
list, ``type?`` that may be null. A field ``name?`` may be absent; a field
``...`` says that others may be there.
"""

from __future__ import annotations

from typing import Any, Mapping

Shape = Mapping[str, str]

SHAPES: dict[str, Shape] = {
    "Agent": {
        "id": "integer", "login": "string", "name": "string", "role": "string", "groups": "[string]",
        "capacity": "integer", "status": "string",
    },
    "Colleague": {
        "id": "integer", "name": "string", "status": "string", "groups": "[string]", "login?": "string",
        "role?": "string", "capacity?": "integer", "load?": "integer", "is_active?": "boolean",
    },
    "AuditLine": {
        "id": "integer", "agent_id": "integer?", "agent": "string?", "action": "string", "subject": "string",
        "detail": "object?", "at": "moment",
    },
    "CannedReply": {"id": "integer", "shortcut": "string", "title": "string", "text": "string", "shared": "boolean"},
    "Ticket": {
        "id": "integer", "sender_id": "string", "customer_id": "integer?", "reason": "string", "skill_group": "string",
        "phone": "string", "text": "string", "state": "string", "outcome": "string", "created_at": "moment",
        "done_at": "moment?",
    },
    "Talk": {
        "sender_id": "string", "channel": "string", "state": "string", "handoff_id": "integer?", "reason": "string?",
        "group": "string?", "priority": "integer?", "agent": "string?", "agent_id": "integer?", "since": "moment?",
        "rank": "moment?", "unanswered_since": "moment?", "warned": "boolean", "customer": "TalkCustomer?",
        "last": "LastWord?",
    },
    "TalkCustomer": {"id": "integer", "name": "string", "level": "integer"},
    "LastWord": {
        "id": "integer", "direction": "string", "text": "string", "picture": "boolean", "at": "moment",
        "mood": "string?", "anger": "integer?",
    },
    "Message": {
        "id": "integer", "direction": "string", "at": "moment", "mood": "string?", "anger": "integer?",
        "text?": "string", "attachments?": "[string]", "buttons?": "[object]", "custom?": "object", "image?": "string",
        "agent?": "object", "message_id?": "string", "notice?": "string", "...": "",
    },
    "Note": {
        "id": "integer", "kind": "string", "agent_id": "integer", "agent": "string?", "text": "string",
        "mentions": "[integer]", "at": "moment",
    },
    "Customer": {"id": "integer", "code": "string", "name": "string", "phone": "string", "level": "integer"},
    "Order": {
        "number": "string", "state": "string", "total_fen": "integer", "created_at": "moment", "lines": "[OrderLine]",
        "receiver": "string", "note": "string?", "parcels": "[Parcel]", "can": "[string]",
    },
    "OrderLine": {
        "id": "integer", "name": "string", "spec": "string", "quantity": "integer", "price_fen": "integer",
        "picture": "string?",
    },
    "Parcel": {"courier": "string", "number": "string", "state": "string", "last": "string?", "stuck": "boolean"},
    "Case": {
        "number": "string", "order_number": "string", "kind": "string", "reason": "string", "state": "string",
        "product": "string", "amount_fen": "integer", "created_at": "moment",
    },
    "PastTalk": {
        "id": "integer", "reason": "string", "close_reason": "string?", "agent": "string?", "at": "moment",
        "rating": "integer?", "tags": "[string]",
    },
    "Summary": {
        "orders": "[string]", "wanted": "string", "asked_last": "string", "tried": "[string]", "moods": "[Mood]",
    },
    "Mood": {"id": "integer", "mood": "string?", "anger": "integer?"},
    "Suggestion": {"text": "string", "source": "string", "likeness": "number"},
    "Product": {
        "code": "string", "name": "string", "price_fen": "integer", "available": "integer", "picture": "string?",
    },
    "Pushed": {
        "type": "string", "agent?": "Agent", "sender_id?": "string", "talk?": "Talk?", "message?": "Message",
        "by?": "string", "name?": "string", "id?": "integer", "note_id?": "integer", "agent_id?": "integer?",
        "mentions?": "[integer]", "kind?": "string", "handoff_id?": "integer",
    },
}  # fmt: skip
"""Every named shape; ``Pushed`` is one JSON message of the socket."""

_OK: Shape = {"ok": "boolean"}
_TALK: Shape = {"talk": "Talk?"}
_PHONE: Shape = {"phone": "string"}
_OF_TALK = "/talks/{sender}"

ANSWERS: dict[str, Shape | str] = {
    "GET /me": {
        "agent": "Agent", "shop": "string", "groups": "[string]", "roles": "[string]", "auto_assign": "boolean",
    },
    "POST /me/status": {"agent": "Agent"},
    "GET /agents": {"agents": "[Colleague]"},
    "POST /agents": {"agent": "Agent"},
    "PATCH /agents/{id:int}": {"agent": "Agent"},
    "POST /agents/{id:int}/revoke": {"ended": "integer"},
    "GET /audit": {"lines": "[AuditLine]"},
    "GET /canned": {"replies": "[CannedReply]"},
    "POST /canned": {"id": "integer"},
    "DELETE /canned/{id:int}": _OK,
    "GET /tickets": {"tickets": "[Ticket]"},
    "POST /tickets/{id:int}/settle": {"ticket": "Ticket"},
    "POST /tickets/{id:int}/phone": _PHONE,
    "POST /customers/{id:int}/erase": {"talks": "integer"},
    "GET /talks": {"talks": "[Talk]"},
    f"GET {_OF_TALK}": {"talk": "Talk", "messages": "[Message]", "notes": "[Note]"},
    f"GET {_OF_TALK}/messages": {"messages": "[Message]"},
    f"POST {_OF_TALK}/messages": {"message": "Message"},
    f"POST {_OF_TALK}/accept": _TALK,
    f"POST {_OF_TALK}/take_over": _TALK,
    f"POST {_OF_TALK}/give_back": _TALK,
    f"POST {_OF_TALK}/close": _TALK,
    f"POST {_OF_TALK}/transfer": _OK,
    f"POST {_OF_TALK}/notes": {"note": "Note"},
    f"POST {_OF_TALK}/whisper": {"note": "Note"},
    f"POST {_OF_TALK}/typing": _OK,
    f"POST {_OF_TALK}/read": _OK,
    f"POST {_OF_TALK}/erase": _OK,
    f"GET {_OF_TALK}/pictures/{{upload}}": "image/jpeg",
    f"GET {_OF_TALK}/side": {
        "customer": "Customer?", "orders": "[Order]", "cases": "[Case]", "past": "[PastTalk]", "summary": "Summary",
    },
    f"GET {_OF_TALK}/suggestions": {"suggestions": "[Suggestion]"},
    f"POST {_OF_TALK}/reveal": _PHONE,
    f"POST {_OF_TALK}/orders/{{number}}/{{action}}": {"order": "Order"},
    f"POST {_OF_TALK}/orders/{{number}}/cases/open": {"case": "Case"},
    f"POST {_OF_TALK}/cases/{{number}}/withdraw": {"case": "Case"},
    "GET /products": {"products": "[Product]"},
    "POST /login": {"agent": "Agent", "token": "string"},
    "POST /logout": _OK,
    f"POST {_OF_TALK}/upload": {"id": "string", "width": "integer", "height": "integer"},
    "GET /openapi.json": {"...": ""},
    "GET /socket": {"...": ""},
    "POST /inbox/events": {"ok": "boolean", "done": "boolean"},
}  # fmt: skip
"""``METHOD path`` of a rule → what it answers when it is done: a shape, or the media type of its bytes."""


def schema_of(shape: Shape) -> dict[str, Any]:
    """A shape as JSON Schema, closed unless it says ``...``."""
    fields = {name: kind for name, kind in shape.items() if name != "..."}
    return {
        "type": "object",
        "properties": {name.rstrip("?"): _type(kind) for name, kind in fields.items()},
        "required": [name for name in fields if not name.endswith("?")],
        "additionalProperties": "..." in shape,
    }


def _type(kind: str) -> dict[str, Any]:
    if kind.endswith("?"):
        return {"anyOf": [_type(kind[:-1]), {"type": "null"}]}
    if kind.startswith("["):
        return {"type": "array", "items": _type(kind[1:-1])}
    if kind == "moment":
        return {"type": "string", "format": "date-time"}
    return {"$ref": f"#/components/schemas/{kind}"} if kind in SHAPES else {"type": kind}
