"""Tables that take little memory answer as those they stand for: jieba's dictionary, pypinyin's characters."""

from __future__ import annotations

import csv
import logging
import re
from pathlib import Path

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from nlp import lexicon, trie
from nlp.datasets import ROOT, read_nlu
from nlp.jieba_words import JiebaWords, total
from nlp.kept import kept, mapped
from nlp.sounds import FIRST, LAST, sound, sounds
from nlp.tokenizer import WordTokenizer
from nlp.trie import NONE, Trie


@pytest.fixture(scope="module")
def stock() -> jieba.Tokenizer:
    """jieba as it comes, with our word lists."""
    jieba.setLogLevel(logging.WARNING)
    made = jieba.Tokenizer()
    made.initialize()
    return made


def test_every_word_and_beginning_has_jiebas_count(stock: jieba.Tokenizer) -> None:
    ours = JiebaWords()
    assert total() == pytest.approx(stock.total, rel=1e-7)  # one word stands twice in the dictionary
    some = list(stock.FREQ.items())[::11]
    assert [(word, ours[word]) for word, _ in some] == some
    assert all(word in ours for word, _ in some)


@given(st.text(max_size=40))
def test_what_jieba_does_not_know_is_not_known(stock: jieba.Tokenizer, text: str) -> None:
    ours = JiebaWords()
    assert (text in ours) == (text in stock.FREQ)
    assert ours.get(text) == stock.FREQ.get(text)
    assert (text[-1:] in ours) == (text[-1:] in stock.FREQ)


def test_lines_are_cut_as_jieba_cuts_them(stock: jieba.Tokenizer) -> None:
    plain = jieba.Tokenizer()
    plain.FREQ, plain.total, plain.initialized = dict(stock.FREQ), stock.total, True
    for name in ("colors", "sizes", "couriers", "terms"):
        for word in lexicon.words(name):
            if 1 < len(word) <= 12 and not word.isascii():
                plain.add_word(word)
    ours = WordTokenizer()
    lines = [line for line in read_nlu().texts[::60] if not any(char.isdigit() for char in line)]
    for line in [*lines, "饕餮" * 700]:
        cut = [word for word, _, _ in plain.tokenize(line) if word.strip()]
        assert [word.text for word in ours.words(line)] == cut


def test_words_that_only_name_people_are_told_from_others() -> None:
    known = JiebaWords()
    assert known.is_name("诸葛亮")
    assert not known.is_name("发货")
    assert not known.is_name("不是词的词")
    assert not known.is_name("")


def test_characters_sound_as_pypinyin_says() -> None:
    everyone = [chr(code) for code in range(FIRST, LAST + 1, 7)]
    assert {char: sound(char) for char in everyone} == {char: lazy_pinyin(char)[0] for char in everyone}
    assert [sound(char) for char in "绿哦a，"] == ["lv", "o", "a", "，"]


def test_texts_sound_as_pypinyin_says() -> None:
    shop = csv.DictReader((ROOT / "data" / "shop" / "products.csv").open(encoding="utf-8", newline=""))
    names = [cell for row in shop for cell in row.values() if cell]
    texts = ["重庆银行行长长大了音乐和快乐", "还没还", *names, *read_nlu().texts[::20]]
    han = [run for text in texts for run in re.findall("[\u4e00-\u9fff]+", text)]
    assert len(han) > 1000
    assert {run: sounds(run) for run in han} == {run: lazy_pinyin(run) for run in han}
    assert sounds("") == []
    assert sounds("あ重q") == ["あ", "zhong", "q"]


@given(st.dictionaries(st.text(min_size=1, max_size=6), st.integers(0, 2**32 - 1), max_size=20), st.text(max_size=6))
def test_a_trie_holds_what_was_packed_and_nothing_else(numbers: dict[str, int], other: str) -> None:
    found = Trie(trie.packed(numbers))
    assert {text: found.value(found.find(text)) for text in numbers} == numbers
    beginnings = {text[:size] for text in numbers for size in range(len(text) + 1)} | {""}
    assert (found.find(other) != NONE) == (other in beginnings)
    assert int(found.values().sum(dtype="uint64")) == sum(numbers.values())


def test_a_file_is_made_once_and_in_memory_where_nothing_can_be_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[bytes] = []

    def make() -> bytes:
        made.append(b"content")
        return made[-1]

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert [bytes(mapped("a.bin", make)[:]) for _ in range(2)] == [b"content", b"content"]
    assert len(made) == 1
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no folder"))
    assert kept("a.bin", make) == b"content"


def test_an_empty_file_or_a_folder_of_somebody_else_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    mapped("a.bin", lambda: b"content")
    (tmp_path / "xiaoer" / "a.bin").write_bytes(b"")
    assert mapped("a.bin", lambda: b"content") == b"content"
    assert [one.name for one in (tmp_path / "xiaoer").iterdir()] == ["a.bin"], "no half-written file stays"

    def refused(self: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "is_file", refused)
    assert mapped("a.bin", lambda: b"content") == b"content"
