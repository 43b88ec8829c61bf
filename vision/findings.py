"""What a search by picture comes back with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vision.preprocessing import Flaw


class Certainty(str, Enum):
    """How much an answer may promise."""

    SURE = "sure"
    CHOOSE = "choose"
    UNKNOWN = "unknown"
    """Nothing of the shop looks like it, or it is no product at all."""


@dataclass(frozen=True)
class Hit:
    """A product that looks like the photo."""

    code: str
    likeness: float
    """Cosine of photo and picture, the best over all pictures of the product; 1 is the same."""


@dataclass(frozen=True)
class Finding:
    """The likeliest products, best first, and what may be said of them."""

    certainty: Certainty
    hits: tuple[Hit, ...] = ()
    in_shop: float = 0.0
    """Probability that the shop sells what is on the photo."""

    category: str | None = None
    """Code of the likeliest category; None when none is likely or it is no product at all."""

    flaw: Flaw | None = None
    """What keeps the photo from being looked at; then there are no hits."""


@dataclass(frozen=True)
class Thresholds:
    """Where sure, choose and don't-know part; cosines, and a logistic curve over them.

    The curve gives the probability that the right product is the first: it rises
    with the best likeness and with its lead over the second.
    """

    slope: float = 12.0
    lead_slope: float = 10.0
    offset: float = -6.2
    sure_from: float = 0.85
    unknown_below: float = 0.25
    guess_from: float = 0.15
    """Below this chance that the right product is there, it is taken for no product, whatever it is nearest to."""

    category_from: float = 0.6
    """Share of the likeliest category from which it is named."""

    def probability(self, best: float, lead: float) -> float:
        """Probability that a photo whose best product is this like, and ahead by this much, is in the shop."""
        import math

        return 1.0 / (1.0 + math.exp(-(self.offset + self.slope * best + self.lead_slope * lead)))
