"""Bodies of requests, read up to a limit: what is longer is not kept in memory."""

from __future__ import annotations

from starlette.requests import Request

from shop.settings import Settings


async def read_body(request: Request, limit: int) -> bytes | None:
    """A request's body; None as soon as it is longer than ``limit`` bytes, whatever its headers say."""
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > limit:
            return None
    return bytes(raw)


def cors(settings: Settings, request: Request) -> dict[str, str]:
    """Headers that let the shop's own pages (``XIAOER_ALLOWED_ORIGINS``) post from elsewhere; none for others."""
    origin = request.headers.get("origin")
    if origin not in settings.origins:
        return {}
    allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type"}
    return {"Access-Control-Allow-Origin": str(origin), "Vary": "Origin", **allowed}
