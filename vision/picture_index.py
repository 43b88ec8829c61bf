"""The shop's pictures as an index of vectors that follows the shop's changes.

Nobody has to rebuild it: when it is asked and its last look at the database is
some seconds old, pictures that came are looked at and put in, those that went are
taken out. A few are done at once; many are done by a thread beside, in portions
that are searchable as soon as they are done.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from shop.demo.stamp import read_stamp
from shop.errors import BadIndex, BadPicture
from shop.feature_store import FeatureStore
from shop.front import Shop
from shop.pictures import PictureView
from shop.vector_index import VectorIndex, build_index
from vision.encoder import ImageEncoder
from vision.gallery import Gallery
from vision.head import Head, load_head, plain_head, shipped_head
from vision.image_file import read_pixels

log = logging.getLogger(__name__)

AT_ONCE = 6
"""So many new pictures are looked at while a customer waits."""

AT_FIRST = 40
"""So many when nothing is known yet, and the customer would be told so."""

PORTION = 32
_OFTEN = 100
"""A large table is read less often, so that reading it never takes over a hundredth of the time."""


def index_folder(shop: Shop, encoder: ImageEncoder) -> Path:
    """Where features and head of an encoder are kept."""
    return Path(shop.settings.data_dir) / "vision" / encoder.name


class PictureIndex:
    """Vectors of all pictures on sale; safe to share between threads."""

    def __init__(self, shop: Shop, encoder: ImageEncoder) -> None:
        self._shop = shop
        self._encoder = encoder
        folder = index_folder(shop, encoder)
        self._store = FeatureStore(folder)
        self._head_file = folder / "head.npz"
        self._lock = threading.RLock()
        self._views: dict[int, PictureView] = {}
        self._own: dict[str, list[int]] = {}
        self._index: VectorIndex | None = None
        self._head: Head | None = None
        self._head_mark: tuple[float, int] | None = None
        self._bad: set[str] = set()
        self._check_at = 0.0
        self._beside: threading.Thread | None = None

    def refresh(self, *, everything: bool = False, told: Callable[[int, int], None] = lambda *_: None) -> None:
        """Follow the database, if the last look is old.

        Args:
            everything: Look now, and at every new picture before coming back.
            told: Hears (pictures done, pictures to do).
        """
        with self._lock:
            if not everything and time.monotonic() < self._check_at:
                return
            started = time.monotonic()
            views = self._shop.pictures.on_sale()
            missing = self._missing(views)
            if everything or len(missing) <= (AT_ONCE if self._views else AT_FIRST):
                self._look(missing, told)
                missing = []
            self._arrange(views)
            pause = self._shop.settings.catalogue_check_s
            spent = time.monotonic() - started
            self._check_at = time.monotonic() + (max(pause, min(_OFTEN * spent, 60.0)) if pause > 0 else 0.0)
            if missing and (self._beside is None or not self._beside.is_alive()):
                self._beside = threading.Thread(target=self._look_beside, args=(missing,), daemon=True, name="pictures")
                self._beside.start()

    def search(self, features: np.ndarray, count: int) -> list[tuple[str, str, float]]:
        """The products most like a photo: code, category and likeness, best first.

        Args:
            features: the encoder's, [features].
            count: how many pictures are taken into account; several may be of one product.
        """
        with self._lock:
            index, head, views, own = self._index, self._head, self._views, self._own
            if index is None or head is None or not len(index):
                return []
            photo = head.photos(features[None])
            near = [views[one] for one in index.search(photo[0], count).ids.tolist() if one in views]
            codes = list(dict.fromkeys(one.product_code for one in near))
            ids = [one for code in codes for one in own[code]]
            products = np.array([at for at, code in enumerate(codes) for _ in own[code]])
            scores = Gallery(index.vectors(np.array(ids)), products).scores(photo)[0] if ids else []
        shelves = {one.product_code: one.category for one in near}
        found = [(code, shelves[code], float(score)) for code, score in zip(codes, scores, strict=True)]
        return sorted(found, key=lambda one: (-one[2], one[0]))

    def finish(self, within_s: float) -> None:
        """Wait for what is being looked at beside, and take it in."""
        if self._beside is not None:
            self._beside.join(within_s)
        self._check_at = 0.0
        self.refresh()

    def __len__(self) -> int:
        return len(self._views)

    @property
    def head(self) -> Head | None:
        """The head in force; None before the first picture."""
        return self._head

    def _missing(self, views: Sequence[PictureView]) -> list[PictureView]:
        hashes = {one.sha256: one for one in views}
        known = self._store.known(hashes)
        return [one for key, one in hashes.items() if key not in known and key not in self._bad]

    def _look(self, views: Sequence[PictureView], told: Callable[[int, int], None] = lambda *_: None) -> None:
        for start in range(0, len(views), PORTION):
            portion = views[start : start + PORTION]
            pixels, hashes = [], []
            for one in portion:
                try:
                    pixels.append(read_pixels(self._shop.pictures.file(one.path), self._shop.settings))
                    hashes.append(one.sha256)
                except (OSError, BadPicture) as error:
                    self._bad.add(one.sha256)
                    log.warning("picture %d of %s can't be read: %s", one.id, one.product_code, type(error).__name__)
            if pixels:
                self._store.add(hashes, self._encoder.encode(pixels))
            told(min(start + PORTION, len(views)), len(views))

    def _look_beside(self, views: Sequence[PictureView]) -> None:
        try:
            for start in range(0, len(views), PORTION):
                self._look(views[start : start + PORTION])
                self._check_at = 0.0  # what is done is searchable from the next search on
        except Exception as error:  # noqa: BLE001 - a thread's exception would be lost
            log.error("looking at new pictures failed: %s", type(error).__name__)

    def _arrange(self, views: Sequence[PictureView]) -> None:
        known = self._store.known(one.sha256 for one in views)
        there = {one.id: one for one in views if one.sha256 in known}
        head_mark = self._mark()
        if self._index is not None and self._head is not None and head_mark == self._head_mark:
            if there == self._views:
                return
            self._change(there)
        elif there:
            features = self._store.features([one.sha256 for one in there.values()])
            self._head = self._make_head(features)
            self._index = build_index(np.array(list(there)), self._head.catalogue(features))
            self._head_mark = head_mark
        self._views = there
        own: dict[str, list[int]] = defaultdict(list)
        for one in there.values():
            own[one.product_code].append(one.id)
        self._own = own
        self._store.forget_all_but({one.sha256 for one in views})

    def _change(self, there: dict[int, PictureView]) -> None:
        """Take out what went and put in what came; the head stays as it is."""
        assert self._index is not None
        assert self._head is not None
        gone = [one for one, view in self._views.items() if there.get(one) != view]
        fresh = [one for one, view in there.items() if self._views.get(one) != view]
        if gone:
            self._index.remove(np.array(gone))
        if fresh:
            features = self._store.features([there[one].sha256 for one in fresh])
            self._index.add(np.array(fresh), self._head.catalogue(features))

    def _make_head(self, features: np.ndarray) -> Head:
        if self._head_file.is_file():
            try:
                return load_head(self._head_file, self._encoder.name)
            except BadIndex as error:
                log.warning("%s", error)
        demo = shipped_head(features, self._encoder.name) if read_stamp(self._shop.settings) is not None else None
        return demo or plain_head(features, self._encoder.name)

    def _mark(self) -> tuple[float, int] | None:
        try:
            stat = self._head_file.stat()
        except OSError:
            return None
        return stat.st_mtime, stat.st_size
