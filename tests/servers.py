"""Real servers for tests, each started on a free port in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

_GIVEN: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on now, that no connection gets by itself, and that was not given before."""
    while True:
        port = 10_000 + secrets.randbelow(22_000)  # Linux gives connections those from 32,768 on
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            if port not in _GIVEN:
                _GIVEN.add(port)
                return port


def postgres_bin() -> Path | None:
    """The folder of PostgreSQL's own programs, the newest if several; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


class PostgresServer:
    """A throw-away PostgreSQL: fast, not durable, reachable from this machine only.

    PostgreSQL refuses to run as root, so root runs it as the user ``postgres``
    that Debian's package makes.
    """

    def __init__(self) -> None:
        folder = postgres_bin()
        if folder is None:
            raise FileNotFoundError("PostgreSQL's initdb is missing: apt-get install postgresql")
        self._bin = folder
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="xiaoer-pg-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> PostgresServer:
        """Make the cluster, start the server, and wait until it answers."""
        if self._user:
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        initdb = [self._bin / "initdb", "-D", data, "-U", "xiaoer", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        made = subprocess.run([str(one) for one in initdb], capture_output=True, text=True, **self._as_user())
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr[-500:]}")
        return self.resume()

    def resume(self) -> PostgresServer:
        """Start the server (again) on what is there, and wait until it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "60",
            "shared_buffers": "32MB",
            "autovacuum": "off",
        }
        command = [str(self._bin / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        log = open(self._folder / "log", "ab")  # noqa: SIM115 - lives as long as the server
        self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as_user())
        self._wait()
        return self

    def address(self, database: str = "postgres") -> str:
        """The SQLAlchemy address of one of its databases."""
        return f"postgresql+psycopg2://xiaoer@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str) -> None:
        """Run one statement outside of any transaction, such as CREATE DATABASE."""
        import psycopg2

        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="xiaoer", dbname="postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def halt(self) -> None:
        """End the server and keep its rows: open connections are cut, as in an outage."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=30)

    def stop(self) -> None:
        """End the server and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing here is worth a checkpoint
            self._process.wait(timeout=30)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _as_user(self) -> dict[str, object]:
        place = {"cwd": self._folder, "stdin": subprocess.DEVNULL}
        return {**place, "user": self._user, "env": {**os.environ, "HOME": str(self._folder)}} if self._user else place

    def _wait(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.run("SELECT 1")
                return
            except Exception as error:
                assert self._process is not None
                if time.monotonic() > deadline or self._process.poll() is not None:
                    log = (self._folder / "log").read_text(errors="replace")[-800:]
                    raise RuntimeError(f"PostgreSQL did not start: {error}\n{log}") from error
                time.sleep(0.05)
