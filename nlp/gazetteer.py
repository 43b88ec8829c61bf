"""Names of the shop's catalogue in a message: exact, by sound, and nearly right.

Names are compared as letters and digits only, in small letters, so that blanks
and marks do not matter. Where no product is named exactly, names that sound the
same (typing by pinyin picks wrong characters) and names that are nearly right
are tried.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from functools import cache
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator

from nlp.matches import Match
from nlp.sounds import sound
from nlp.text import without_noise
from shop.errors import ShopError

if TYPE_CHECKING:
    from shop.entities import CatalogueWords

log = logging.getLogger(__name__)
CHECK_S = 30.0  # a changed catalogue is noticed after so many seconds at most
RETRY_S = 2.0  # the same after a database that did not answer
NEAR = 0.8  # share of a product's name that must be there for a nearly right one
PART = 0.6  # the same where all that was said belongs to the name
_RANKS = {"product": 75, "brand": 57, "category": 54}
_HEAD_RANK = 40
_HEAD_NAMES, _HEAD_SHARE = 3, 0.5
"""So many of a category's names must end with a character, and so many of all that do, for it to stand for the category."""
_BEFORE_HEAD = "[的双个款只件把张台条盏]|买|卖|有|找|要"
_AFTER_HEAD = r"$|[吗么嘛呢没吧啊呀哦哈,.?!;:\s]|有没|多少|怎么"
_END = ""


class Names:
    """One version of the catalogue's names, ready to be looked up."""

    def __init__(self, words: CatalogueWords | None) -> None:
        self.version = words.version if words else ""
        self._trie: dict[str, Any] = {}
        self._sounds: dict[str, Any] = {}
        self._pairs: dict[str, set[str]] = defaultdict(set)
        self._products: dict[str, str] = {}
        self._heads = _heads(words.categories if words else {})
        among = "".join(map(re.escape, self._heads))
        self._head = re.compile(f"(?<={_BEFORE_HEAD})([{among}])(?={_AFTER_HEAD})") if among else None
        if words is None:
            return
        nicknames = _nicknames(words)
        tables = (
            ("product", nicknames),
            ("category", words.categories),
            ("brand", words.brands),
            ("product", words.products),
        )
        for kind, table in tables:
            for name, code in table.items():
                self._add(kind, name, code)

    def _add(self, kind: str, name: str, code: str) -> None:
        key = without_noise(name)
        if len(key) < 2:
            return
        _put(self._trie, key, (kind, code))
        if kind == "category" or len(key) < 3:
            return
        if not key.isascii():
            _put(self._sounds, _syllables(key), (kind, code))
        if kind == "product" and len(key) >= 5:
            self._products[key] = code
            for pair in _pairs(key):
                self._pairs[pair].add(key)

    def find(self, text: str) -> Iterator[Match]:
        """Products, brands and categories in clean text."""
        key, places = _key(text)
        exact = list(_scan(self._trie, key))
        yield from (self._match(*one, places) for one in exact)
        for one in self._head.finditer(text) if self._head else ():
            yield Match("category", self._heads[one.group()], *one.span(), _HEAD_RANK)
        if any(kind == "product" for kind, *_ in exact):
            return
        sounds = list(_scan(self._sounds, _syllables(key))) if not key.isascii() else []
        for kind, code, start, end in sounds:
            if not any(start < other[3] and other[2] < end for other in exact):
                yield self._match(kind, code, start, end, places, rank=-3)
        if not any(kind == "product" for kind, *_ in sounds):
            yield from self._nearly(key, places)

    def _nearly(self, key: str, places: list[int]) -> Iterator[Match]:
        """The product whose name is nearly in the message, if one alone is."""
        shared: dict[str, int] = defaultdict(int)
        for pair in set(_pairs(key)):
            for name in self._pairs.get(pair, ()):
                shared[name] += 1
        likely = sorted(shared, key=lambda name: -shared[name] / (len(name) - 1))[:5]
        best: list[tuple[float, str, int, int]] = []
        for name in likely:
            blocks = [one for one in SequenceMatcher(None, key, name, autojunk=False).get_matching_blocks() if one.size]
            share = sum(one.size for one in blocks) / len(name)
            start, end = blocks[0].a, blocks[-1].a + blocks[-1].size
            whole = end - start == sum(one.size for one in blocks) >= 4  # left out of the name, but nothing else said
            if (share >= NEAR and end - start <= len(name) * 1.3) or (share >= PART and whole):
                best.append((share, name, start, end))
        best.sort(reverse=True)
        codes = {self._products[name] for share, name, *_ in best if share >= best[0][0] - 0.02}
        if len(codes) == 1:
            _, name, start, end = best[0]
            yield self._match("product", self._products[name], start, end, places, rank=-10)

    @staticmethod
    def _match(kind: str, code: str, start: int, end: int, places: list[int], rank: int = 0) -> Match:
        return Match(kind, code, places[start], places[end - 1] + 1, _RANKS[kind] + rank)


class Gazetteer:
    """The names of the catalogue as it is now; looks for a new version now and then.

    Args:
        read: reads the catalogue's words; may raise a ShopError while there is no database.
        clock: seconds that only grow.
        background: later versions are read in a thread of their own, so that no message waits; only while no
            name at all is known the message waits for them.
        told: is given the words of each new name, such as a tokenizer that must keep them whole.
    """

    def __init__(
        self,
        read: Callable[[], CatalogueWords],
        clock: Callable[[], float] = time.monotonic,
        background: bool = False,
        told: Callable[[Iterable[str]], None] = lambda words: None,
    ) -> None:
        self._read, self._told = read, told
        self._clock = clock
        self._background = background
        self._due = float("-inf")
        self._lock = threading.Lock()
        self._names = Names(None)
        self.words: CatalogueWords | None = None

    def find(self, text: str) -> Iterator[Match]:
        """Products, brands and categories in clean text."""
        yield from self.names().find(text)

    def names(self) -> Names:
        """The names in force; none while the shop cannot be read."""
        if self._clock() >= self._due and self._lock.acquire(blocking=False):
            self._due = self._clock() + CHECK_S
            if self._background and self.words is not None and self.words.categories:
                threading.Thread(target=self._renew, daemon=True).start()
            else:
                self._renew()
        return self._names

    def _renew(self) -> None:
        try:
            words = self._read()
            if words.version != self._names.version:
                self._names, self.words = Names(words), words
                names = (*words.brands, *words.categories, *words.products)
                self._told(part for name in names for part in name.split())
        except ShopError as error:
            log.warning("catalogue not read, its names stay as they were: %s", error)
            self._due = self._clock() + RETRY_S
        finally:
            self._lock.release()


_FAINT = {"5g", "4g"}
_MODEL = re.compile(r"(?=.*[a-z])(?=.*\d)[a-z0-9]{3,}")  # letters and digits: K87, mate60


def _heads(categories: dict[str, str]) -> dict[str, str]:
    """Single characters that people use for a kind of goods ("the white ones of the shoes") → its category."""
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    for name, code in categories.items():
        if len(name) > 1 and "\u4e00" <= name[-1] <= "\u9fff":
            ends[name[-1]][code] += 1
    found = {char: (codes.most_common(1)[0], sum(codes.values())) for char, codes in ends.items()}
    return {
        char: code
        for char, ((code, most), total) in found.items()
        if most >= _HEAD_NAMES and most >= _HEAD_SHARE * total
    }


def _nicknames(words: CatalogueWords) -> dict[str, str]:
    """Shorter names that mean one product alone: without the kind of goods at the end, and bare model names."""
    kinds = sorted(map(without_noise, words.categories), key=len, reverse=True)
    brands = {without_noise(name) for name in words.brands}
    meant: dict[str, set[str]] = defaultdict(set)
    for name, code in words.products.items():
        parts = [without_noise(part) for part in name.split()]
        while parts and (parts[-1] in _FAINT or any(kind and parts[-1].endswith(kind) for kind in kinds)):
            parts.pop()
        own = parts[1:] if parts and parts[0] in brands else parts
        for key in ("".join(parts), "".join(own)):
            if len(key) >= 4 and key not in brands and key not in kinds:
                meant[key].add(code)
        for part in own:
            if _MODEL.fullmatch(part):
                meant[part].add(code)
    return {key: next(iter(codes)) for key, codes in meant.items() if len(codes) == 1}


def _key(text: str) -> tuple[str, list[int]]:
    """Letters and digits of clean text in small letters, and the place of each."""
    kept = [(char.lower(), place) for place, char in enumerate(text) if char.isalnum() and len(char.lower()) == 1]
    return "".join(char for char, _ in kept), [place for _, place in kept]


def _put(trie: dict[str, Any], key: Any, value: tuple[str, str]) -> None:
    for part in key:
        trie = trie.setdefault(part, {})
    trie[_END] = value


def _scan(trie: dict[str, Any], key: Any) -> Iterator[tuple[str, str, int, int]]:
    """Every longest name that begins at a place: kind, code, start, end."""
    for start in range(len(key)):
        node: Any = trie
        found: tuple[str, str, int, int] | None = None
        for end in range(start, len(key)):
            node = node.get(key[end])
            if node is None:
                break
            if _END in node:
                found = (*node[_END], start, end + 1)
        if found and not _cut(key, found[2], found[3]):
            yield found


def _cut(key: Any, start: int, end: int) -> bool:
    """Whether a name of Latin letters or digits is cut out of a longer word."""
    before, first, last, after = (key[at] if 0 <= at < len(key) else "" for at in (start - 1, start, end - 1, end))
    return _same_run(before, first) or _same_run(last, after)


def _same_run(one: str, two: str) -> bool:
    return bool(one and two) and one.isascii() and two.isascii() and one.isdigit() == two.isdigit()


def _pairs(key: str) -> list[str]:
    return [key[at : at + 2] for at in range(len(key) - 1)]


def _syllables(key: str) -> list[str]:
    """The sound of each character without tones; what people mix up is made equal."""
    return [_sound(char) if "\u4e00" <= char <= "\u9fff" else char for char in key]


@cache  # there are some twenty thousand characters
def _sound(char: str) -> str:
    heard = sound(char)
    return re.sub("^([zcs])h", r"\1", re.sub("(?<=[aeiou])ng$", "n", heard)) if len(heard) > 1 else heard
