"""Read labelled lines: Rasa's NLU YAML and tab-separated files."""

from __future__ import annotations

import re
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
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    seen: dict[tuple[str, str], None] = {}
    for path in sorted(folder.rglob("*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader) or {}  # noqa: S506 (both are safe loaders)
        for block in content.get("nlu") or []:
            if "intent" not in block:
                continue
            for line in str(block.get("examples") or "").splitlines():
                text = _ANNOTATION.sub(r"\1", line.strip().removeprefix("-").strip())
                if text:
                    seen[(text, block["intent"])] = None
    return Lines(tuple(text for text, _ in seen), tuple(label for _, label in seen))


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
