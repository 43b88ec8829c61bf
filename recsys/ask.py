"""What is asked of the recommender."""

from __future__ import annotations

from dataclasses import dataclass, field

from recsys.shelf import Wishes


@dataclass(frozen=True)
class Ask:
    """What is asked for: by whom, in which talk, within which wishes."""

    customer_id: int | None = None
    talk: tuple[tuple[int, str], ...] = ()  # (product id, liked | asked | disliked), oldest first
    wishes: Wishes = field(default_factory=Wishes)
    suits: frozenset[int] = frozenset()  # ids of categories that suit the person or occasion
    style: frozenset[int] = frozenset()  # ids of products in the style that was named
    beside: int | None = None  # a category's id: what is bought together with it
    taste: float = 1.0  # how much the customer's own taste counts: less for a present
    own: bool = True  # whether what the customer did before this talk counts
    bought_too: bool = False
    seen_too: bool = False  # what was looked at before may lead the list; else it only fills it up
    count: int = 5
    diversity: float | None = None
    explore: float | None = None
    seed: int | None = None
    talk_id: str = ""  # the conversation, for a guest's part in an A/B test
