"""From an encoder's features to unit vectors in which near means alike.

A head centres the features of catalogue pictures and of photos each by their own
mean (the two are lit and cut differently), weighs the directions, and scales to
length one. Without training it is made from the catalogue's own features; with a
shop's photos, ``python -m vision.train`` learns it.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from shop.errors import BadIndex
from shop.settings import ROOT

FORMAT = 1
DEMO_HEAD = ROOT / "data" / "models" / "demo-eye.npz"
"""Learnt from renderings of the demo shop's drawings by ``python -m vision.train --renderings 3 --out``."""


@dataclass(frozen=True)
class HeadConfig:
    """How a head is made without photos."""

    width: int = 256
    """Most dimensions of a vector."""

    power: float = 0.25
    """0 keeps the variances of the directions, 0.5 makes them equal (whitening)."""

    damping: float = 0.05
    """Part of the largest variance that is added to each, so that noise is not blown up."""


@dataclass
class Head:
    """Two centres and a matrix; ``encoder`` names whose features it is for."""

    encoder: str
    catalogue_centre: np.ndarray
    """[features]"""
    photo_centre: np.ndarray
    """[features]"""
    matrix: np.ndarray
    """[features, width]"""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return int(self.matrix.shape[1])

    def catalogue(self, features: np.ndarray) -> np.ndarray:
        """Features of catalogue pictures [n, features] → unit vectors [n, width]."""
        return unit((unit(features) - self.catalogue_centre) @ self.matrix)

    def photos(self, features: np.ndarray) -> np.ndarray:
        """Features of photos [n, features] → unit vectors [n, width]."""
        return unit((unit(features) - self.photo_centre) @ self.matrix)

    def centred_on(self, features: np.ndarray) -> Head:
        """The same head for another catalogue; photos stay as far from pictures as they were.

        Args:
            features: [pictures, features] of that catalogue.
        """
        centre = unit(features).mean(axis=0)
        away = self.photo_centre - self.catalogue_centre
        return replace(self, catalogue_centre=centre, photo_centre=centre + away, facts=dict(self.facts))

    def halved(self) -> Head:
        """In half precision, to be shipped."""
        return replace(
            self,
            catalogue_centre=self.catalogue_centre.astype(np.float16),
            photo_centre=self.photo_centre.astype(np.float16),
            matrix=self.matrix.astype(np.float16),
            facts=dict(self.facts),
        )

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        out = io.BytesIO()
        about = json.dumps({"format": FORMAT, "encoder": self.encoder, **self.facts})
        parts = {"catalogue_centre": self.catalogue_centre, "photo_centre": self.photo_centre, "matrix": self.matrix}
        np.savez_compressed(out, about=np.array(about), **parts)
        draft = path.with_suffix(".part")
        draft.write_bytes(out.getvalue())
        draft.replace(path)


def load_head(path: Path, encoder: str) -> Head:
    """A trained head.

    Raises:
        BadIndex: it is missing, damaged, or made for another encoder's features.
    """
    head = _stored(path)
    if head.encoder != encoder:
        raise BadIndex(f"{path}: made for {head.encoder}, in use is {encoder}; run python -m vision.train")
    return head


def _stored(path: Path) -> Head:
    """The head of a file, whoever's features it is for; BadIndex where it is missing, damaged or of another format."""
    try:
        with np.load(path, allow_pickle=False) as content:
            about = json.loads(str(content["about"]))
            parts = (content[one].astype(np.float32) for one in ("catalogue_centre", "photo_centre", "matrix"))
            head = Head(about.pop("encoder"), *parts)
    except Exception as error:  # numpy, zip and JSON each raise their own kinds
        raise BadIndex(f"{path}: no head ({type(error).__name__}); run python -m vision.train") from error
    if (found := about.pop("format", None)) != FORMAT:
        raise BadIndex(f"{path}: format {found}, this program reads {FORMAT}; run python -m vision.train")
    head.facts = about
    return head


def shipped_head(features: np.ndarray, encoder: str, path: Path = DEMO_HEAD) -> Head | None:
    """A head that comes with the program, set to a shop's own catalogue; None where it is for other features.

    The one for the demo shop knows drawings: of photos on real shelves it finds fewer than the plain head
    (26 % instead of 36 % of bench/grocery's), so that no other shop is served by it.

    Args:
        features: [pictures, features] of the catalogue.
        encoder: whose features they are.
        path: where it lies.
    """
    try:
        head = _stored(path)
    except BadIndex:  # the plain head does
        return None
    fits = _family(head.encoder) == _family(encoder) and len(head.matrix) == features.shape[1]
    return replace(head.centred_on(features), encoder=encoder) if fits else None


def _family(encoder: str) -> str:
    """An encoder's name without the version of its code, which changes more often than what it sees."""
    return re.sub(r"-[0-9a-f]{12,}-", "-", encoder)


def plain_head(features: np.ndarray, encoder: str, config: HeadConfig = HeadConfig()) -> Head:
    """The head of a shop without photos: principal directions of its catalogue, evened out a little.

    Args:
        features: [pictures, features] of the catalogue.
        encoder: whose features they are.
        config: how much is evened out.
    """
    rows = unit(features)
    centre = rows.mean(axis=0)
    _, spread, axes = np.linalg.svd(rows - centre, full_matrices=False)
    kept = min(config.width, int((spread > 1e-6 * max(float(spread[0]), 1e-12)).sum()) or 1)
    variances = spread[:kept] ** 2
    weights = (variances + config.damping * variances[0]) ** -config.power
    return Head(encoder, centre, centre, (axes[:kept].T * weights / weights[0]).astype(np.float32))


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to length one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)
