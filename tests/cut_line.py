"""A network that a test can cut: a TCP relay before a server."""

from __future__ import annotations

import asyncio
import threading

CHUNK = 65536


class CutLine:
    """Relays a port of its own to another one until ``cut``; use as a context manager.

    While it is cut nothing passes and nobody is told, as on a broken network: open
    connections hang, new ones are taken and hang too. ``mend`` ends all of them, as
    a router does that has forgotten them, and lets new ones through.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> CutLine:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    @property
    def address(self) -> str:
        """The relay as browsers see it."""
        return f"http://localhost:{self.port}"

    def cut(self) -> None:
        """Nothing passes from now on."""
        self._do(self._shut())

    def mend(self) -> None:
        """Connections of before are gone; new ones pass."""
        self._do(self._reopen())

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)  # type: ignore[arg-type]

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._open.set()

    async def _end(self) -> None:
        self._server.close()
        await self._reopen()

    async def _shut(self) -> None:
        self._open.clear()

    async def _reopen(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._open.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        await self._open.wait()
        if writer.transport.is_closing():
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(far_writer)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(CHUNK):
                await self._open.wait()
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.transport.abort() if not self._open.is_set() else target.close()
