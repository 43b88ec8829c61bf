"""A trained model once a run, and a running bot once for each kind of database."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Iterator

import pytest

from deploy.train import is_trained, train
from shop.database import Database
from shop.front import Shop
from shop.privacy import Cipher
from shop.settings import ROOT
from tests.e2e.harness import BotServer, settings_for
from tests.e2e.scene import SECRETS, Scene, build_scene
from tests.servers import PostgresServer

SECRET = "a secret for end-to-end tests"


@pytest.fixture(scope="session")
def model() -> None:
    """The trained model: the one on disk if its sources are what they were, else a new one."""
    (ROOT / "models").mkdir(exist_ok=True)
    with open(ROOT / "models" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert is_trained() or train() == 0, "training failed: its lines above say why"


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def bot(request: pytest.FixtureRequest, model: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotServer]:
    """A running bot over the scene's shop: the tests run once on SQLite and once on PostgreSQL."""
    folder = tmp_path_factory.mktemp(f"bot-{request.param}")
    url = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        server.run("CREATE DATABASE xiaoer_e2e TEMPLATE xiaoer_template STRATEGY FILE_COPY")
        url = server.address("xiaoer_e2e")
    yield from running(folder, url)


def running(folder: Path, url: str = "") -> Iterator[BotServer]:
    """A bot over a fresh scene; ``bot.scene`` names its rows."""
    settings = settings_for(folder, SECRET, database_url=url)
    database = Database(settings.database_address)
    database.create_all()
    shop = Shop(settings, database, Cipher(SECRET))
    server = BotServer(folder, shop)
    server.scene = build_scene(shop)
    try:
        yield server.start()
    finally:
        server.stop()
        database.dispose()


@pytest.fixture
def scene(bot: BotServer) -> Scene:
    """The rows of the bot's shop."""
    assert bot.scene is not None
    return bot.scene


@pytest.fixture(autouse=True)
def quiet_logs(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test: what the servers wrote meanwhile names nobody, and holds no token."""
    if "bot" not in request.fixturenames:
        yield
        return
    server: BotServer = request.getfixturevalue("bot")
    before = len(server.logs())
    yield
    written = server.logs()
    personal = [secret for secret in (*SECRETS, *server.tokens) if secret in written]
    assert not personal, f"a log holds personal data: {written[before:][-2000:]}"
