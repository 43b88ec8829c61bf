"""The one recommender that the bot and the shop's pages ask.

``python -m recsys.recommender --customer ID [--explain]`` prints what a customer is shown and why.

    history (events of before, what was said and shown in this talk)
      → candidates: FAISS around the history's vector, neighbours of its items, what is popular
      → exact scores of all parts → wishes → diversity → reasons that were checked
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np

from recsys.artefact import Artefact, load_artefact
from recsys.ask import Ask
from recsys.diversity import spread_out
from recsys.model import top
from recsys.newcomers import Follower
from recsys.reasons import Reason, give_reasons
from recsys.scoring import History
from recsys.shelf import Shelf, ShelfKeeper, Wishes
from recsys.variants import WHOLE, variant_for, variants_of, varied
from recsys.view import View
from recsys.weights import weights_of
from shop.entities import ProductCard
from shop.errors import BadIndex, ShopError
from shop.event_reader import EventRow, bought_by, history_of
from shop.front import Shop
from shop.impressions import Shown
from shop.one_core import one_core
from shop.versions import current, open_newest

log = logging.getLogger("xiaoer.recsys")

POOL = 50
CHECK_S = 5.0
TALK_WEIGHTS = {"liked": 8.0, "asked": 4.0, "shown": 0.0, "disliked": -4.0}
"""What was done in this talk, in weights of history: it is now, and it was said."""


@dataclass(frozen=True)
class Pick:
    """One product of the answer; ``reasons`` are the strongest first, each checked."""

    product_id: int
    code: str
    score: float
    reasons: tuple[Reason, ...]
    propensity: float
    version: str
    variant: str = WHOLE


class Recommender:
    """Asks are independent and may come from several threads."""

    def __init__(self, shop: Shop, folder: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._shop = shop
        self._folder = folder or Path(shop.settings.data_dir) / "recsys"
        self._clock = clock
        self._keeper = ShelfKeeper(shop)
        self._artefact: Artefact | None = None
        self._name: str | None = None
        self._check_at = 0.0
        self._lock = threading.Lock()
        self._follower = Follower(shop)
        self._variants: dict[str, tuple[Artefact, Artefact]] = {}

    @property
    def version(self) -> str:
        """The model in service; ``popular`` when none is trained."""
        artefact = self.artefact()
        return artefact.version if artefact is not None else "popular"

    def artefact(self) -> Artefact | None:
        """The newest whole version on disk, taken up within seconds; the last good one when the new one is bad."""
        if time.monotonic() < self._check_at:
            return self._artefact
        with self._lock:
            if time.monotonic() < self._check_at:
                return self._artefact
            name = current(self._folder)
            if name is not None and name != self._name:
                try:
                    found, self._artefact = open_newest(self._folder, load_artefact, told=_complain)
                    log.info("recommendations come from version %s", found)
                except BadIndex as error:
                    _complain(str(error))
                self._name = name
            self._check_at = time.monotonic() + CHECK_S
            return self._artefact

    def shelf(self) -> Shelf:
        """What is on sale, as of the last seconds."""
        return self._keeper.shelf()

    def refresh(self) -> None:
        """Look for a new version and a changed shelf at the next ask."""
        self._check_at = 0.0
        self._keeper.forget()

    @one_core
    def recommend(self, ask: Ask) -> list[Pick]:
        """As many products as are asked for, if that many fit, best first."""
        shelf, variant = self._keeper.shelf(), self.variant(ask)
        artefact = self._in_force(shelf)
        if artefact is not None:
            artefact = self._varied(artefact, variant)
        fits = shelf.fitting(ask.wishes)
        if ask.customer_id is not None and not ask.bought_too:
            fits &= ~shelf.among(bought_by(self._shop, ask.customer_id))
        disliked = {product for product, kind in ask.talk if kind == "disliked"}
        fits &= ~shelf.among(disliked)
        positions = np.flatnonzero(fits)
        if not len(positions) or ask.count <= 0:
            return []
        events = self._events(ask)
        view = View(artefact, shelf, ask, self._history(artefact, events), self._clock())
        positions = view.candidates(positions)
        scores = view.scores(positions)
        chosen, propensity = self._choose(view, positions, scores, ask)
        causes = {event.product: event for event in reversed(events)}
        reasons = give_reasons(view, chosen, causes)
        reached = scores[np.searchsorted(positions, chosen)]
        return [
            Pick(int(shelf.ids[one]), shelf.items[one].code, float(score), why, chance, self.version, variant)
            for one, score, why, chance in zip(chosen, reached, reasons, propensity)
        ]

    def history(self, ask: Ask) -> History:
        """The weights of what is known of the customer and the talk, by column of the model."""
        return self._history(self.serving(), self._events(ask))

    def serving(self) -> Artefact | None:
        """The model in service with the products that came since its training; None before the first training."""
        return self._in_force(self._keeper.shelf())

    def _in_force(self, shelf: Shelf) -> Artefact | None:
        artefact = self.artefact()
        return None if artefact is None else self._follower.follow(artefact, shelf)

    def knows(self, ask: Ask) -> bool:
        """Whether anything is known of the customer's taste: what they did here, or what was said in this talk."""
        return bool(self._events(ask))

    def cards(self, picks: list[Pick]) -> list[ProductCard]:
        """Live cards of picks, in their order; what has left the shop meanwhile is left out."""
        return self._shop.catalogue.cards([one.code for one in picks])

    def log(self, customer_id: int | None, place: str, picks: list[Pick]) -> str:
        """Remember that a list was shown in the ``chat`` or on a ``page``; returns its id, for clicks."""
        shown = [
            Shown(one.product_id, one.propensity, one.variant, one.version, one.reasons[0].kind if one.reasons else "")
            for one in picks
        ]
        return self._shop.impressions.record(customer_id, place, shown)

    def variant(self, ask: Ask) -> str:
        """The variant of the A/B test that answers this ask."""
        who = f"customer {ask.customer_id}" if ask.customer_id is not None else ask.talk_id
        return variant_for(variants_of(self._shop.settings), who)

    def _varied(self, artefact: Artefact, variant: str) -> Artefact:
        kept = self._variants.get(variant)
        if kept is None or kept[0] is not artefact:
            self._variants[variant] = kept = (artefact, varied(artefact, variant))
        return kept[1]

    def similar(self, product_id: int, count: int = 5, wishes: Wishes | None = None) -> list[Pick]:
        """Products like one, by what people did with both and what they are."""
        wanted = wishes or Wishes()
        without = Wishes(**{**wanted.__dict__, "without": wanted.without | {product_id}})
        return self.recommend(Ask(talk=((product_id, "asked"),), wishes=without, count=count, explore=0.0))

    def _events(self, ask: Ask) -> list[EventRow]:
        """What is known of the customer and of this talk, newest first."""
        now = self._clock()
        talk = [EventRow(ask.customer_id or 0, product, kind, None, "", now) for product, kind in reversed(ask.talk)]
        return talk + (history_of(self._shop, ask.customer_id) if ask.customer_id is not None and ask.own else [])

    def _history(self, artefact: Artefact | None, events: list[EventRow]) -> History:
        if artefact is None:
            return {}
        now, weights = self._clock(), weights_of(self._shop.settings)
        total: dict[int, float] = {}
        for event in events:
            column = artefact.column_of.get(event.product)
            amount = TALK_WEIGHTS.get(event.kind) if event.kind in TALK_WEIGHTS else weights.of_row(event, now)
            if column is not None and amount:
                total[column] = total.get(column, 0.0) + amount
        return {column: float(np.sign(sum_) * np.log1p(abs(sum_))) for column, sum_ in total.items() if sum_}

    def _choose(
        self, view: View, positions: np.ndarray, scores: np.ndarray, ask: Ask
    ) -> tuple[np.ndarray, list[float]]:
        """Positions on the shelf in the order they are shown, and with what chance each came to its place."""
        settings = self._shop.settings
        leading = top(scores, max(POOL, ask.count))
        best, values = positions[leading], scores[leading]
        share = settings.recommend_diversity if ask.diversity is None else ask.diversity
        order = spread_out(values, view.kinships(best), ask.count, share)
        chosen = best[order]
        explore = settings.recommend_explore if ask.explore is None else ask.explore
        rest = np.setdiff1d(best, chosen)
        chances = [1.0] * len(chosen)
        if explore > 0 and len(rest) and len(chosen) == ask.count and ask.count > 1:
            rng = np.random.default_rng(ask.seed)
            chances[-1] = 1 - explore
            if rng.random() < explore:
                chosen = np.append(chosen[:-1], rng.choice(rest))
                chances[-1] = explore / len(rest)
        return chosen, chances


def _complain(what: str) -> None:
    log.warning("recommendations: %s; the last good version stays in service", what)


_recommenders: dict[int, Recommender] = {}
_lock = threading.Lock()


def recommender_of(shop: Shop) -> Recommender:
    """The process's Recommender of a shop, made at the first call."""
    with _lock:
        if id(shop) not in _recommenders:
            _recommenders[id(shop)] = Recommender(shop)
        return _recommenders[id(shop)]


def install(shop: Shop, recommender: Recommender) -> None:
    """Let this one answer for a shop."""
    with _lock:
        _recommenders[id(shop)] = recommender


def main() -> int:
    """Print a customer's recommendations; the exit code."""
    from recsys.explain import run

    try:
        return run()
    except ShopError as error:
        print(error)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
