"""Training lines said a little differently: typed wrongly, in other words, without particles; wanting the same.

The words stand in ``data/lexicon/rewordings.yml`` (Wei & Zou 2019 call such changes
easy data augmentation; these keep the meaning).
"""

from __future__ import annotations

import random
import re
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Callable, Sequence

import numpy as np

from nlp import lexicon
from nlp.kernel_view import unit
from nlp.sounds import sound

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SHORTEST = 3  # letters and digits that must be left
TRIES = 4  # for each variant that is wanted
Change = Callable[[str, random.Random], str]


def variants(text: str, count: int, seed: int = 7) -> list[str]:
    """Up to so many different ways to say a line; fewer where little of it can be said otherwise.

    Args:
        text: the line, as customers type it.
        count: how many are wanted.
        seed: of the draw; a line's variants do not depend on other lines.
    """
    drawn = random.Random(seed ^ zlib.crc32(text.encode("utf-8", "ignore")))
    found: dict[str, None] = {}
    for _ in range(TRIES * count):
        said = text
        for change in drawn.sample(_CHANGES, drawn.randint(1, len(_CHANGES))):
            said = change(said, drawn)
        if said != text and sum(char.isalnum() for char in said) >= SHORTEST:
            found[said] = None
        if len(found) == count:
            break
    return list(found)


def _reworded(text: str, drawn: random.Random) -> str:
    """One word of the line in other words."""
    pattern, others = _groups()
    places = list(pattern.finditer(text))
    if not places:
        return text
    one = drawn.choice(places)
    return text[: one.start()] + drawn.choice(others[one.group()]) + text[one.end() :]


def _mistyped(text: str, drawn: random.Random) -> str:
    """One character as pinyin may pick it wrongly: a common one of the same sound."""
    places = [place for place, char in enumerate(text) if len(_alike().get(sound(char), "")) > 1]
    if not places:
        return text
    place = drawn.choice(places)
    others = [char for char in _alike()[sound(text[place])] if char != text[place]]
    return text[:place] + drawn.choice(others) + text[place + 1 :]


def _dropped(text: str, drawn: random.Random) -> str:
    """One word that says nothing left out."""
    places = list(_droppable().finditer(text))
    if not places:
        return text
    one = drawn.choice(places)
    return text[: one.start()] + text[one.end() :]


_CHANGES: list[Change] = [_reworded, _mistyped, _dropped]


@lru_cache(maxsize=1)
def _groups() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    groups = lexicon.document("rewordings")["groups"]
    others = {word: tuple(one for one in group if one != word) for group in groups for word in group}
    words = sorted(others, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words))), others


@lru_cache(maxsize=1)
def _alike() -> dict[str, str]:
    """The common characters of each sound: the first level of GB 2312."""
    common = bytes(byte for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF) for byte in (row, cell))
    found: dict[str, str] = {}
    for char in common.decode("gb2312", "ignore"):
        found[sound(char)] = found.get(sound(char), "") + char
    return found


@lru_cache(maxsize=1)
def _droppable() -> re.Pattern[str]:
    words = sorted(lexicon.document("rewordings")["dropped"], key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


class Said:
    """Lines, each with its variants beside it; what is known of these becomes one row a line.

    A line and its variants are learned as their mean, so that a line is still left out whole when it is judged by all
    others, and training costs no more than their sentence vectors (invariant kernels: Haasdonk & Burkhardt 2007).

    Attributes:
        texts: the lines, and their variants after each.
    """

    def __init__(self, lines: Sequence[str], count: int, seed: int = 7) -> None:
        ways = [[line, *(variants(line, count, seed) if count else [])] for line in lines]
        self.texts = [one for said in ways for one in said]
        self._counts = [len(said) for said in ways]

    def mean(self, rows: np.ndarray) -> np.ndarray:
        """The mean row of each line, of length one, from a row of each text."""
        return rows if len(self.texts) == len(self._counts) else unit(self._means() @ rows)

    def mean_of_sparse(self, rows: csr_matrix) -> csr_matrix:
        """The same of a sparse matrix."""
        if len(self.texts) == len(self._counts):
            return rows
        from sklearn.preprocessing import normalize

        return normalize(self._means() @ rows)

    def _means(self) -> csr_matrix:
        from scipy.sparse import csr_matrix

        counts = np.array(self._counts)
        shares = np.repeat(1 / counts, counts).astype(np.float32)
        ends = np.concatenate([[0], np.cumsum(counts)])
        return csr_matrix((shares, np.arange(len(shares)), ends), shape=(len(counts), len(shares)))
