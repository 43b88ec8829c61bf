"""One ask's sight of shelf and model: which products come into question, and their scores."""

from __future__ import annotations

import numpy as np

from recsys.artefact import Artefact
from recsys.ask import Ask
from recsys.bonuses import FITS_PRICE, NEW_DAYS, NEWNESS, PRAISE, SUITS, TOGETHER, price_fit
from recsys.scoring import History, Scorer
from recsys.shelf import Shelf

WHOLE_UP_TO = 4_000
"""So many fitting products are all scored; from more, candidates are drawn."""

CANDIDATES = 400
LEAST_CANDIDATES = 50
KNOWN_ALREADY = 1000.0


class View:
    """One ask's sight of shelf and model."""

    def __init__(self, artefact: Artefact | None, shelf: Shelf, ask: Ask, history: History, now: float) -> None:
        self.artefact, self.shelf, self.ask, self.now = artefact, shelf, ask, now
        self.scorer = Scorer(artefact, history) if artefact is not None else None

    def columns_of(self, positions: np.ndarray) -> np.ndarray:
        """Columns of the model, −1 for what it does not know."""
        if self.artefact is None:
            return np.full(len(positions), -1)
        return self.artefact.columns(self.shelf.ids[positions])

    def candidates(self, positions: np.ndarray) -> np.ndarray:
        """All fitting products while they are few; else those that some part of the model brings up."""
        if len(positions) <= WHOLE_UP_TO or self.scorer is None or self.artefact is None:
            return positions
        artefact, scorer = self.artefact, self.scorer
        fits = np.zeros(len(self.shelf), bool)
        fits[positions] = True
        drawn = [artefact.ids[artefact.most_popular[:CANDIDATES]]]
        if len(scorer.columns):
            drawn.append(artefact.index.search(scorer.vector(), CANDIDATES).ids)
            every = scorer.neighbour_scores()
            near = np.flatnonzero(every > 0)
            if len(near) > CANDIDATES:
                near = near[np.argpartition(-every[near], CANDIDATES)[:CANDIDATES]]
            drawn.append(artefact.ids[near])
        found = self._fitting(drawn, fits)
        if len(found) < CANDIDATES // 2:  # the wishes left little of what lies nearest: look among what fits
            allowed = self.shelf.ids[positions]
            more = [artefact.ids[artefact.most_popular]]
            if len(scorer.columns):
                more.append(artefact.index.search(scorer.vector(), CANDIDATES, allowed).ids)
            found = self._fitting([*drawn, *more], fits)
        return found if len(found) >= max(LEAST_CANDIDATES, self.ask.count) else positions

    def _fitting(self, drawn: list[np.ndarray], fits: np.ndarray) -> np.ndarray:
        found = self.shelf.positions(np.unique(np.concatenate(drawn)))
        return found[fits[found]]

    def scores(self, positions: np.ndarray) -> np.ndarray:
        """The model's score, and what stars, age, price and occasion add to it."""
        shelf, ask = self.shelf, self.ask
        columns = self.columns_of(positions)
        known = columns >= 0
        scores = np.zeros(len(positions), np.float32)
        if self.scorer is not None and known.any():
            scores[known] = ask.taste * self.scorer.scores(columns[known])
            if not known.all():  # what nothing is known of stands where an ordinary product stands
                scores[~known] = np.median(scores[known])
        if self.scorer is not None and not ask.seen_too:  # what is known already comes after all else
            scores[known] -= KNOWN_ALREADY * np.isin(columns[known], self.scorer.columns)
        scores += PRAISE * shelf.praise[positions]
        scores += NEWNESS * ((self.now - shelf.opened[positions]) < NEW_DAYS * 86400)
        scores += FITS_PRICE * price_fit(shelf, positions, ask.wishes)
        if ask.suits:
            scores += SUITS * np.isin(shelf.leaf[positions], list(ask.suits))
        if ask.style:
            scores += SUITS * np.isin(shelf.ids[positions], list(ask.style))
        if ask.beside is not None and self.artefact is not None:
            scores += TOGETHER * self.artefact.lifts(ask.beside, shelf.leaf[positions])
        return scores

    def kinships(self, positions: np.ndarray) -> np.ndarray:
        """How alike products are, 0 to 1: shelf, brand, and what they are."""
        shelf = self.shelf
        alike = 0.5 * (shelf.leaf[positions][:, None] == shelf.leaf[positions][None])
        alike += 0.2 * (shelf.brand[positions][:, None] == shelf.brand[positions][None])
        if self.artefact is not None:
            columns = self.columns_of(positions)
            content = np.where((columns >= 0)[:, None], self.artefact.content[columns], 0.0)
            alike += 0.3 * np.clip(content @ content.T, 0, 1)
        return np.asarray(alike)
