"""Bodies of requests, read up to a limit: what is longer is not kept in memory."""

from __future__ import annotations

from starlette.requests import Request


async def read_body(request: Request, limit: int) -> bytes | None:
    """A request's body; None as soon as it is longer than ``limit`` bytes, whatever its headers say."""
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > limit:
            return None
    return bytes(raw)
