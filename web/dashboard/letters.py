"""Dead letters of the messengers: what could not be delivered, why, and once more."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from shop.channel_views import DeadLetter
from shop.front import Shop
from shop.privacy import mask_text
from web.dashboard.answers import ROLES, answer
from web.guard import Guard, refusal

SHOWN = 80


class Letters:
    """``GET /dashboard/api/letters`` and ``POST /dashboard/api/letters/{id}/revive``."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def routes(self, guard: Guard) -> list[BaseRoute]:
        """Both routes, for overseers."""
        revive = Route("/dashboard/api/letters/{id:int}/revive", guard.allow(*ROLES)(self.revive), methods=["POST"])
        return [Route("/dashboard/api/letters", guard.allow(*ROLES)(answer(self.list))), revive]

    def list(self, _: Request) -> Any:
        """Dead letters, newest first, and how many messages of each channel are in which state."""
        counts = self._shop.outbox.counts()
        return {
            "rows": [_row(one) for one in self._shop.outbox.dead_letters(200)],
            "counts": [{"channel": channel, **states} for channel, states in sorted(counts.items())],
        }

    async def revive(self, request: Request) -> Response:
        """Send one once more; the audit log says who did so."""
        letter_id = int(request.path_params["id"])
        if letter_id >= 2**31 or not await run_in_threadpool(self._shop.outbox.revive, letter_id):
            return refusal("not_found", 404)
        agent = request.state.agent
        await run_in_threadpool(self._shop.agents.audit, agent.id, "letter_revived", str(letter_id))
        return JSONResponse({"ok": True})


def _row(letter: DeadLetter) -> dict[str, Any]:
    text = " ".join(str(one.get("text") or "") for one in letter.bodies)
    return {
        "id": letter.id,
        "channel": letter.channel,
        "sender_id": letter.sender_id,
        "origin": letter.origin,
        "text": mask_text(" ".join(text.split()))[:SHOWN],
        "error": letter.error,
        "at": letter.at.isoformat(),
        "ended_at": None if letter.ended_at is None else letter.ended_at.isoformat(),
    }
