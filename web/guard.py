"""Who may call a route of the desk or the dashboard.

    guard = Guard(shop)
    Route("/dashboard/api/rates", guard.allow("supervisor", "admin")(rates))
    Route("/dashboard/", guard.page("supervisor", "admin")(page))

``allow`` is for data: without a session it answers 401, to another role 403.
``page`` is for pages: without a session it leads to the login and back. The
handler finds the agent as ``request.state.agent`` (``shop.entities.AgentView``).

The session's token comes in the cookie ``xiaoer_agent`` (HttpOnly, SameSite
Strict) or as ``Authorization: Bearer``. A request by cookie that changes
something must carry the header ``X-Xiaoer-Desk: 1``: no foreign page can send
it without our leave.
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from shop.agents import ROLES
from shop.entities import AgentView
from shop.errors import BadToken
from shop.front import Shop

COOKIE = "xiaoer_agent"
HEADER = "X-Xiaoer-Desk"
LOGIN_PAGE = "/desk/login"
SAFE = {"GET", "HEAD", "OPTIONS"}

Handler = Callable[[Request], Awaitable[Response]]
Wrapper = Callable[[Handler], Handler]
Refused = Callable[[Request, AgentView | None], Response | None]
"""The answer to a request that may not go on; None when it may."""


class Guard:
    """Lets agents of the right role through."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def allow(self, *roles: str) -> Wrapper:
        """Wrap a handler of data so that only these roles reach it."""

        def refused(request: Request, agent: AgentView | None) -> Response | None:
            if agent is None:
                return refusal("not_logged_in", 401)
            if agent.role not in roles:
                return refusal("forbidden", 403)
            if by_cookie(request) and request.method not in SAFE and request.headers.get(HEADER) != "1":
                return refusal("header_missing", 403)
            return None

        return self._unless(refused, roles)

    def page(self, *roles: str) -> Wrapper:
        """Wrap a handler of a page: who is not logged in is led to the login and back."""

        def refused(request: Request, agent: AgentView | None) -> Response | None:
            if agent is not None and agent.role in roles:
                return None
            why = "" if agent is None else "&why=forbidden"
            target = quote(request.url.path, safe="/")
            return RedirectResponse(f"{LOGIN_PAGE}?next={target}{why}", status_code=303)

        return self._unless(refused, roles)

    def _unless(self, refused: Refused, roles: tuple[str, ...]) -> Wrapper:
        """Wrap a handler that runs, with the agent in the request's state, unless there is a refusal."""
        if not roles or set(roles) - set(ROLES):
            raise ValueError(f"roles {roles!r}: give some of {ROLES}")

        def wrap(handler: Handler) -> Handler:
            async def guarded(request: Request) -> Response:
                agent = await self.agent(request)
                instead = refused(request, agent)
                if instead is not None:
                    return instead
                request.state.agent = agent
                answer = await handler(request)
                answer.headers.setdefault("Cache-Control", "no-store")
                return answer

            return guarded

        return wrap

    async def agent(self, connection: HTTPConnection) -> AgentView | None:
        """The agent whose session a request or a socket shows; None without one."""
        return await run_in_threadpool(self._agent, token_of(connection))

    def _agent(self, token: str | None) -> AgentView | None:
        if token is None:
            return None
        try:
            return self._shop.agents.who(token)
        except BadToken:
            return None


def token_of(connection: HTTPConnection) -> str | None:
    """The session's token that a request carries, in its header or else its cookie."""
    return _bearer(connection) or connection.cookies.get(COOKIE)


def by_cookie(connection: HTTPConnection) -> bool:
    """Whether a request shows no token in its header: a foreign page's carry our cookies, but no such header."""
    return not _bearer(connection)


def refusal(name: str, status: int, **facts: Any) -> JSONResponse:
    """An error of the API: a name that programs read; pages have the sentence for it."""
    return JSONResponse({"error": name, **facts}, status_code=status, headers={"Cache-Control": "no-store"})


def _bearer(connection: HTTPConnection) -> str:
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
