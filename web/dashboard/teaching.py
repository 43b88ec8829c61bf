"""What nobody could answer, in groups: accepted as FAQ entries or training lines, or dropped.

``python -m nlp.learn`` does the work in a process of its own: the web server knows
no nlp, and the encoder's memory is given back.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from typing import Any, Callable, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from shop.errors import BadValue, Unavailable
from shop.front import Shop
from shop.settings import PREFIX, ROOT, Settings
from web.bodies import read_body
from web.dashboard.answers import ROLES, answer
from web.guard import Guard, refusal

WITHIN_S = 120
LONGEST_BODY = 8192
LONGEST_ANSWER = 1000
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
Run = Callable[[Sequence[str]], str]
"""Runs ``python -m nlp.learn`` with arguments and gives its output; raises BadValue with what it complained of."""


class Teaching:
    """``GET /dashboard/api/unanswered``; ``POST /dashboard/api/unanswered/{number}`` {action, intent | faq, answer}."""

    def __init__(self, shop: Shop, run: Run | None = None) -> None:
        self._shop = shop
        self._run = run or (lambda arguments: learn(shop.settings, arguments))

    def routes(self, guard: Guard) -> list[BaseRoute]:
        """Both routes, for overseers."""
        settle = Route("/dashboard/api/unanswered/{number:int}", guard.allow(*ROLES)(self.settle), methods=["POST"])
        return [Route("/dashboard/api/unanswered", guard.allow(*ROLES)(answer(self.groups))), settle]

    def groups(self, _: Request) -> Any:
        """Groups of messages that ask alike, each with a proposal."""
        rows = []
        for line in self._run(["list", "--json"]).splitlines():
            one = json.loads(line)
            proposal = one.pop("proposal")
            rows.append({**one, "kind": proposal["kind"], "target": proposal["target"], "score": proposal["score"]})
        return {"rows": rows}

    async def settle(self, request: Request) -> Response:
        """Take a group as proposed, or as an intent's lines, or into the FAQ; or drop it."""
        raw = await read_body(request, LONGEST_BODY)
        try:
            arguments = asked(request.path_params["number"], json.loads(raw or b"null"))
            said = await run_in_threadpool(self._run, arguments)
        except ValueError:  # no JSON
            return refusal("bad_value", 400, field="body")
        except BadValue as error:
            return refusal("bad_value", 400, field=str(error.facts.get("field") or ""), said=str(error)[:300])
        except Unavailable:
            return refusal("unavailable", 503)
        agent = request.state.agent
        await run_in_threadpool(self._shop.agents.audit, agent.id, "unanswered", " ".join(arguments[:2]))
        return JSONResponse({"ok": True, "said": said.strip()[:300]})


def asked(number: int, body: Any) -> list[str]:
    """The arguments of ``nlp.learn`` for a request.

    Raises:
        BadValue: a part of it is not what it should be.
    """
    if not isinstance(body, dict) or body.get("action") not in ("take", "drop"):
        raise BadValue("action: give take or drop", field="action")
    arguments = [str(body["action"]), str(number)]
    for name in ("intent", "faq", "of"):
        value = body.get(name)
        if value:
            if not isinstance(value, str) or not NAME.fullmatch(value):
                raise BadValue(f"{name}: give a name of letters, digits, _ and -", field=name)
            arguments.append(f"--{name}={value}")
    words = body.get("answer")
    if words:
        if not isinstance(words, str) or len(words) > LONGEST_ANSWER or "\0" in words:
            raise BadValue(f"answer: give at most {LONGEST_ANSWER} characters", field="answer")
        arguments.append(f"--answer={words}")
    return arguments


def learn(settings: Settings, arguments: Sequence[str]) -> str:
    """Run ``python -m nlp.learn`` over the shop of these settings.

    Raises:
        BadValue: it refused; its last line says why.
        Unavailable: it took too long.
    """
    given = {PREFIX + one.name.upper(): str(getattr(settings, one.name)) for one in fields(settings)}
    environment = {**os.environ, **given, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "nlp.learn", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=WITHIN_S)
    except subprocess.TimeoutExpired as error:
        raise Unavailable("nlp.learn took too long") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BadValue(lines[-1] if lines else "nlp.learn failed", field="group")
    return done.stdout
