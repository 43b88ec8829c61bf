"""Ports: a taken one is said plainly, a server that answers is found."""

from __future__ import annotations

import http.server
import socket
import threading
from dataclasses import replace
from typing import Iterator

import pytest

from deploy.ports import Server, answers, port_problem, servers
from shop.settings import Settings


@pytest.fixture
def listening() -> Iterator[Server]:
    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"/": 200, "/missing": 404}.get(self.path, 500))
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Server("web", "web_port", server.server_port, "/")
    server.shutdown()
    server.server_close()


def test_a_taken_port_is_said_with_the_setting_that_changes_it(listening: Server):
    problem = port_problem(listening, "127.0.0.1")
    assert problem is not None
    assert f"Port {listening.port} on 127.0.0.1 is taken" in problem
    assert f"XIAOER_WEB_PORT={listening.port + 1}" in problem


def test_a_free_port_is_no_problem():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    assert port_problem(Server("web", "web_port", port, "/"), "127.0.0.1") is None


def test_an_address_of_another_machine_is_said_as_such():
    problem = port_problem(Server("web", "web_port", 0, "/"), "192.0.2.1")
    assert problem is not None
    assert "XIAOER_BIND_HOST" in problem


def test_a_port_that_is_no_port_is_said_as_such():
    problem = port_problem(Server("web", "web_port", 70000, "/"), "127.0.0.1")
    assert problem == "XIAOER_WEB_PORT=70000: a port is a number from 1 to 65535."


def test_a_server_answers_when_it_gives_any_page_that_is_no_error_of_its_own(listening: Server):
    assert answers("127.0.0.1", listening)
    assert answers("0.0.0.0", replace(listening, path="/missing"))
    assert not answers("127.0.0.1", replace(listening, path="/broken"))


def test_a_server_that_is_not_there_does_not_answer():
    assert not answers("127.0.0.1", Server("web", "web_port", 1, "/"))


def test_the_three_servers_follow_the_settings():
    settings = Settings(rasa_port=1, action_port=2, web_port=3)
    assert [(one.name, one.port) for one in servers(settings)] == [("rasa", 1), ("actions", 2), ("web", 3)]
