"""People's names where no cue stands beside them: a small trained tagger.

Each character gets one of the tags begin, inside, outside by an averaged structured
perceptron (Collins 2002) over hashed features of the characters around it, of jieba's
words, and of the list of family names; Viterbi finds the best row of tags. Trained by
``nlp.names_train`` in seconds; the rules of ``nlp.people`` come first.
"""

from __future__ import annotations

import logging
import re
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Iterator

import numpy as np

from nlp import lexicon
from nlp.addresses import begins_place
from nlp.datasets import ROOT
from nlp.matches import Match
from nlp.tokenizer import shared_tokenizer

log = logging.getLogger(__name__)
MODEL = ROOT / "data" / "models" / "names.npz"
BEGIN, INSIDE, OUTSIDE = range(3)
PLACES = 1 << 15
LONGEST = 200  # characters of a message that are tagged
SHORTEST_NAME, LONGEST_NAME = 2, 4
RANK = 31  # below every rule: what a rule took for something else is no name


class NameTagger:
    """Tags names with given weights.

    Args:
        emits: weights of the features for each tag, (``PLACES``, 3).
        moves: weights of one tag after another, (4, 3); the last row is for the first character.
    """

    def __init__(self, emits: np.ndarray, moves: np.ndarray) -> None:
        self.emits = emits
        self.moves = moves

    def tags(self, text: str) -> list[int]:
        """The best tag of each character."""
        return best_tags(self.scores(features(text)), self.moves)

    def scores(self, found: list[list[int]]) -> np.ndarray:
        """Score of each tag for each character's features."""
        return np.array([self.emits[places].sum(axis=0) for places in found]).reshape(-1, 3)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Half-open spans of the names in clean text."""
        text = text[:LONGEST]
        tags = self.tags(text) if text else []
        start = None
        for place, tag in enumerate([*tags, OUTSIDE]):
            if start is not None and tag != INSIDE:
                if SHORTEST_NAME <= place - start <= LONGEST_NAME and _is_han(text[start:place]):
                    yield start, place
                start = None
            if tag == BEGIN:
                start = place


def best_tags(scores: np.ndarray, moves: np.ndarray) -> list[int]:
    """The row of tags with the highest sum (Viterbi 1967)."""
    if not len(scores):
        return []
    total = scores[0] + moves[3]
    back = []
    for row in scores[1:]:
        through = total[:, None] + moves[:3]
        back.append(through.argmax(axis=0))
        total = through.max(axis=0) + row
    tags = [int(total.argmax())]
    for came in reversed(back):
        tags.append(int(came[tags[-1]]))
    return tags[::-1]


def features(text: str) -> list[list[int]]:
    """Hashed features of each character."""
    padded = ["<", "<", *text, ">", ">"]
    edges = _edges(text)
    found = []
    for at in range(len(text)):
        far, before, here, after, next_one = padded[at : at + 5]
        shape = edges[at]
        names = (
            f"a{here}", f"b{before}", f"c{after}", f"d{before}{here}", f"e{here}{after}", f"f{far}{before}",
            f"g{after}{next_one}", f"h{shape}", f"i{_is_surname(here)}{_is_surname(here + after)}{shape}",
            f"j{_is_surname(before)}{shape}", f"k{before}{_is_surname(here)}", f"l{far}{before}{_is_surname(here)}",
            f"o{_is_surname(here)}{_is_given(after)}{_is_given(next_one)}", f"p{_is_surname(before)}{_is_given(here)}",
            f"q{_is_surname(far)}{_is_given(before)}{_is_given(here)}", f"r{_is_given(here)}{shape}", f"s{_is_given(before)}{here}",
            f"m{_is_surname(far)}{next_one}", f"n{_is_surname(far)}{after}",
        )  # fmt: skip
        found.append([zlib.crc32(name.encode("utf-8", "replace")) % PLACES for name in names])
    return found


def _edges(text: str) -> list[str]:
    """Where in its word a character stands, and how long the word is."""
    found = [" "] * len(text)
    for word in shared_tokenizer().words(text):
        length = min(word.end - word.start, 4)
        for place in range(word.start, word.end):
            side = "B" if place == word.start else "E" if place == word.end - 1 else "M"
            found[place] = f"{side}{length}"
    return found


def _is_surname(text: str) -> str:
    return "1" if text in lexicon.words("surnames") else "0"


def _is_given(char: str) -> str:
    return "1" if char in lexicon.words("given_names") else "0"


def _is_han(text: str) -> bool:
    return all(0x4E00 <= ord(char) <= 0x9FFF for char in text)


@lru_cache(maxsize=1)
def _likely() -> re.Pattern[str]:
    """A family name before a character of given names: without one the tagger need not look."""
    surnames = "|".join(sorted(map(re.escape, lexicon.words("surnames")), key=len, reverse=True))
    return re.compile(f"(?:{surnames})\\w?[{''.join(lexicon.words('given_names'))}]")


def _is_no_word(text: str, start: int, end: int) -> bool:
    """Whether what was tagged is no word of the language, nor the beginning or end of one, nor a place."""
    tokenizer = shared_tokenizer()
    if not tokenizer.is_name(text[start:end]):
        return False
    before = text[max(0, start - 1) : start + 1]
    if begins_place(text, start) or (start and begins_place(text, start - 1)):
        return False
    around = (before, text[max(0, start - 1) : start + 2], text[start : end + 1], text[max(0, start - 1) : end])
    return all(
        len(one) < 2 or one == text[start:end] or tokenizer.is_name(one)
        for one in around
        if one != text[start : start + 2]
    )


def save(tagger: NameTagger, path: Path = MODEL) -> None:
    """Write the weights, half as exact."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, emits=tagger.emits.astype(np.float16), moves=tagger.moves.astype(np.float32))


def load(path: Path = MODEL) -> NameTagger | None:
    """The tagger, or None with a line in the log: the rules work without it."""
    try:
        with np.load(path) as file:
            return NameTagger(file["emits"].astype(np.float32), file["moves"].astype(np.float32))
    except (OSError, ValueError, KeyError) as error:
        log.warning("names are found by rules alone: %s: %s", path, type(error).__name__)
        return None


@lru_cache(maxsize=1)
def _shared() -> NameTagger | None:
    return load()


def find(text: str) -> Iterator[Match]:
    """Names in clean text that the tagger sees."""
    tagger = _shared()
    if tagger is None or not _likely().search(text):
        return
    for start, end in tagger.find(text):
        if _is_no_word(text, start, end):
            yield Match("person", text[start:end], start, end, rank=RANK)
