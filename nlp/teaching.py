"""Write what was learnt into the YAML that people edit: lines of an intent, questions and entries of the FAQ.

Files keep their form; only lines are added. A file that would not be read any
more is left as it was.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Mapping, Sequence

from nlp.datasets import NLU
from shop import faq_store
from shop.errors import BadValue

LEARNED = "learned.yml"
_PLACEHOLDER = re.compile(r"\[[a-z_]+\]")


def as_line(text: str) -> str:
    """A message as a training line: on one line, without masks and without YAML's and Rasa's own marks."""
    bare = _PLACEHOLDER.sub("", text)
    return re.sub(r"\s+", " ", re.sub(r"[\[\]{}#|>&*!%@`\"']", "", bare)).strip(" -:")


def add_to_intent(intent: str, texts: Sequence[str], folder: Path = NLU) -> Path:
    """Append lines to an intent's examples; lines that stand there already are left out.

    Raises:
        BadValue: no file has the intent.
    """
    head = re.compile(rf"^- intent: {re.escape(intent)}\s*$", re.MULTILINE)
    for path in sorted(folder.rglob("*.yml")):
        content = path.read_text(encoding="utf-8")
        found = head.search(content)
        if found is None:
            continue
        following = re.search(r"^\S", content[found.end() :], re.MULTILINE)
        end = found.end() + following.start() if following else len(content)
        block = content[found.end() : end].rstrip("\n")
        known = {line.strip().removeprefix("- ") for line in block.splitlines()}
        new = [line for line in dict.fromkeys(map(as_line, texts)) if line and line not in known]
        added = "".join(f"\n    - {line}" for line in new)
        path.write_text(content[: found.end()] + block + added + "\n" + content[end:], encoding="utf-8")
        return path
    raise BadValue(f"{folder}: no file has the intent {intent!r}; see bot/domain/intents.yml for their names")


def add_to_entry(entry: str, texts: Sequence[str], facts: Mapping[str, str], folder: Path = faq_store.FOLDER) -> Path:
    """Append questions to an FAQ entry.

    Raises:
        BadValue: no file has the entry.
    """
    head = re.compile(rf"^( *)- id: {re.escape(entry)}\s*$", re.MULTILINE)
    for path in sorted(folder.glob("*.yml")):
        content = path.read_text(encoding="utf-8")
        found = head.search(content)
        if found is None:
            continue
        list_head = re.compile(r"^( *)questions:[ ]*\n((?:\1[ ]*- .*\n)+)", re.MULTILINE)
        listed = list_head.search(content, found.end())
        if listed is None:
            raise BadValue(f"{path.name}: the questions of {entry} are no plain list; add these by hand")
        known = {line.strip().removeprefix("- ").strip("\"'") for line in listed.group(2).splitlines()}
        indent = re.match(" *", listed.group(2)).group()  # type: ignore[union-attr]
        new = [line for line in dict.fromkeys(map(as_line, texts)) if line and line not in known]
        added = "".join(f"{indent}- {line}\n" for line in new)
        _write(path, content[: listed.end()] + added + content[listed.end() :], facts, folder)
        return path
    raise BadValue(f"{folder}: no file has the entry {entry!r}")


def add_entry(
    entry: str,
    texts: Sequence[str],
    answer: str,
    facts: Mapping[str, str],
    intent: str = "",
    folder: Path = faq_store.FOLDER,
) -> Path:
    """Write a new FAQ entry into ``learned.yml``.

    Args:
        entry: its id.
        texts: questions.
        answer: what the bot says; placeholders as in the other entries.
        facts: what placeholders may name (``shop.faq_store.facts``).
        intent: the intent it belongs to; empty: it is found by its questions alone.
        folder: of the FAQ.

    Raises:
        BadValue: the id is taken or no id, there is no question, or the answer has an unknown placeholder.
    """
    import json

    lines = [line for line in dict.fromkeys(map(as_line, texts)) if line]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", entry):
        raise BadValue(f"{entry!r} is no id; write small letters, digits and _")
    if not lines or not answer.strip():
        raise BadValue(f"the entry {entry} needs a question and an answer")
    path = folder / LEARNED
    content = path.read_text(encoding="utf-8") if path.exists() else "faq:\n"
    rows = [f"  - id: {entry}", f"    intent: {intent}"] if intent else [f"  - id: {entry}"]
    rows += ["    questions:", *(f"      - {line}" for line in lines)]
    rows.append(f"    answer: {json.dumps(answer.strip(), ensure_ascii=False)}")
    _write(path, content.rstrip("\n") + "\n" + "\n".join(rows) + "\n", facts, folder)
    return path


def _write(path: Path, content: str, facts: Mapping[str, str], folder: Path) -> None:
    """Write a file, and bring the old one back when the FAQ cannot be read with it."""
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(content, encoding="utf-8")
    try:
        check: Callable[..., object] = faq_store.read
        check(sorted(folder.glob("*.yml")), dict(facts))
    except BadValue:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
        raise
