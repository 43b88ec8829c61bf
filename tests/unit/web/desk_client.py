"""The desk's API as one agent; every answer must be one that the OpenAPI document describes."""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from shop.front import Shop
from shop.models import Agent
from web.desk.api import PREFIX
from web.desk.desk import DESCRIBED
from web.desk.openapi import document

DOCUMENT = document(DESCRIBED, "Xiaoer desk")


def fits(value: Any, schema: dict[str, Any]) -> None:
    """Fail where a value is not of a schema of the document."""
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def route_of(method: str, path: str) -> str:
    """The document's path of an address."""
    for template, methods in DOCUMENT["paths"].items():
        if method.lower() in methods and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            return str(template)
    raise AssertionError(f"{method} {path} stands not in the document")


class Api:
    """The API as one agent; ``done`` are the routes that answered with 200."""

    def __init__(
        self, shop: Shop, client: TestClient, login: str, role: str = "agent", groups: tuple[str, ...] = ("any",)
    ) -> None:
        with shop.database.change() as session:  # a password's hash takes its time, and is not the matter here
            row = Agent(login=login, name=login, password_hash="none", role=role, groups=list(groups))
            session.add(row)
            session.flush()
            made = row.id
        self.agent = shop.agents.get(made)
        self.client = client
        self.headers = {"Authorization": f"Bearer {shop.agents.open_session(made)}"}
        self.done: set[str] = set()

    def __call__(self, route: str, body: Any = None, raw: bytes | None = None, **params: Any) -> Any:
        method, _, path = route.partition(" ")
        given = {"content": raw} if raw is not None else {"json": body}
        answer = self.client.request(method, PREFIX + path, headers=self.headers, params=params, **given)
        known = route_of(method, PREFIX + path)
        told = DOCUMENT["paths"][known][method.lower()]["responses"][str(answer.status_code)]
        ((kind, content),) = told["content"].items()
        assert answer.headers["content-type"] == kind
        if kind == "application/json":
            fits(answer.json(), content["schema"])
        if answer.status_code == 200:
            self.done.add(f"{method.lower()} {known}")
        return answer
