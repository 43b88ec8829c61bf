"""What the gate says itself, loaded from ``texts.yml`` beside this file."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Body = dict[str, Any]
"""A message: text, buttons, custom, image, attachments; absent keys are absent."""


class Texts:
    """Sentences by name."""

    def __init__(self, path: Path = Path(__file__).parent / "texts.yml", **facts: Any) -> None:
        self._bodies: dict[str, Body] = yaml.safe_load(path.read_text(encoding="utf-8"))
        self._facts = facts

    def body(self, name: str, **facts: Any) -> Body:
        """A message of its own, with the facts filled in."""
        body = deepcopy(self._bodies[name])
        body["text"] = body["text"].format(**{**self._facts, **facts})
        return body

    def text(self, name: str, **facts: Any) -> str:
        """Only the sentence."""
        return str(self.body(name, **facts)["text"])
