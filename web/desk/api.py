"""How the desk's API is made: a table of rules, one runner, one document.

A rule says method, path, roles, fields, and which plain function answers. The
runner checks the session and the body, calls the function in a thread, and turns
the services' errors into answers of one form, ``{"error": name, …}``. The
OpenAPI document is written from the same table (``web.desk.openapi``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shop import errors
from shop.entities import AgentView
from shop.front import Shop
from web.desk.login import read_json
from web.guard import Guard, refusal

PREFIX = "/desk/api"
EVERYBODY = ("agent", "supervisor", "admin")
OVERSEERS = ("supervisor", "admin")
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Forbidden(Exception):
    """The agent may not do this to this talk."""


@dataclass(frozen=True)
class Call:
    """A checked request."""

    shop: Shop
    agent: AgentView
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]

    @property
    def oversees(self) -> bool:
        """Whether the agent may look into everybody's talks."""
        return self.agent.role in OVERSEERS

    def number(self, name: str, default: int, most: int = 2**31 - 1) -> int:
        """A whole number of the query."""
        try:
            return max(0, min(most, int(self.query.get(name, default))))
        except ValueError:
            return default


Answer = Callable[[Call], Any]


@dataclass(frozen=True)
class Rule:
    """One route; ``fields`` are the body's: name → type, ``?`` for one that may lack; ``takes`` a type of raw bytes."""

    method: str
    path: str
    answer: Answer
    summary: str
    roles: tuple[str, ...] = EVERYBODY
    fields: Mapping[str, str] = field(default_factory=dict)
    query: tuple[str, ...] = ()
    takes: str = ""


def routes_of(shop: Shop, guard: Guard, rules: list[Rule]) -> list[Route]:
    """The rules as routes behind the guard."""
    return [
        Route(PREFIX + rule.path, guard.allow(*rule.roles)(_runner(shop, rule)), methods=[rule.method])
        for rule in rules
    ]


def _runner(shop: Shop, rule: Rule) -> Callable[[Request], Any]:
    async def run(request: Request) -> Response:
        body: dict[str, Any] | None = {}
        if rule.method != "GET":
            body = await read_json(request)
            wrong = "body" if body is None else wrong_field(rule, body)
            if wrong is not None:
                return refusal("bad_value", 400, field=wrong)
        assert body is not None
        call = Call(shop, request.state.agent, request.path_params, request.query_params, body)
        return await run_in_threadpool(answered, rule, call)

    return run


def answered(rule: Rule, call: Call) -> Response:
    """A rule's answer, or the refusal that its error means."""
    try:
        result = rule.answer(call)
    except Forbidden:
        return refusal("forbidden", 403)
    except errors.ShopError as error:
        return refused(error)
    return result if isinstance(result, Response) else JSONResponse(result)


def refused(error: errors.ShopError) -> JSONResponse:
    """An error of the services as the API tells it; facts that are plain values go along."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    status = 409
    for kind, number in (
        (errors.NotFound, 404),
        (errors.NotIdentified, 409),
        (errors.TooManyTries, 429),
        (errors.BadValue, 400),
        (errors.BadToken, 401),
        (errors.Unavailable, 503),
    ):
        if isinstance(error, kind):
            status = number
            break
    facts = {key: one for key, one in error.facts.items() if isinstance(one, (str, int, bool)) and key != "error"}
    return refusal(name, status, **facts)


def wrong_field(rule: Rule, body: dict[str, Any]) -> str | None:
    """The first field that is missing, of the wrong type, or unknown; None when all are right."""
    for name, kind in rule.fields.items():
        value = body.get(name)
        if value is None:
            if not kind.endswith("?"):
                return name
        elif not isinstance(value, TYPES[kind.rstrip("?")]) or (isinstance(value, bool) and kind[:7] == "integer"):
            return name
    return next((name for name in body if name not in rule.fields), None)
