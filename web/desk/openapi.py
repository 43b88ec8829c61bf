"""The OpenAPI 3.1 document of the desk's API, written from its rules and shapes."""

from __future__ import annotations

import re
from typing import Any, Sequence

from web.desk.api import PREFIX, Rule
from web.desk.shapes import ANSWERS, SHAPES, schema_of

REFUSALS = {
    "400": "A value has not its form; field says which",
    "401": "Not logged in, or the session has ended",
    "403": "The role may not do this, the talk is a colleague's, or a cookie came without the header X-Xiaoer-Desk: 1",
    "404": "There is no such thing (any more), or it is another customer's",
    "409": "The state has changed meanwhile; error says how",
    "429": "Too many tries; wait",
    "503": "A part of the shop is down; try again later",
}


def document(rules: Sequence[Rule], title: str, socket: str = "") -> dict[str, Any]:
    """The document of the rules; ``socket`` tells the forms of what the websocket carries."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in rules:
        before = "" if rule.path.startswith("/inbox/") else PREFIX
        path = before + re.sub(r"{(\w+):\w+}", r"{\1}", rule.path)
        operation = _operation(rule)
        if rule.path == "/socket":
            operation["description"] += f"\n\n{socket}"
        paths.setdefault(path, {})[rule.method.lower()] = operation
    refusal = {"type": "object", "properties": {"error": {"type": "string"}, "field": {"type": "string"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "security": [{"bearer": []}],
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **{name: schema_of(shape) for name, shape in SHAPES.items()},
                "Refusal": {**refusal, "required": ["error"]},
            },
        },
    }


def _operation(rule: Rule) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": rule.summary,
        "description": f"Roles: {', '.join(rule.roles)}." if rule.roles else "Without a session.",
        "operationId": f"{rule.method.lower()}_{re.sub(r'[^a-z]+', '_', rule.path.lower()).strip('_')}",
        "parameters": [_parameter(name, "path", kind) for name, kind in re.findall(r"{(\w+):?(\w*)}", rule.path)]
        + [_parameter(name, "query", "") for name in rule.query],
        "responses": {**_done(rule), **{code: _refusal(why) for code, why in REFUSALS.items()}},
    }
    if not rule.roles:
        operation["security"] = []
    if rule.takes:
        operation["requestBody"] = {"required": True, "content": {rule.takes: {}}}
    elif rule.fields:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _body(rule)}}}
    return operation


def _done(rule: Rule) -> dict[str, Any]:
    if rule.path == "/socket":
        return {"101": {"description": "Open; each message is a Pushed (components)"}}
    shape = ANSWERS[f"{rule.method} {rule.path}"]
    content = {shape: {}} if isinstance(shape, str) else {"application/json": {"schema": schema_of(shape)}}
    return {"200": {"description": "Done", "content": content}}


def _refusal(why: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Refusal"}
    return {"description": why, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, place: str, kind: str) -> dict[str, Any]:
    schema = {"type": "integer" if kind == "int" else "string"}
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _body(rule: Rule) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {"type": kind.rstrip("?"), **({"items": {}} if kind.startswith("array") else {})}
            for name, kind in rule.fields.items()
        },
        "required": [name for name, kind in rule.fields.items() if not kind.endswith("?")],
        "additionalProperties": False,
    }
