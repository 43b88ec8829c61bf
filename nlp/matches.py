"""What the entity matchers share: a found value with its span, and how overlaps are settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable


@dataclass(frozen=True)
class Match:
    """A value found in clean text.

    Attributes:
        type: one of the entity types of ``nlp.entities``.
        value: plain JSON.
        start, end: half-open span in the clean text.
        rank: of two that overlap the higher one stays; equal ranks let the longer one stay.
    """

    type: str
    value: Any
    start: int
    end: int
    rank: int = 50

    def overlaps(self, other: Match) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


def settled(matches: Iterable[Match]) -> list[Match]:
    """Matches without overlaps, in the order of the text."""
    kept: list[Match] = []
    for one in sorted(matches, key=lambda match: (-match.rank, match.start - match.end, match.start)):
        if not any(one.overlaps(other) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda match: match.start)
