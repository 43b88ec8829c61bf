"""Why a product is shown: only causes without which it would have scored less.

A cause is checked by taking it away and scoring again. What remains is said by
the bot in Chinese (``utter`` fragments ``reason_<kind>`` in labels.yml).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.artefact import Artefact
from recsys.bonuses import FITS_PRICE, PRAISE, SUITS, TOGETHER, price_fit
from recsys.scoring import OF_HISTORY, Scorer
from recsys.shelf import Shelf
from shop.event_reader import EventRow

if TYPE_CHECKING:
    from recsys.view import View

LEAST_DROP = 0.2
"""In spreads of the scores: a cause that moves less is none to name."""

MOST_CAUSES = 8
LEAST_PRAISE = 3
OF_KIND = {
    "liked": "liked", "asked": "talked", "buy": "bought", "cart": "cart", "favourite": "favourite",
    "rate": "rated", "view": "viewed",
}  # fmt: skip
OF_TALK = ("liked", "talked")
"""Kinds of reasons that were said in this talk; the others were done before."""


@dataclass(frozen=True)
class Reason:
    """``kind`` and the facts that its sentence needs; ``drop`` is what the score loses without the cause."""

    kind: str  # a value of OF_KIND, or taste, price, suits, style, together, praised, popular
    drop: float
    facts: dict[str, Any] = field(default_factory=dict)
    cause: int | None = None  # product id
    way: str = ""  # people (who had the one had the other) or picture, of a cause; talk, of a taste; else empty


def give_reasons(view: View, chosen: np.ndarray, causes: dict[int, EventRow]) -> list[tuple[Reason, ...]]:
    """Up to two reasons for each chosen product, the strongest first.

    Args:
        view: the ask with its shelf and model.
        chosen: positions on the shelf.
        causes: what was done with each product of the history, by product id.
    """
    columns = view.columns_of(chosen)
    from_history = _from_history(view, chosen, columns, causes)
    found = []
    for position, column, reason in zip(chosen, columns, from_history):
        reasons = [reason] if reason is not None else []
        reasons += _from_facts(view, int(position), int(column)) or ([] if reasons else [_popular(view, int(column))])
        found.append(tuple(sorted(reasons, key=lambda one: -one.drop)[:2]))
    return found


def _from_history(
    view: View, chosen: np.ndarray, columns: np.ndarray, causes: dict[int, EventRow]
) -> list[Reason | None]:
    """For each product the item of the history whose loss costs it most, if people would see why; else their taste."""
    found: list[Reason | None] = [None] * len(columns)
    known = np.flatnonzero(columns >= 0)
    scorer, artefact = view.scorer, view.artefact
    if scorer is None or artefact is None or not len(scorer.columns) or not len(known):
        return found
    best: dict[int, Reason] = {}
    likely = _likely_causes(scorer, columns[known], artefact)
    parts = scorer.drops_by_part(likely, columns[known])
    each = np.stack([parts[name] for name in OF_HISTORY])
    leads = np.array(OF_HISTORY)[each.argmax(0)]
    for cause, drops, leading in zip(likely, view.ask.taste * each.sum(0), leads):
        product = int(artefact.ids[cause])
        event, place = causes.get(product), view.shelf.positions(np.array([product]))
        kind = OF_KIND.get(event.kind) if event is not None else None
        if kind is None or not len(place):
            continue  # nothing that could be named
        facts = {"product": view.shelf.items[int(place[0])].name}
        for at, drop, lead in zip(known.tolist(), drops.tolist(), leading.tolist()):
            if drop < LEAST_DROP or columns[at] == cause or (at in best and drop <= best[at].drop):
                continue
            if _akin(view.shelf, int(place[0]), int(chosen[at]), artefact):
                best[at] = Reason(kind, drop, facts, product, _way(artefact, lead, int(cause), int(columns[at])))
    if view.ask.taste < 1:
        return [best.get(at) for at in range(len(columns))]  # nobody's own taste is why a present is shown
    own = any(OF_KIND.get(one.kind) not in (*OF_TALK, None) for one in causes.values())
    personal = view.ask.taste * (scorer.scores(columns[known]) - Scorer(artefact, {}).scores(columns[known]))
    for at, share in zip(known.tolist(), personal.tolist()):
        found[at] = best.get(at) or (Reason("taste", share, way="" if own else "talk") if share >= LEAST_DROP else None)
    return found


def _way(artefact: Artefact, lead: str, cause: int, column: int) -> str:
    """How a cause speaks for a product, by the part that loses most without it; of newcomers no people tell."""
    first_new = len(artefact.ids) - (len(artefact.likes.columns) if artefact.likes is not None else 0)
    new = max(cause, column) >= first_new
    if lead == "ease" and not new:
        return "people"
    return "picture" if (lead == "content" or new) and artefact.likest(cause, column) == "picture" else ""


def _akin(shelf: Shelf, cause: int, product: int, artefact: Artefact) -> bool:
    """Whether people see why one leads to the other: the same department, or often in one basket."""
    first, second = shelf.items[cause], shelf.items[product]
    if set(first.shelves) & set(second.shelves):
        return True
    return bool(artefact.lifts(first.shelves[0], np.array(second.shelves[:1])).any()) if first.shelves else False


def _likely_causes(scorer: Scorer, columns: np.ndarray, artefact: Artefact) -> np.ndarray:
    """Columns of the history's items that speak most for these products, a few."""
    near = [artefact.near(int(cause)) for cause in scorer.columns]
    owner = np.repeat(np.arange(len(near)), [len(items) for items, _ in near])
    wanted = np.zeros(len(artefact.ids), bool)
    wanted[columns] = True
    values = np.concatenate([values.clip(0) for _, values in near]) * wanted[np.concatenate([one for one, _ in near])]
    speak = np.bincount(owner, values, minlength=len(near)) * scorer.amounts.clip(0)
    content = np.asarray(artefact.content[scorer.columns]) @ np.asarray(artefact.content[columns]).T
    speak = speak / max(float(speak.max()), 1e-9) + content.clip(0).mean(1) * scorer.amounts.clip(0)
    return scorer.columns[np.argsort(-speak, kind="stable")[:MOST_CAUSES]]


def _from_facts(view: View, position: int, column: int) -> list[Reason]:
    """What stands about the product itself: each adds to its score in ``recsys.view``."""
    shelf, ask, artefact = view.shelf, view.ask, view.artefact
    reasons, wishes = [], ask.wishes
    if ask.suits and int(shelf.leaf[position]) in ask.suits:
        reasons.append(Reason("suits", SUITS))
    if ask.style and int(shelf.ids[position]) in ask.style:
        reasons.append(Reason("style", SUITS))
    if ask.beside is not None and artefact is not None:
        lift = float(artefact.lifts(ask.beside, shelf.leaf[[position]])[0])
        if lift > 0:
            reasons.append(Reason("together", TOGETHER * lift))
    fit = float(price_fit(shelf, np.array([position]), wishes)[0])
    if fit > 0:
        price = {"low_fen": wishes.price_min_fen, "high_fen": wishes.price_max_fen}
        reasons.append(Reason("price", FITS_PRICE * fit, price))
    praise = float(shelf.praise[position])
    told = artefact.praise.get(int(shelf.ids[position]), []) if artefact is not None else []
    if praise > 0 and told and told[0][1] >= LEAST_PRAISE:
        reasons.append(Reason("praised", PRAISE * praise, {"aspect": told[0][0], "people": told[0][1]}))
    return reasons


def _popular(view: View, column: int) -> Reason:
    """What remains to be said: that many buy it, with what that adds to its score."""
    artefact = view.artefact
    if artefact is None or column < 0:
        return Reason("popular", 0.0)
    scale = view.ask.taste * artefact.weights["popularity"] / max(artefact.spreads[2], 1e-9)
    return Reason("popular", max(0.0, scale * (float(artefact.popular[column]) - artefact.typical_popularity)))
