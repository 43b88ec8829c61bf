"""What the sentiment model reads of a line: characters, hashed n-grams and the sentence vector.

The n-grams are those of ``nlp.ngrams`` (one to four characters), counted into
``buckets`` places by CRC-32, so that no vocabulary is needed at serving time.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Sequence

import numpy as np

HEAD, TAIL = 80, 40  # characters of a long text that are read
PADDING, UNKNOWN = 0, 1  # character numbers with a meaning of their own


@dataclass(frozen=True)
class Batch:
    """Lines as arrays.

    Attributes:
        chars: character numbers, (lines, longest), 0 where there is none.
        grams: n-gram buckets, (lines, most), 0 where there is none.
        weights: their weights, each line of length one, (lines, most).
    """

    chars: np.ndarray
    grams: np.ndarray
    weights: np.ndarray


def view(text: str) -> str:
    """What of a prepared line is read: all of a short one, beginning and end of a long one."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + text[-TAIL:]


def gram_counts(text: str, buckets: int, longest: int = 4) -> Counter[int]:
    """How often each bucket (1 … buckets - 1) is hit by the n-grams of a line."""
    padded = f" {view(text)} "
    return Counter(
        1 + zlib.crc32(padded[start : start + size].encode("utf-8")) % (buckets - 1)
        for size in range(1, longest + 1)
        for start in range(len(padded) - size + 1)
    )


def gram_rarity(texts: Sequence[str], buckets: int, rarest: int = 2) -> np.ndarray:
    """Inverse document frequency of each bucket; 0 for those that fewer than ``rarest`` lines hit."""
    seen = np.zeros(buckets, np.int64)
    for text in texts:
        seen[list(gram_counts(text, buckets))] += 1
    rarity = 1 + np.log((1 + len(texts)) / (1 + seen))
    return np.where(seen >= rarest, rarity, 0.0).astype(np.float32)


def characters(texts: Sequence[str], numbers: dict[str, int]) -> np.ndarray:
    """Character numbers of prepared lines, (lines, longest)."""
    views = [view(text) for text in texts]
    chars = np.zeros((len(texts), max(1, max(map(len, views), default=1))), np.int64)
    for row, text in enumerate(views):
        chars[row, : len(text)] = [numbers.get(char, UNKNOWN) for char in text]
        if not text:
            chars[row, 0] = UNKNOWN
    return chars


def batch(texts: Sequence[str], numbers: dict[str, int], rarity: np.ndarray) -> Batch:
    """Prepared lines as arrays for the model.

    Args:
        texts: prepared lines.
        numbers: from character to number.
        rarity: as ``gram_rarity`` made it.
    """
    rows = [_weighted(gram_counts(text, len(rarity)), rarity) for text in texts]
    most = max(1, max((len(found) for found, _ in rows), default=1))
    grams = np.zeros((len(texts), most), np.int64)
    weights = np.zeros((len(texts), most), np.float32)
    for row, (found, weight) in enumerate(rows):
        grams[row, : len(found)] = found
        weights[row, : len(weight)] = weight
    return Batch(characters(texts, numbers), grams, weights)


def _weighted(counts: Counter[int], rarity: np.ndarray) -> tuple[list[int], list[float]]:
    """Buckets of a line with (1 + ln count) * rarity, brought to length one."""
    kept = [
        (bucket, (1 + math.log(count)) * float(rarity[bucket])) for bucket, count in counts.items() if rarity[bucket]
    ]
    length = math.sqrt(sum(weight * weight for _, weight in kept)) or 1.0
    return [bucket for bucket, _ in kept], [weight / length for _, weight in kept]
