"""Finds the products on a photo: pictures alike, best of each product, words and taste of the customer."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Callable, Mapping, Sequence
from weakref import WeakKeyDictionary

import numpy as np

from shop.front import Shop
from vision.certainty import thresholds_of
from vision.encoder import ImageEncoder, OnnxEncoder
from vision.findings import Certainty, Finding, Hit, Thresholds
from vision.gallery import shelf_shares
from vision.image_file import Pixels
from vision.picture_index import PictureIndex
from vision.preprocessing import flaw_of, prepared

PICTURES_ASKED = 60
"""Pictures of the index that are looked at more closely; several may be of one product."""

TIE = 0.02
"""Products whose likeness differs by less are ordered by taste."""

Taste = Callable[[Sequence[str]], Mapping[str, float]]
Keep = Callable[[Sequence[str]], set[str]]


@dataclass(frozen=True)
class FinderConfig:
    """How answers are made of likenesses."""

    thresholds: Thresholds = Thresholds()
    near_best: float = 0.35
    """Products further below the best likeness than this are shown only to make up ``least``."""

    as_good: float = 0.2
    """Products of another kind than the best are chosen among by words only if they are so nearly as alike."""

    least: int = 3

    one_thing_from: float = 0.35
    """Photos at least this alike show one thing."""


class PictureFinder:
    """The shop's eye; one for a process."""

    def __init__(self, shop: Shop, encoder: ImageEncoder, config: FinderConfig = FinderConfig()) -> None:
        self._encoder = encoder
        self._config = config
        self._sure_from = shop.settings.image_sure_from
        self.index = PictureIndex(shop, encoder)

    def find(
        self, photos: Sequence[Pixels], count: int = 5, *, keep: Keep | None = None, taste: Taste | None = None
    ) -> list[Finding]:
        """The products most like the photos: one finding for each thing that they show.

        Args:
            photos: one photo or several, of one thing or of several.
            count: most products to give for each thing.
            keep: which of some products fit what the customer said ("a black one", "under 200").
            taste: how much the customer would like each of some products; decides between near-ties.

        Returns:
            At least one finding; photos that can't be looked at count only when all are such.
        """
        flaws = [flaw_of(one) for one in photos]
        clear = [one for one, flaw in zip(photos, flaws, strict=True) if flaw is None]
        if not clear:
            return [Finding(Certainty.UNKNOWN, flaw=next((one for one in flaws if one), None))]
        self.index.refresh()
        features = self._encoder.encode([prepared(one) for one in clear])
        return [self._finding(group, count, keep, taste) for group in self._things(features)]

    def _things(self, features: np.ndarray) -> list[np.ndarray]:
        """Photos of one thing together, in the order of their first photo."""
        head = self.index.head
        if head is None or len(features) == 1:
            return [features]
        vectors = head.photos(features)
        groups: list[list[int]] = []
        for at in range(len(features)):
            alike = (one for one in groups if max(vectors[one] @ vectors[at]) >= self._config.one_thing_from)
            group = next(alike, None)
            if group is None:
                groups.append([at])
            else:
                group.append(at)
        return [features[group] for group in groups]

    def _finding(self, features: np.ndarray, count: int, keep: Keep | None, taste: Taste | None) -> Finding:
        ranked, shelves = self._products(features)
        if not ranked:
            return Finding(Certainty.UNKNOWN)
        facts = self.index.head.facts if self.index.head is not None else {}
        thresholds = thresholds_of(facts, self._config.thresholds, self._sure_from)
        best, lead = ranked[0].likeness, ranked[0].likeness - (ranked[1].likeness if len(ranked) > 1 else 0.0)
        in_shop = thresholds.probability(best, lead)
        wanted = None if keep is None else keep([one.code for one in ranked])
        fitting = ranked if wanted is None else [one for one in self._alike(ranked, shelves) if one.code in wanted]
        near = [one for one in fitting if one.likeness >= fitting[0].likeness - self._config.near_best]
        fitting = fitting[: max(len(near), self._config.least)]
        certainty = Certainty.CHOOSE
        if in_shop < thresholds.unknown_below or not fitting:
            certainty = Certainty.UNKNOWN
        elif in_shop >= thresholds.sure_from and fitting[0] == ranked[0]:
            certainty = Certainty.SURE
        category = _category(ranked, shelves, thresholds) if in_shop >= thresholds.guess_from else None
        return Finding(certainty, tuple(_by_taste(fitting, taste)[:count]), in_shop, category)

    def _alike(self, ranked: Sequence[Hit], shelves: Mapping[str, str]) -> list[Hit]:
        """What words may choose among: of the best one's kind, or nearly as alike; the rest is on no photo."""
        best = ranked[0]
        nearest = best.likeness - self._config.as_good
        return [one for one in ranked if one.likeness >= nearest or shelves[one.code] == shelves[best.code]]

    def _products(self, features: np.ndarray) -> tuple[list[Hit], dict[str, str]]:
        """All products near the photos, best first, and the category of each."""
        likeness: dict[str, list[float]] = defaultdict(list)
        shelves: dict[str, str] = {}
        for row in features:
            for code, shelf, score in self.index.search(row, PICTURES_ASKED):
                likeness[code].append(score)
                shelves[code] = shelf
        hits = [Hit(code, sum(scores) / len(features)) for code, scores in likeness.items()]
        hits.sort(key=lambda one: (-one.likeness, one.code))
        return hits, shelves


def _category(hits: Sequence[Hit], shelves: Mapping[str, str], thresholds: Thresholds) -> str | None:
    """The likeliest category, by the likeness of all its products; None when none is likely enough."""
    of = np.array([shelves[one.code] for one in hits])
    shares = shelf_shares(np.array([[one.likeness for one in hits]]), of)[0]
    best = int(shares.argmax())
    return str(np.unique(of)[best]) if shares[best] >= thresholds.category_from else None


def _by_taste(hits: list[Hit], taste: Taste | None) -> list[Hit]:
    """Near-ties with the best go by taste; the rest stays where it is."""
    if taste is None or len(hits) < 2:
        return hits
    tied = [one for one in hits if one.likeness >= hits[0].likeness - TIE]
    if len(tied) < 2:
        return hits
    liked = taste([one.code for one in tied])
    tied.sort(key=lambda one: (-liked.get(one.code, 0.0), -one.likeness, one.code))
    return tied + hits[len(tied) :]


_finders: WeakKeyDictionary[Shop, PictureFinder] = WeakKeyDictionary()
_wiring = threading.Lock()


def finder_of(shop: Shop) -> PictureFinder:
    """The process's finder for a shop; the encoder of the settings, unless ``wire_finder`` gave another."""
    with _wiring:
        if shop not in _finders:
            _finders[shop] = PictureFinder(shop, OnnxEncoder(shop.settings.image_encoder))
        return _finders[shop]


def wire_finder(shop: Shop, finder: PictureFinder) -> None:
    """Let this finder serve the shop."""
    with _wiring:
        _finders[shop] = finder
