"""The API's part about talks: lists, words, and the steps between bot, queue and people."""

from __future__ import annotations

import re
from typing import Any

from shop.agents import GROUPS
from shop.entities import StoredMessage
from shop.errors import BadValue, NotFound
from shop.handoffs import CLOSE_REASONS
from shop.talk_lists import talk, talks
from web.desk.api import EVERYBODY, OVERSEERS, Call, Forbidden, Rule

TEXT_LIMIT = 2000
CARD_TYPES = ("products", "orders")


def message_json(message: StoredMessage) -> dict[str, Any]:
    """A message as the desk shows it."""
    return {
        **message.body,
        "id": message.id,
        "direction": message.direction,
        "at": message.at.isoformat(),
        "mood": message.mood,
        "anger": message.anger,
    }


def seen_talk(call: Call) -> dict[str, Any]:
    """The talk of the path, if the agent may see it.

    Raises:
        Forbidden: they may not.
        NotFound: there is none.
    """
    sender_id = call.params["sender"]
    found = talk(call.shop, call.agent, sender_id)
    if found is not None:
        return found
    if call.shop.messages.channel(sender_id) is None:
        raise NotFound("there is no such talk")
    raise Forbidden


def own_talk(call: Call) -> dict[str, Any]:
    """The talk of the path, if it is the agent's own now, or the agent oversees.

    Raises:
        Forbidden: it is not.
        NotFound: there is none.
    """
    found = seen_talk(call)
    if found["handoff_id"] is None or not (found["agent_id"] == call.agent.id or call.oversees):
        raise Forbidden
    return found


def list_talks(call: Call) -> Any:
    """Talks: list=mine|queue|all."""
    which = call.query.get("list", "mine")
    if which not in ("mine", "queue", "all"):
        raise BadValue("list: give mine, queue or all", field="list")
    return {"talks": talks(call.shop, call.agent, which, call.number("limit", 100, 200))}


def open_talk(call: Call) -> Any:
    """One talk with its latest messages and its notes."""
    found = seen_talk(call)
    messages = call.shop.messages.history(found["sender_id"], 0, 50)
    return {
        "talk": found,
        "messages": [message_json(one) for one in messages],
        "notes": call.shop.desk.notes(found["sender_id"]),
    }


def messages(call: Call) -> Any:
    """Messages after or before an id."""
    sender_id = seen_talk(call)["sender_id"]
    before = call.number("before", 0)
    if before:
        found = call.shop.messages.before(sender_id, before, call.number("limit", 50, 100))
    else:
        found = call.shop.messages.history(sender_id, call.number("after", 0), call.number("limit", 50, 200))
    return {"messages": [message_json(one) for one in found]}


def say(call: Call) -> Any:
    """Say something; client_id makes a repetition harmless."""
    found = seen_talk(call)
    if found["state"] == "agent" and found["agent_id"] != call.agent.id:
        raise Forbidden  # an overseer takes the talk over first, so that the customer knows who speaks
    text = (call.body.get("text") or "").strip()
    if len(text) > TEXT_LIMIT:
        raise BadValue(f"text: give at most {TEXT_LIMIT} characters", field="text")
    body: dict[str, Any] = {"text": text} if text else {}
    pictures = [one for one in call.body.get("attachments") or [] if isinstance(one, str)][:6]
    for one in pictures:
        call.shop.uploads.get(one, found["sender_id"])
    if pictures:
        body["attachments"] = pictures
    if call.body.get("card"):
        body["custom"] = card_of(call, found, call.body["card"])
    if not body:
        raise BadValue("text: say something", field="text")
    if call.body.get("canned_id"):
        call.shop.desk.used_canned(call.body["canned_id"])
    said = call.shop.desk.speak(found["sender_id"], call.agent, body, call.body.get("client_id"))
    return {"message": message_json(said)}


def card_of(call: Call, found: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """A card of the shop's own facts: the desk names products or orders, never what stands on them."""
    from web.desk.cards import order_cards, product_cards

    codes = [str(one)[:40] for one in asked.get("codes") or [] if isinstance(one, (str, int))][:6]
    if asked.get("type") == "products":
        items = product_cards(call.shop, codes)
    elif asked.get("type") == "orders":
        items = order_cards(call.shop, customer_of(call, found["sender_id"]), codes)
    else:
        raise BadValue(f"card.type: give one of {CARD_TYPES}", field="card")
    if not items:
        raise NotFound("there is nothing to show on the card")
    return {"type": asked["type"], "items": items}


def customer_of(call: Call, sender_id: str) -> int:
    """The customer of a talk.

    Raises:
        NotFound: the talk has not proved whose it is.
    """
    identity = call.shop.identity
    found = identity.owner(sender_id) or identity.who(sender_id)
    if found is None:
        raise NotFound("the talk has not proved whose it is")
    return found


def accept(call: Call) -> Any:
    """Take a waiting talk."""
    found = seen_talk(call)
    if found["handoff_id"] is None:
        raise NotFound("the customer does not wait any more")
    call.shop.handoffs.accept(found["handoff_id"], call.agent.name, call.agent.id)
    return {"talk": talk(call.shop, call.agent, found["sender_id"])}


def take_over(call: Call) -> Any:
    """Take a talk from the bot; overseers: from a colleague (barge in)."""
    found = seen_talk(call)
    if found["state"] == "agent" and found["agent_id"] != call.agent.id and not call.oversees:
        raise Forbidden
    identity = call.shop.identity
    customer = identity.owner(found["sender_id"]) or identity.who(found["sender_id"])
    call.shop.handoffs.take_over(found["sender_id"], call.agent.name, call.agent.id, customer)
    if found["state"] == "agent" and found["agent_id"] != call.agent.id:
        call.shop.agents.audit(call.agent.id, "barge_in", f"talk:{found['handoff_id']}")
    return {"talk": talk(call.shop, call.agent, found["sender_id"])}


def give_back(call: Call) -> Any:
    """Give a talk back to the bot."""
    found = own_talk(call)
    call.shop.handoffs.close(found["handoff_id"], "back", by=call.agent.id)
    return {"talk": talk(call.shop, call.agent, found["sender_id"])}


def close(call: Call) -> Any:
    """End a talk; reason: solved, unsolved, no_answer, spam, other."""
    found = own_talk(call)
    reason = call.body["reason"]
    if reason not in CLOSE_REASONS:
        raise BadValue(f"reason: give one of {', '.join(CLOSE_REASONS)}", field="reason")
    tags = [one for one in call.body.get("tags") or [] if isinstance(one, str) and one.strip()]
    call.shop.handoffs.close(found["handoff_id"], reason, tags, by=call.agent.id)
    return {"talk": talk(call.shop, call.agent, found["sender_id"])}


def transfer(call: Call) -> Any:
    """Give a talk to an agent or into a group's queue."""
    found = own_talk(call)
    agent_id, group = call.body.get("agent_id"), call.body.get("group")
    if (agent_id is None) == (group is None):
        raise BadValue("give an agent_id or a group", field="agent_id")
    if call.body.get("note"):
        call.shop.desk.note(found["sender_id"], call.agent.id, call.body["note"], [agent_id] if agent_id else [])
    if agent_id is not None:
        call.shop.handoffs.transfer(found["handoff_id"], agent_id, by=call.agent.id)
    elif group in GROUPS:
        call.shop.handoffs.to_group(found["handoff_id"], group, by=call.agent.id)
    else:
        raise BadValue(f"group: give one of {', '.join(GROUPS)}", field="group")
    return {"ok": True}


def note(call: Call) -> Any:
    """Write a note that no customer sees."""
    found = seen_talk(call)
    return {
        "note": call.shop.desk.note(found["sender_id"], call.agent.id, call.body["text"], call.body.get("mentions"))
    }


def _noted(call: Call, sender_id: str, mentions: Any, kind: str) -> dict[str, Any]:
    return call.shop.desk.note(sender_id, call.agent.id, call.body["text"], mentions, kind)


def whisper(call: Call) -> Any:
    """Whisper to the talk's agent."""
    found = seen_talk(call)
    mentions = [found["agent_id"]] if found["agent_id"] else []
    return {"note": _noted(call, found["sender_id"], mentions, "whisper")}


def typing(call: Call) -> Any:
    """Show the customer that the agent types."""
    found = seen_talk(call)
    if found["agent_id"] == call.agent.id:
        call.shop.signals.send(found["sender_id"], "typing", {"by": "agent", "name": call.agent.name})
    return {"ok": True}


def read(call: Call) -> Any:
    """Show the customer how far the agent has read."""
    found = seen_talk(call)
    if found["agent_id"] == call.agent.id:
        call.shop.signals.send(found["sender_id"], "read", {"by": "agent", "id": call.body["id"]})
    return {"ok": True}


def picture(call: Call) -> Any:
    """A picture of the talk."""
    from starlette.responses import FileResponse

    if not re.fullmatch(r"[0-9a-f]{32}", call.params["upload"]):
        raise NotFound("there is no such upload")
    path = call.shop.uploads.path(call.params["upload"], seen_talk(call)["sender_id"])
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type="image/jpeg", headers=headers)


def erase(call: Call) -> Any:
    """Forget one talk for good; the audit log tells of it without whose it was."""
    found = seen_talk(call)
    call.shop.erasure.talk(found["sender_id"])
    call.shop.agents.audit(call.agent.id, "erase_talk", f"talk:{found['handoff_id'] or '-'}", channel=found["channel"])
    return {"ok": True}


_TALK = "/talks/{sender}"
RULES = [
    Rule("GET", "/talks", list_talks, "Talks: list=mine|queue|all", query=("list", "limit")),
    Rule("GET", _TALK, open_talk, "One talk with its latest messages and its notes"),
    Rule("GET", f"{_TALK}/messages", messages, "Messages after or before an id", query=("after", "before", "limit")),
    Rule("POST", f"{_TALK}/messages", say, "Say something; client_id makes a repetition harmless", EVERYBODY,
         {"text": "string?", "attachments": "array?", "card": "object?", "client_id": "string?",
          "canned_id": "integer?"}),
    Rule("POST", f"{_TALK}/accept", accept, "Take a waiting talk"),
    Rule("POST", f"{_TALK}/take_over", take_over, "Take a talk from the bot; overseers: from a colleague (barge in)"),
    Rule("POST", f"{_TALK}/give_back", give_back, "Give a talk back to the bot"),
    Rule("POST", f"{_TALK}/close", close, f"End a talk; reason: {', '.join(CLOSE_REASONS)}", EVERYBODY,
         {"reason": "string", "tags": "array?"}),
    Rule("POST", f"{_TALK}/transfer", transfer, "Give a talk to an agent or into a group's queue", EVERYBODY,
         {"agent_id": "integer?", "group": "string?", "note": "string?"}),
    Rule("POST", f"{_TALK}/notes", note, "Write a note that no customer sees", EVERYBODY,
         {"text": "string", "mentions": "array?"}),
    Rule("POST", f"{_TALK}/whisper", whisper, "Whisper to the talk's agent", OVERSEERS, {"text": "string"}),
    Rule("POST", f"{_TALK}/typing", typing, "Show the customer that the agent types"),
    Rule("POST", f"{_TALK}/read", read, "Show the customer how far the agent has read", EVERYBODY, {"id": "integer"}),
    Rule("POST", f"{_TALK}/erase", erase, "Forget a talk, words, pictures and notes, for good", ("admin",)),
    Rule("GET", f"{_TALK}/pictures/{{upload}}", picture, "A picture of the talk"),
]  # fmt: skip
