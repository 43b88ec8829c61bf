"""What a product review says: stars, and how it speaks of quality, price, shipping and service.

The reviews' part of the sentiment model reads the whole review for its stars and
each part of it (between marks, and before words like "but") for the aspects that
the part names (``data/lexicon/aspects.yml``).

    python -m nlp.reviews "REVIEW" …        one JSON line each
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Sequence

import numpy as np

from nlp import lexicon
from nlp.sentiment import SentimentReader
from nlp.text import clean

ASPECTS = ("quality", "price", "shipping", "service")
STAR_STEPS = (0.12, 0.35, 0.65, 0.88)
"""Probabilities of praise between which a review has one to five stars."""
MARKS = re.compile(r"[,;.!?~。，；！？、\n…]+|\s+")
SHORTEST = 2
MOST_PARTS = 40  # parts of a longer review that are read


@dataclass(frozen=True)
class ReviewReading:
    """What a review says.

    Attributes:
        stars: 1 to 5, as the words sound.
        praise: probability that the review praises, 0 to 1.
        aspects: probability of praise of each aspect that it speaks of.
    """

    stars: int
    praise: float
    aspects: dict[str, float]

    @property
    def label(self) -> str:
        """``neg``, ``neu`` (three stars) or ``pos``, as the store keeps it."""
        return "neg" if self.stars < 3 else "pos" if self.stars > 3 else "neu"

    def as_json(self) -> dict[str, Any]:
        """Plain JSON for the store and for people."""
        aspects = {name: round(share, 4) for name, share in self.aspects.items()}
        return {"stars": self.stars, "label": self.label, "praise": round(self.praise, 4), "aspects": aspects}


def read_reviews(texts: Sequence[str], reader: SentimentReader) -> list[ReviewReading]:
    """Read reviews, each by itself; an empty one has three stars.

    Args:
        texts: reviews as customers wrote them; never raises for any string.
        reader: the sentiment model.
    """
    parts = [_parts(text) for text in texts]
    spoken = [(row, part, names) for row, found in enumerate(parts) for part in found if (names := aspects_of(part))]
    lines = [*texts, *(part for _, part, _ in spoken)]
    praise = reader.chances(lines, review=True)[:, 2] if lines else np.zeros(0)
    heard: list[dict[str, list[float]]] = [{} for _ in texts]
    for (row, _, names), share in zip(spoken, praise[len(texts) :]):
        for name in names:
            heard[row].setdefault(name, []).append(float(share))
    found = []
    for row, text in enumerate(texts):
        whole = float(praise[row]) if clean(text).text else 0.5
        aspects = {name: float(np.mean(heard[row][name])) for name in ASPECTS if name in heard[row]}
        found.append(ReviewReading(stars_of(whole), whole, aspects))
    return found


def stars_of(praise: float) -> int:
    """Stars of a probability of praise."""
    return 1 + sum(praise >= step for step in STAR_STEPS)


def aspects_of(part: str) -> tuple[str, ...]:
    """The aspects that a part of a review names."""
    return tuple(name for name in ASPECTS if _words(name).search(part))


def _parts(text: str) -> list[str]:
    """The parts of a review: between marks, and before words that turn it."""
    found = []
    for piece in MARKS.split(clean(text).text):
        found += [one.strip() for one in _turns().split(piece)]
    return [one for one in found if len(one) >= SHORTEST][:MOST_PARTS]


@cache
def _words(aspect: str) -> re.Pattern[str]:
    words = sorted(lexicon.document("aspects")["aspects"][aspect], key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


@lru_cache(maxsize=1)
def _turns() -> re.Pattern[str]:
    return re.compile(f"(?={'|'.join(map(re.escape, lexicon.document('aspects')['turns']))})")


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.reviews", description=__doc__)
    parser.add_argument("review", nargs="+")
    for one in read_reviews(parser.parse_args(arguments).review, SentimentReader()):
        print(json.dumps(one.as_json(), ensure_ascii=False))


if __name__ == "__main__":
    main()
