"""The API's part about the team: who is there, canned replies, tickets, the audit log."""

from __future__ import annotations

from collections import Counter
from typing import Any

from shop.agents import GROUPS, ROLES, STATUSES
from shop.errors import BadValue
from shop.handoff_rows import serves
from web.desk.api import EVERYBODY, OVERSEERS, Call, Forbidden, Rule
from web.desk.login import agent_json

ADMIN = ("admin",)


def me(call: Call) -> Any:
    """Who is logged in."""
    settings = call.shop.settings
    return {
        "agent": agent_json(call.agent),
        "shop": settings.shop_name,
        "groups": list(GROUPS),
        "roles": list(ROLES),
        "auto_assign": settings.auto_assign,
    }


def set_status(call: Call) -> Any:
    """Be online, away, offline."""
    if call.body["status"] not in STATUSES:
        raise BadValue(f"status: give one of {', '.join(STATUSES)}", field="status")
    return {"agent": agent_json(call.shop.agents.set_status(call.agent.id, call.body["status"]))}


def team(call: Call) -> Any:
    """The team; overseers also see load and logins."""
    load = Counter(one.agent_id for one in call.shop.handoffs.with_agents())
    everybody = call.shop.agents.all(active_only=call.agent.role != "admin")
    return {
        "agents": [
            {**agent_json(one), "load": load.get(one.id, 0), "is_active": one.is_active}
            if call.oversees
            else {"id": one.id, "name": one.name, "status": one.status, "groups": list(one.groups)}
            for one in everybody
        ]
    }


def add_agent(call: Call) -> Any:
    """Make an agent."""
    body = call.body
    made = call.shop.agents.add(
        body["login"], body["name"], body["password"], body.get("role", "agent"), body.get("groups") or ["any"],
        body.get("capacity") or 5,
    )  # fmt: skip
    call.shop.agents.audit(call.agent.id, "add_agent", f"agent:{made.id}", role=made.role)
    return {"agent": agent_json(made)}


def change_agent(call: Call) -> Any:
    """Change an agent."""
    agent_id = _id(call)
    values = {key: one for key, one in call.body.items() if one is not None}
    changed = call.shop.agents.change(agent_id, **values)
    call.shop.agents.audit(call.agent.id, "change_agent", f"agent:{agent_id}", fields=sorted(values))
    return {"agent": agent_json(changed)}


def revoke(call: Call) -> Any:
    """End all sessions of an agent."""
    ended = call.shop.agents.revoke(_id(call))
    call.shop.agents.audit(call.agent.id, "revoke", f"agent:{_id(call)}", sessions=ended)
    return {"ended": ended}


def audit(call: Call) -> Any:
    """Who saw or changed what."""
    return {"lines": call.shop.agents.audit_log(call.number("limit", 100, 500), call.number("before", 0) or None)}


def canned(call: Call) -> Any:
    """Canned replies that fit q."""
    return {"replies": call.shop.desk.canned(call.agent.id, call.query.get("q", ""))}


def keep_canned(call: Call) -> Any:
    """Keep a reply ready; shared: overseers only."""
    shared = bool(call.body.get("shared")) and call.oversees
    body = call.body
    owner = None if shared else call.agent.id
    return {"id": call.shop.desk.keep_canned(body["shortcut"], body["title"], body["text"], owner)}


def drop_canned(call: Call) -> Any:
    """Forget a canned reply."""
    call.shop.desk.drop_canned(_id(call), None if call.oversees else call.agent.id)
    return {"ok": True}


def tickets(call: Call) -> Any:
    """Messages left for the agent's groups: state=open|done."""
    groups = ("any",) if call.oversees else call.agent.groups
    return {"tickets": call.shop.tickets.all("done" if call.query.get("state") == "done" else "open", groups=groups)}


def _ticket(call: Call) -> int:
    """The ticket of the path, if it is for a group of the agent's, or the agent oversees.

    Raises:
        Forbidden: it is not.
        NotFound: there is none.
    """
    number = _id(call)
    if not serves(call.agent.groups, call.shop.tickets.group(number)) and not call.oversees:
        raise Forbidden
    return number


def settle(call: Call) -> Any:
    """Mark a ticket as done."""
    return {"ticket": call.shop.tickets.settle(_ticket(call), call.agent.id, call.body.get("outcome") or "")}


def ticket_phone(call: Call) -> Any:
    """The phone to call back; written into the audit log."""
    number = _ticket(call)
    phone = call.shop.tickets.phone(number)
    call.shop.agents.audit(call.agent.id, "reveal_phone", f"ticket:{number}")
    return {"phone": phone}


def erase(call: Call) -> Any:
    """Forget a customer for good; written into the audit log by the customer's number alone."""
    talks = call.shop.erasure.customer(_id(call), bool(call.body.get("open_orders")))
    call.shop.agents.audit(call.agent.id, "erase_customer", f"customer:{_id(call)}", talks=talks)
    return {"talks": talks}


def _id(call: Call) -> int:
    return int(call.params["id"])


_AGENT = {"name": "string?", "role": "string?", "groups": "array?", "capacity": "integer?", "password": "string?"}
RULES = [
    Rule("GET", "/me", me, "Who is logged in"),
    Rule("POST", "/me/status", set_status, f"Be {', '.join(STATUSES)}", EVERYBODY, {"status": "string"}),
    Rule("GET", "/agents", team, "The team; overseers also see load and logins"),
    Rule("POST", "/agents", add_agent, "Make an agent", ADMIN,
         {**_AGENT, "login": "string", "name": "string", "password": "string"}),
    Rule("PATCH", "/agents/{id:int}", change_agent, "Change an agent", ADMIN, {**_AGENT, "is_active": "boolean?"}),
    Rule("POST", "/agents/{id:int}/revoke", revoke, "End all sessions of an agent", ADMIN),
    Rule("GET", "/audit", audit, "Who saw or changed what", OVERSEERS, query=("limit", "before")),
    Rule("GET", "/canned", canned, "Canned replies that fit q", query=("q",)),
    Rule("POST", "/canned", keep_canned, "Keep a reply ready; shared: overseers only", EVERYBODY,
         {"shortcut": "string", "title": "string", "text": "string", "shared": "boolean?"}),
    Rule("DELETE", "/canned/{id:int}", drop_canned, "Forget a canned reply"),
    Rule("GET", "/tickets", tickets, "Messages left for the agent's groups: state=open|done", query=("state",)),
    Rule("POST", "/tickets/{id:int}/settle", settle, "Mark a ticket as done", EVERYBODY, {"outcome": "string?"}),
    Rule("POST", "/customers/{id:int}/erase", erase, "Forget a customer, words, pictures and data, for good", ADMIN,
         {"open_orders": "boolean?"}),
    Rule("POST", "/tickets/{id:int}/phone", ticket_phone, "The phone to call back; written into the audit log"),
]  # fmt: skip
