"""Reading what a client sends, no more than is wanted."""

from __future__ import annotations

from sanic.request import Request


async def read_body(request: Request, limit: int) -> bytes | None:
    """The body of a streamed request; None when it is over the limit.

    What is over the limit is read too, so that the answer arrives, and dropped.
    """
    parts: list[bytes] = []
    size = 0
    while part := await request.stream.read():
        size += len(part)
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
    return b"".join(parts) if size <= limit else None
