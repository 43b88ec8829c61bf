"""Calls to a platform's HTTP API: tokens cached and renewed once, errors sorted by what helps.

Nothing here logs an address or an error's words: both may hold a token.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Awaitable, Callable, TypeVar

import aiohttp

from shop.shared_values import SharedValues

TIMEOUT_S = 10.0
RENEW_LEASE_S = 15.0
EARLY_S = 300.0
"""Tokens are renewed so long before they end."""
MOST_BYTES = 20 * 1024 * 1024
"""Largest picture or voice that is fetched."""

T = TypeVar("T")
InThread = Callable[..., Awaitable[Any]]
Fetch = Callable[[str], Awaitable[tuple[str, float]]]
"""Asks the platform for a token, told which one it refused (or none); gives it and its life in seconds."""


class NotDelivered(Exception):
    """A message was not taken, or a file not given.

    ``why``: ``retry`` (a fault that passes, or too many calls), ``token`` (the access token is
    not valid), ``quota`` (nothing more until the customer writes), ``staff`` (the platform's own
    staff speaks there now), ``dead`` (never). ``certain`` is False when the platform may have taken it.
    """

    def __init__(
        self, why: str, code: str = "", after_s: float = 0.0, certain: bool = True, detail: Any = None
    ) -> None:
        super().__init__(f"{why} {code}".strip())
        self.detail: dict[str, Any] = detail if isinstance(detail, dict) else {}  # the platform's own JSON
        self.why = why
        self.code = code
        self.after_s = after_s
        self.certain = certain


class TokenCache:
    """One access token, shared by all processes; many who need a new one ask for it once."""

    def __init__(self, key: str, values: SharedValues, fetch: Fetch, in_thread: InThread) -> None:
        self._key = f"token:{key}"
        self._values = values
        self._fetch = fetch
        self._in_thread = in_thread
        self._known = ""
        self._lock = asyncio.Lock()

    async def get(self, bad: str = "") -> str:
        """The token; a new one when there is none, or when the platform refused ``bad``."""
        found = await self._in_thread(self._values.get, self._key)
        if found and found != bad:
            return str(found)
        async with self._lock:
            found = await self._in_thread(self._values.get, self._key)
            if found and found != bad:  # somebody was faster
                return str(found)
            return await self._renewed(bad)

    async def used(self, work: Callable[[str], Awaitable[T]]) -> T:
        """``work(token)``, and once more with a new token when the platform refuses the first.

        Raises:
            NotDelivered: by the work, or by the platform that gives no token; ``retry`` when
                the new token was refused too.
        """
        token = await self.get()
        try:
            return await work(token)
        except NotDelivered as fault:
            if fault.why != "token":
                raise
        token = await self.get(bad=token)
        try:
            return await work(token)
        except NotDelivered as fault:
            raise NotDelivered("retry", fault.code) if fault.why == "token" else fault from None

    async def _renewed(self, bad: str) -> str:
        for _ in range(int(RENEW_LEASE_S / 0.2)):
            if await self._in_thread(self._values.lease, self._key, RENEW_LEASE_S):
                break
            await asyncio.sleep(0.2)  # another process is at it
            found = await self._in_thread(self._values.get, self._key)
            if found and found != bad:
                return str(found)
        try:
            token, life = await self._fetch(bad)
        except BaseException:
            await self._in_thread(self._values.free, self._key)
            raise
        await self._in_thread(self._values.put, self._key, token, max(life - EARLY_S, life / 2))
        return token


class Http:
    """A client for one platform; ``base`` is its address, another one in tests and simulations."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """One call whose answer is JSON.

        Raises:
            NotDelivered: ``retry`` on 5xx, 429, time-outs and broken connections; ``token`` on 401;
                ``dead`` on other refusals.
        """
        raw, _ = await self.raw(method, path, **more)
        try:
            content = json.loads(raw)
        except ValueError:
            raise NotDelivered("retry", "no JSON", certain=False) from None
        return content if isinstance(content, dict) else {}

    async def raw(self, method: str, path: str, **more: Any) -> tuple[bytes, str]:
        """One call; its answer's bytes and content type. Errors as in ``call``."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        address = path if path.startswith("http") else f"{self.base}{path}"
        try:
            async with self._session.request(method, address, allow_redirects=False, **more) as answer:
                if answer.status >= 400:
                    raise _refusal(
                        answer.status, answer.headers.get("Retry-After", ""), await answer.content.read(4096)
                    )
                body = await answer.content.read(MOST_BYTES + 1)
                while len(body) <= MOST_BYTES and (more_bytes := await answer.content.read(MOST_BYTES)):
                    body += more_bytes
                if len(body) > MOST_BYTES:
                    raise NotDelivered("dead", "too large")
                return body, answer.headers.get("Content-Type", "")
        except aiohttp.ClientConnectorError:
            raise NotDelivered("retry", "no connection") from None
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise NotDelivered("retry", type(error).__name__, certain=False) from None

    async def close(self) -> None:
        """End open connections."""
        if self._session is not None:
            await self._session.close()


def picture_form(field: str, picture: bytes, **more: str) -> aiohttp.FormData:
    """A picture (JPEG) as a form's field; one form serves one call."""
    form = aiohttp.FormData()
    for name, value in more.items():
        form.add_field(name, value)
    form.add_field(field, picture, filename="picture.jpg", content_type="image/jpeg")
    return form


def _refusal(status: int, retry_after: str, body: bytes) -> NotDelivered:
    try:
        detail = json.loads(body)
    except ValueError:
        detail = None
    if status == 429:
        return NotDelivered("retry", "429", float(retry_after) if retry_after.isdigit() else 0.0, detail=detail)
    if status >= 500:
        # A gateway's time-out says nothing about what became of the call behind it.
        return NotDelivered("retry", str(status), certain=status not in (502, 504), detail=detail)
    # 401 may be mended by a new token; other refusals stay what they are.
    return NotDelivered("token" if status == 401 else "dead", str(status), detail=detail)
