"""Kernel ridge regression onto one-of-n targets (Saunders et al. 1998), with the scores of each line left out.

Leaving a line out has a closed form: its residual divided by the diagonal of the
inverse, which random probes estimate (Hutchinson 1990). Solving costs the cube of
the lines, so many lines are solved in parts whose answers are averaged (divide and
conquer: Zhang, Duchi & Wainwright 2013), which keeps time linear and memory bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Sequence

import numpy as np

from shop.errors import BadValue

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STRIP = 1024  # rows of the kernel that are made at once
PROBES = 128  # random vectors that estimate the diagonal of the inverse


@dataclass(frozen=True)
class RidgeConfig:
    """How the regression is done.

    Attributes:
        sharpness: of the Gaussian kernel over sentence vectors.
        vector_weight: of that kernel.
        char_weight: of the n-gram kernel beside the Gaussian one (which is 1 at most).
        lesson_sharpness, lesson_weight: of the Gaussian kernel over the scores of a first reading or a teacher; a
            weight of 0 reads once.
        ridge: regularisation; more is smoother.
        smoothing: share of each target that is spread over all labels (Szegedy et al. 2016).
        balance: 0 counts every line alike, 1 every intent alike.
        part: so many lines are solved at once at most (20,000 take 1.6 GB).
        seed: of the probes and of the parts.
    """

    sharpness: float = 1.0
    vector_weight: float = 1.0
    char_weight: float = 0.3
    lesson_sharpness: float = 4.0
    lesson_weight: float = 0.5
    ridge: float = 0.15
    smoothing: float = 0.0
    balance: float = 0.5
    part: int = 20_000
    seed: int = 7


@dataclass(frozen=True)
class View:
    """The lines as unit vectors, one row a line, under a Gaussian kernel."""

    vectors: np.ndarray
    sharpness: float
    weight: float


@dataclass(frozen=True)
class Solved:
    """What came out: ``score(x) = base + sum of weights[i] * kernel(x, line i)``.

    Attributes:
        weights: of shape (lines, labels).
        base: what every label has.
        left_out: the scores of each line by all the others, of the same shape.
    """

    weights: np.ndarray
    base: float
    left_out: np.ndarray


def solve(views: Sequence[View], grams: csr_matrix, targets: np.ndarray, labels: int, config: RidgeConfig) -> Solved:
    """Learn the targets of some lines.

    Args:
        views: the lines, seen in one or several ways.
        grams: the same lines' n-grams, rows of length one.
        targets: numbers of the labels.
        labels: how many labels there are.
        config: see there.
    """
    count = np.maximum(np.bincount(targets, minlength=labels), 1)
    loose = config.ridge / (len(targets) / labels / count)[targets] ** config.balance
    base = 1 / labels
    wanted = np.float32(1 - config.smoothing) * (np.eye(labels, dtype=np.float32)[targets] - np.float32(base))
    parts = -(-len(targets) // config.part)
    order = np.random.default_rng(config.seed).permutation(len(targets)) if parts > 1 else np.arange(len(targets))
    weights, left_out = np.empty_like(wanted), np.empty_like(wanted)
    for part in range(parts):
        some = np.sort(order[part::parts])
        kernel = _kernel([replace(view, vectors=view.vectors[some]) for view in views], grams[some], config)
        kernel[np.diag_indices_from(kernel)] += loose[some].astype(np.float32)
        found, diagonal = _cholesky(kernel, wanted[some], config)
        left_out[some] = wanted[some] + np.float32(base) - found / diagonal[:, None]
        weights[some] = found / parts
    return Solved(weights, base, left_out)


def gauss(cosines: np.ndarray, sharpness: float) -> np.ndarray:
    """The Gaussian kernel of unit vectors: one where they are the same."""
    done: np.ndarray = np.exp(sharpness * (cosines - 1)).astype(np.float32)
    return done


def _kernel(views: Sequence[View], grams: csr_matrix, config: RidgeConfig) -> np.ndarray:
    """Each line with each line; made in strips, for it is the largest thing in memory."""
    lines = grams.shape[0]
    kernel = np.empty((lines, lines), np.float32)
    for at in range(0, lines, STRIP):
        strip = slice(at, at + STRIP)
        kernel[strip] = config.char_weight * (grams[strip] @ grams.T).toarray()
        for view in views:
            kernel[strip] += view.weight * gauss(view.vectors[strip] @ view.vectors.T, view.sharpness)
    return kernel


def _cholesky(kernel: np.ndarray, wanted: np.ndarray, config: RidgeConfig) -> tuple[np.ndarray, np.ndarray]:
    """The weights, and the diagonal of the kernel's inverse; the kernel is used up."""
    from scipy.linalg import lapack

    # The kernel is symmetric: its transpose is the Fortran order that LAPACK works on in place.
    factor, failed = lapack.spotrf(kernel.T, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise BadValue(f"ridge={config.ridge}: the kernel is not positive; raise it")
    drawn = np.random.default_rng(config.seed).choice([-1.0, 1.0], (len(wanted), PROBES))
    probes = drawn.astype(np.float32)
    solved, _ = lapack.spotrs(factor, np.asfortranarray(np.hstack([wanted, probes])), lower=1)
    labels = wanted.shape[1]
    diagonal = np.maximum((solved[:, labels:] * probes).mean(axis=1), 1e-3)
    return np.ascontiguousarray(solved[:, :labels], np.float32), diagonal
