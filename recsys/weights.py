"""How much an event says about a taste: by its kind and by its age."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.cleaning import EventTable
from shop.errors import BadSetting
from shop.event_reader import EventRow
from shop.settings import PREFIX, Settings

DAY_S = 86400.0
NEUTRAL_STARS = 3.0


@dataclass(frozen=True)
class Weights:
    """Weight of each kind of event, halved every ``half_life_days``; a rating below 3 stars counts against."""

    kinds: dict[str, float]
    half_life_days: float

    def of(self, events: EventTable, now: float) -> np.ndarray:
        """Weights of events at a moment: float64, negative for bad ratings."""
        base = np.array([self.kinds.get(kind, 0.0) for kind in events.kind.tolist()])
        stars = np.where(np.isnan(events.rating), NEUTRAL_STARS + 1, events.rating)
        liking = np.where(events.kind == "rate", (stars - NEUTRAL_STARS + 0.5) / 1.5, 1.0)
        return np.asarray(base * liking * 0.5 ** (np.maximum(now - events.at, 0) / DAY_S / self.half_life_days))

    def of_row(self, event: EventRow, now: float) -> float:
        """The weight of one event."""
        liking = 1.0
        if event.kind == "rate":
            liking = ((event.rating or NEUTRAL_STARS + 1) - NEUTRAL_STARS + 0.5) / 1.5
        age = max(now - event.at, 0.0) / DAY_S
        return float(self.kinds.get(event.kind, 0.0) * liking * 0.5 ** (age / self.half_life_days))


def weights_of(settings: Settings) -> Weights:
    """The weights that the settings ask for.

    Raises:
        BadSetting: the text is not of the form ``view=1,cart=3``, or a number is not above 0.
    """
    text = settings.recommend_weights
    kinds: dict[str, float] = {}
    try:
        for part in text.split(","):
            name, _, value = part.partition("=")
            kinds[name.strip()] = float(value)
    except ValueError:
        kinds = {}
    known = {"view", "search", "cart", "favourite", "buy", "rate"}
    if not kinds or not set(kinds) <= known or min(kinds.values()) < 0:
        mend = f"give kind=weight with commas between, of {', '.join(sorted(known))}"
        raise BadSetting(f"{PREFIX}RECOMMEND_WEIGHTS", text, mend)
    if settings.recommend_half_life_days <= 0:
        raise BadSetting(
            f"{PREFIX}RECOMMEND_HALF_LIFE_DAYS", str(settings.recommend_half_life_days), "give days above 0"
        )
    return Weights(kinds, settings.recommend_half_life_days)
