"""The tiny bot behind simulated messaging platforms, all in one Rasa server."""

from __future__ import annotations

import io
from contextlib import ExitStack
from pathlib import Path

import yaml
from PIL import Image

from tests.fakes.registry import FAKES
from tests.integration.tiny import ROOT, TinyBot


class ChatBot:
    """``platforms`` by channel; ``tiny`` is the bot."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.platforms = {}
        self._stack = ExitStack()

    def __enter__(self) -> ChatBot:
        sections = yaml.safe_load((ROOT / "credentials.yml").read_text(encoding="utf-8"))
        for name, (path, make) in FAKES.items():
            fake = self._stack.enter_context(make())
            self.platforms[name] = fake
            sections[path] = {**fake.credentials(), "settle_s": 0.3}
        credentials = self.folder / "credentials.yml"
        credentials.write_text(yaml.safe_dump(sections), encoding="utf-8")
        self.tiny = self._stack.enter_context(TinyBot(self.folder, credentials))
        for name, fake in self.platforms.items():
            fake.callback = f"{self.tiny.rasa}/webhooks/{name}/callback"
        return self

    def __exit__(self, *what: object) -> None:
        self._stack.__exit__(*what)

    @property
    def shop(self):
        return self.tiny.shop


def photo(colour: str = "red") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(target, "PNG")
    return target.getvalue()
