"""Word lists of the language, from ``data/lexicon/``.

A ``.txt`` file has one entry a line: the word, and after a tab its aliases
separated by blanks; ``#`` starts a comment. A ``.yml`` file is read as it is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "data" / "lexicon"


@cache
def entries(name: str) -> dict[str, tuple[str, ...]]:
    """Each word of ``name.txt`` with its aliases, in the file's order."""
    found: dict[str, tuple[str, ...]] = {}
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        line = line.split("#", 1)[0].strip()
        if line:
            word, _, aliases = line.partition("\t")
            found[word.strip()] = tuple(aliases.split())
    return found


@cache
def words(name: str) -> frozenset[str]:
    """Every word and alias of ``name.txt``."""
    return frozenset(one for word, aliases in entries(name).items() for one in (word, *aliases))


@cache
def document(name: str) -> Any:
    """The content of ``name.yml``."""
    import yaml

    return yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


@cache
def by_alias(name: str) -> dict[str, str]:
    """From each word or alias of ``name.txt`` (lower case) to the word."""
    return {one.lower(): word for word, aliases in entries(name).items() for one in (word, *aliases)}
