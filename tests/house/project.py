"""Where the project's files are, for the house tests."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Iterator

import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shop", "nlp", "recsys", "vision", "analytics", "actions", "bot", "web", "deploy")


def python_files(*folders: str) -> list[Path]:
    """The Python files of these folders (default: of all packages)."""
    return [path for folder in folders or PACKAGES for path in sorted((ROOT / folder).rglob("*.py"))]


def yaml_files(folder: str) -> list[Path]:
    """The YAML files under a folder of the project."""
    return sorted(path for ending in ("yml", "yaml") for path in (ROOT / folder).rglob(f"*.{ending}"))


@cache
def read_yaml(path: Path) -> dict[str, Any]:
    """One YAML file as a dictionary."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return content if isinstance(content, dict) else {}


def domain(key: str) -> Iterator[Any]:
    """What every file of the domain says under a key, one after the other."""
    for path in yaml_files("bot/domain"):
        value = read_yaml(path).get(key)
        if value:
            yield value


def intents() -> list[str]:
    """The intents of the domain."""
    return [one if isinstance(one, str) else next(iter(one)) for part in domain("intents") for one in part]


def responses() -> dict[str, list[Any]]:
    """The responses of the domain."""
    return {name: variants for part in domain("responses") for name, variants in part.items()}


@cache
def training_lines() -> dict[str, list[str]]:
    """The training lines of each intent, entity marks taken out."""
    lines: dict[str, list[str]] = {}
    for path in yaml_files("data/nlu"):
        for block in read_yaml(path).get("nlu") or []:
            if "intent" in block:
                lines.setdefault(block["intent"].split("/")[0], []).extend(_plain(block.get("examples") or ""))
    return lines


def _plain(examples: str) -> list[str]:
    import re

    marked = (line.strip()[1:].strip() for line in examples.splitlines() if line.strip().startswith("-"))
    return [re.sub(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})", r"\1", line) for line in marked]


def bench_dir() -> Path | None:
    """Where the benchmark data is, None when it is not here."""
    place = Path(os.environ.get("XIAOER_BENCH_DIR") or ROOT.parent / "shared" / "bench")
    return place if place.is_dir() else None
