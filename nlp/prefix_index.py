"""Finds the texts that a few typed letters may mean: by characters, pinyin, or initials.

All texts stand behind one another in three long strings (characters, pinyin,
initials), the most popular ones first. A query is looked for in each with
``str.find``, which runs at memory speed, and counts where a word may begin. So a
query costs a scan of some 100 KB for ten thousand texts, and no table of
prefixes is kept.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Iterable, Sequence

from nlp.spelling import HEAD, INSIDE, WORD, spell
from shop.text_match import fold

PLACE_WEIGHT = {HEAD: 1.0, WORD: 0.8, INSIDE: 0.55, 0: 0.0}
TEXT, PINYIN, INITIALS, SOUND = 1.0, 0.9, 0.75, 0.6
"""How sure a way of writing is; ``SOUND``: other characters of the same sound."""
WHOLE, CUT = 1.3, 0.85
"""What a fit is worth more when the text is no longer than the query, and less when a syllable goes on after it."""
ENOUGH = 200
"""Texts that are looked at for one query and way; the popular ones come first."""

_GAP = "\n"


@dataclass(frozen=True)
class Hit:
    """An item that a query may mean, how well (0 to ``WHOLE``), and the text that it did by."""

    item: int
    quality: float
    text: str


class PrefixIndex:
    """Built once over items with one or more texts each, never changed."""

    def __init__(self, items: Sequence[Iterable[str]]) -> None:
        """Args: items, the texts of each; earlier items are looked at first."""
        self._owners = [(at, text) for at, texts in enumerate(items) for text in dict.fromkeys(texts)]
        spelled = [spell(text) for _, text in self._owners]
        self._text = _Strip((one.text, one.text_places) for one in spelled)
        self._pinyin = _Strip((one.pinyin, one.pinyin_places) for one in spelled)
        self._initials = _Strip((one.initials, one.initials_places) for one in spelled)

    def find(self, typed: str) -> dict[int, Hit]:
        """The items that what was typed may mean, each with its best hit."""
        words = "".join(fold(typed).split()).replace("'", "")
        if not words:
            return {}
        found: dict[int, Hit] = {}
        least = WORD if len(words) == 1 and words.isascii() else INSIDE  # one letter stands in everything
        self._look(self._text, words, TEXT, least, found)
        if words.isascii():
            self._look(self._pinyin, words, PINYIN, least, found)
            self._look(self._initials, words, INITIALS, least, found)
        elif len(words) > 1:
            self._look(self._pinyin, spell(words).pinyin, SOUND, INSIDE, found)
        return found

    def _look(self, strip: _Strip, words: str, sure: float, least: int, found: dict[int, Hit]) -> None:
        for number, place, end in strip.places(words, least):
            item, text = self._owners[number]
            quality = (
                sure * PLACE_WEIGHT[place] * end * (WHOLE if place == HEAD and strip.fills(number, words) else 1.0)
            )
            if item not in found or found[item].quality < quality:
                found[item] = Hit(item, quality, text)


class _Strip:
    """Texts in one string, with the kind of place of each character."""

    def __init__(self, texts: Iterable[tuple[str, bytes]]) -> None:
        self._starts: list[int] = []
        parts: list[str] = []
        places = bytearray()
        at = 0
        for text, kinds in texts:
            self._starts.append(at)
            parts.append(text)
            places += kinds + b"\0"
            at += len(text) + 1
        self._long = _GAP.join(parts)
        self._places = bytes(places)

    def fills(self, number: int, words: str) -> bool:
        """Whether the text of that number is no longer than the words."""
        end = self._starts[number] + len(words)
        return end >= len(self._long) or self._long[end] == _GAP

    def places(self, words: str, least: int) -> Iterable[tuple[int, int, float]]:
        """(number of the text, kind of place, worth of its end) of each occurrence, until there are enough texts."""
        at, texts, before = self._long.find(words), 0, -1
        while at >= 0 and texts < ENOUGH:
            place = self._places[at]
            if place >= least:
                number = bisect_right(self._starts, at) - 1
                texts += number != before
                before = number
                end = at + len(words)
                whole = end >= len(self._long) or self._long[end] == _GAP or self._places[end] > 0
                yield number, place, 1.0 if whole else CUT
            at = self._long.find(words, at + 1)
