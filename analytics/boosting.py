"""One gradient-boosting model for all series: what happened after moments like this one.

Rows are (series, origin, step); every quantity is divided by the series' scale (the root
mean square of its steps), so that small and large series teach each other and the
squared error is the one that RMSSE counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

from analytics.smoothing import tsb

Array = np.ndarray


@dataclass(frozen=True)
class BoostConfig:
    """How the model is trained."""

    trees: int = 120
    rate: float = 0.05
    leaves: int = 12
    least_rows: int = 500
    most_rows: int = 250_000
    seed: int = 7
    threads: int = 2


def scale(past: Array) -> Array:
    """Root mean square of the steps from the first demand on; never 0."""
    steps = np.diff(past, axis=1) ** 2
    seen = np.cumsum(past > 0, axis=1)[:, :-1] > 0
    mean = (steps * seen).sum(1) / np.maximum(1, seen.sum(1))
    return np.sqrt(np.where(mean > 0, mean, 1.0))


def features(
    values: Array, origin: int, steps: Array, season: int, extra: Array | None, shelves: Array | None = None
) -> Array:
    """(series × steps, columns) of what is known at an origin.

    Args:
        values: series × time, of which only what lies before the origin is read.
        steps: 1-based steps ahead.
        extra: series × time × columns known ahead (price, promotion); may reach beyond the values.
        shelves: number of each series' category, whose year is steadier than its own.
    """
    past = values[:, :origin]
    count = len(past)
    unit = scale(past)[:, None]
    fixed, month = _fixed(past, unit, season)
    shelf = None if shelves is None else _sums(past, shelves)
    if shelf is not None:
        fixed = np.column_stack([fixed, _trend_of(shelf, season)[shelves]])
    blocks = []
    for step in steps:
        target = origin + int(step) - 1
        columns = [*_of_step(past, target, int(step), season, month, unit[:, 0]), np.full(count, target % season)]
        if shelf is not None:
            columns.append(_year_of(shelf, origin, target, season)[shelves])
        blocks.append(np.column_stack([fixed, *columns, *_known(extra, target, origin, count)]))
    return np.stack(blocks, axis=1).reshape(count * len(steps), -1).astype(np.float32)


def _fixed(past: Array, unit: Array, season: int) -> tuple[Array, Array]:
    """What is the same for every step ahead, and the mean of the longest window."""
    origin = past.shape[1]
    windows = [season, 2 * season, 4 * season, 13 * season] if season == 7 else [3, 6, 12, 24, 36]
    means = [past[:, -min(one, origin) :].mean(1) for one in windows]
    hits = [(past[:, -min(one, origin) :] > 0).mean(1) for one in windows[1:]]
    weights = [_weights(origin, alpha) for alpha in (0.02, 0.1, 0.3)]
    smooth = [past @ one for one in weights]
    seen = past > 0
    size = past.sum(1) / np.maximum(1, seen.sum(1))
    since = np.where(seen.any(1), np.argmax(seen[:, ::-1], axis=1), origin)
    scaled = np.column_stack([*means, past.mean(1), *smooth, size, past[:, -1]]) / unit
    plain = [*hits, seen.mean(1), np.log1p(since), np.argmax(seen, axis=1) / origin, np.log(unit)]
    return np.column_stack([scaled, *plain]), means[-1]


def _of_step(past: Array, target: int, step: int, season: int, usual: Array, unit: Array) -> list[Array]:
    """The same place of the last seasons, of the year before, and the step."""
    origin = past.shape[1]
    newest = target - season * -(-step // season)
    same = [past[:, at] for at in range(newest, max(-1, target - 6 * season), -season) if 0 <= at < origin]
    phase = np.mean(same, axis=0) if same else usual
    then = target - (364 if season == 7 else 12)
    around = past[:, max(0, then - season + 1) : then + season] if season == 7 and then >= season else None
    if around is not None and around.size:
        ago = around.mean(1)
    else:
        ago = past[:, then] if 0 <= then < origin else usual
    return [phase / unit, ago / unit, np.full(len(past), float(step))]


def _sums(past: Array, shelves: Array) -> Array:
    """Sales of each category, with a part of the whole shop's so that a small one is not all chance."""
    sums = np.zeros((int(shelves.max()) + 1, past.shape[1]))
    np.add.at(sums, shelves, past)
    total = sums.sum(0)
    return np.asarray(sums + SHELF_PRIOR * total / max(1e-9, float(total.mean())))


SHELF_PRIOR = 0.5
"""Units a day of the whole shop's pattern in each category's own."""


def _trend_of(shelf: Array, season: int) -> Array:
    """Logarithm of the last weeks (or seasons of months) over the half year before."""
    near, far = (4 * season, 26 * season) if season == 7 else (3, 12)
    return np.asarray(np.log(shelf[:, -near:].mean(1) + 1e-9) - np.log(shelf[:, -far:].mean(1) + 1e-9))


def _year_of(shelf: Array, origin: int, target: int, season: int) -> Array:
    """Logarithm of a year before the target over a year before the last weeks; 0 where that is not known."""
    year, half, near = (364, 10, 28) if season == 7 else (12, 1, 3)
    if origin - near - year < 0 or season not in (7, 12):
        return np.zeros(len(shelf))
    then = shelf[:, max(0, target - year - half) : min(origin, target - year + half + 1)].mean(1)
    before = shelf[:, origin - near - year : origin - year].mean(1)
    return np.asarray(np.log(then + 1e-9) - np.log(before + 1e-9))


def _weights(length: int, alpha: float) -> Array:
    weight = (1 - alpha) ** np.arange(length)[::-1]
    return np.asarray(weight / weight.sum())


def _known(extra: Array | None, target: int, origin: int, count: int) -> list[Array]:
    if extra is None:
        return []
    at = min(target, extra.shape[1] - 1)
    del origin, count
    return [extra[:, at, column] for column in range(extra.shape[2])]


class Booster:
    """Fits on past origins, predicts from one."""

    def __init__(self, config: BoostConfig | None = None) -> None:
        self.config = config or BoostConfig()
        self._model: Any = None

    def fit(
        self,
        values: Array,
        origins: Sequence[int],
        horizon: int,
        season: int,
        extra: Array | None = None,
        shelves: Array | None = None,
    ) -> Booster:
        """Learn from what followed each origin; rows beyond ``most_rows`` are left out by chance."""
        import lightgbm

        rng = np.random.default_rng(self.config.seed)
        share = min(1.0, self.config.most_rows / (len(values) * horizon * len(origins)))
        table, target, base = [], [], []
        for origin in origins:
            steps = np.arange(1, min(horizon, values.shape[1] - origin) + 1)
            if share < 1:
                steps = np.sort(rng.choice(steps, max(1, round(share * len(steps))), replace=False))
            unit = scale(values[:, :origin])[:, None]
            started = (values[:, :origin] > 0).any(1)
            rows = features(values, origin, steps, season, extra, shelves).reshape(len(values), len(steps), -1)[started]
            table.append(rows.reshape(-1, rows.shape[2]))
            target.append((values[:, origin + steps - 1] / unit)[started].ravel())
            level = np.repeat(self._level(values[:, :origin]) / unit, len(steps), axis=1)
            base.append(level[started].ravel())
        if not table or not sum(map(len, target)):
            return self
        self._model = lightgbm.LGBMRegressor(
            n_estimators=self.config.trees, learning_rate=self.config.rate, num_leaves=self.config.leaves,
            min_child_samples=self.config.least_rows, subsample=0.8, subsample_freq=1, colsample_bytree=0.7,
            reg_lambda=5.0, random_state=self.config.seed, n_jobs=self.config.threads, verbose=-1, deterministic=True,
            force_row_wise=True, objective="poisson",
        )  # fmt: skip
        start = np.log(np.concatenate(base))
        self._model.fit(np.concatenate(table), np.concatenate(target), init_score=start)
        return self

    def predict(
        self,
        values: Array,
        origin: int,
        horizon: int,
        season: int,
        extra: Array | None = None,
        shelves: Array | None = None,
    ) -> Array:
        """Series × steps from an origin; never below 0."""
        if self._model is None:
            return np.repeat(values[:, :origin].mean(1, keepdims=True), horizon, axis=1)
        steps = np.arange(1, horizon + 1)
        table = features(values, origin, steps, season, extra, shelves)
        ratio = np.exp(self._model.predict(table, raw_score=True)).reshape(len(values), horizon)
        started = (values[:, :origin] > 0).any(1)[:, None]
        return np.where(started, ratio * self._level(values[:, :origin]), 0.0)

    @staticmethod
    def _level(past: Array) -> Array:
        """What the model starts from: the series' own smoothed level, as a column; never 0."""
        level = tsb(past, 1)
        return np.maximum(level, 0.02 * past.mean(1, keepdims=True) + 1e-6)
