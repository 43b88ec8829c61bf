"""Ports: whether one is free, and whether a server answers on it."""

from __future__ import annotations

import errno
import http.client
import socket
from dataclasses import dataclass

from shop.settings import PREFIX, Settings


@dataclass(frozen=True)
class Server:
    """One of the three servers: its name in the Procfile, its setting, and a path that answers when it is ready."""

    name: str
    setting: str
    port: int
    path: str


def servers(settings: Settings) -> list[Server]:
    """The three servers under these settings."""
    return [
        Server("rasa", "rasa_port", settings.rasa_port, "/webhooks/rest/"),  # 503 without a model
        Server("actions", "action_port", settings.action_port, "/health"),
        Server("web", "web_port", settings.web_port, "/"),
    ]


def host_of(server: Server, settings: Settings) -> str:
    """The address that a server listens on."""
    return settings.action_host if server.name == "actions" else settings.bind_host


def reach(host: str) -> str:
    """The address to call a server at that listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


def port_problem(server: Server, host: str) -> str | None:
    """Why the server could not listen there, as a sentence with its mend; None when it could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    key = PREFIX + server.setting.upper()
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, server.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"Port {server.port} on {host} is taken by another program, and the {server.name} server needs "
                    f"it. Choose another: {key}={server.port + 1} make run (or write that setting into .env)."
                )
            return (
                f"The {server.name} server cannot listen on {host}, port {server.port}: {error.strerror}. "
                f"Change {PREFIX}BIND_HOST or {key}."
            )
        except OverflowError:
            return f"{key}={server.port}: a port is a number from 1 to 65535."
    return None


def answers(host: str, server: Server, timeout_s: float = 2.0) -> bool:
    """Whether the server answers a request now."""
    connection = http.client.HTTPConnection(reach(host), server.port, timeout=timeout_s)
    try:
        connection.request("GET", server.path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
