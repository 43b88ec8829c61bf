"""Read labelled lines: Rasa's NLU YAML and tab-separated files."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from shop.errors import BadValue

ROOT = Path(__file__).resolve().parent.parent
NLU = ROOT / "data" / "nlu"
_ANNOTATION = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Lines:
    """Texts with their labels; ``extra`` holds a third column where there is one."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    extra: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)


def read_nlu(folder: Path = NLU) -> Lines:
    """Every example of every intent under a folder of NLU YAML, in file order, without doubles."""
    seen: dict[tuple[str, str], None] = {}
    for path in sorted(folder.rglob("*.yml")):
        seen |= dict.fromkeys(_read(path))
    return Lines(tuple(text for text, _ in seen), tuple(label for _, label in seen))


def nlu_groups(folder: Path = NLU) -> dict[str, str]:
    """The topic of each intent: the file that holds most of its lines."""
    most: dict[str, tuple[int, str]] = {}
    for path in sorted(folder.rglob("*.yml")):
        for intent, count in Counter(intent for _, intent in _read(path)).items():
            most[intent] = max(most.get(intent, (0, "")), (count, path.stem))
    return {intent: group for intent, (_, group) in most.items()}


def _read(path: Path) -> list[tuple[str, str]]:
    """The examples of one file with their intents."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}  # noqa: S506 (both are safe loaders)
    found = []
    for block in content.get("nlu") or []:
        for line in str(block.get("examples") or "").splitlines() if "intent" in block else ():
            text = _ANNOTATION.sub(r"\1", line.strip().removeprefix("-").strip())
            if text:
                found.append((text, block["intent"]))
    return found


def read_tsv(path: Path) -> Lines:
    """A file of text TAB label [TAB extra].

    Raises:
        BadValue: a line has no label; the message names file, line and mend.
    """
    texts, labels, extra = [], [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) < 2:
            raise BadValue(f"{path}:{number}: {line[:40]!r} has no label; write text TAB label")
        texts.append(cells[0])
        labels.append(cells[1].strip())
        extra.append(cells[2].strip() if len(cells) > 2 else "")
    return Lines(tuple(texts), tuple(labels), tuple(extra) if any(extra) else ())


def bench_dir() -> Path:
    """Where the real data to measure on lies; it may be absent."""
    import os

    return Path(os.environ.get("XIAOER_BENCH_DIR") or ROOT.parent / "shared" / "bench")
