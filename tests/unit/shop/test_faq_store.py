"""The FAQ: every faq intent is answered, edits are live, a broken edit does no harm."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from shop import faq_store
from shop.errors import BadValue
from shop.faq_store import FOLDER, FaqStore, facts, read
from shop.settings import Settings, load_settings

PAGE = """faq:
- id: fee
  intent: ask_shipping_fee
  default: true
  questions: [how much]
  answer: From {free_shipping_yuan} on it is free.
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaqStore:
    monkeypatch.setattr(faq_store, "LOOK_EVERY_S", 0.0)
    (tmp_path / "a.yml").write_text(PAGE)
    return FaqStore(SimpleNamespace(settings=Settings()), tmp_path)  # type: ignore[arg-type]


def test_the_shipped_entries_are_readable_and_have_no_open_gap():
    entries = read(sorted(FOLDER.glob("*.yml")), facts(load_settings({}, None)))
    assert len(entries) >= 120
    assert not [one.id for one in entries.values() if "{" in one.answer]


def test_an_answer_tells_the_figures_of_the_settings(store: FaqStore):
    entry = store.for_intent("ask_shipping_fee")
    assert entry is not None
    assert entry.answer == "From 99 on it is free."
    assert store.entry("fee") == entry
    assert store.for_intent("greet") is None


def test_an_edit_is_live(store: FaqStore, tmp_path: Path):
    store.all()
    (tmp_path / "a.yml").write_text(PAGE.replace("it is free", "nothing is charged"))
    os.utime(tmp_path / "a.yml", ns=(1, 1))
    assert "nothing is charged" in store.entry("fee").answer  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "broken",
    [
        "faq: [",
        "faq:\n- {id: x}\n",
        PAGE.replace("free_shipping_yuan", "no_such_fact"),
        PAGE + PAGE[5:],
        "faq: 3",
        "[1]",
    ],
)
def test_a_broken_edit_leaves_the_answers_of_before(store: FaqStore, tmp_path: Path, broken: str):
    store.all()
    (tmp_path / "a.yml").write_text(broken)
    os.utime(tmp_path / "a.yml", ns=(1, 1))
    assert store.entry("fee") is not None
    with pytest.raises(BadValue, match="a.yml"):
        read([tmp_path / "a.yml"], facts(Settings()))
