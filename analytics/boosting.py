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


def features(values: Array, origin: int, steps: Array, season: int, extra: Array | None) -> Array:
    """(series × steps, columns) of what is known at an origin.

    Args:
        values: series × time, of which only what lies before the origin is read.
        steps: 1-based steps ahead.
        extra: series × time × columns known ahead (price, promotion); may reach beyond the values.
    """
    past = values[:, :origin]
    count = len(past)
    unit = scale(past)[:, None]
    windows = [season, 2 * season, 4 * season, 13 * season] if season == 7 else [3, 6, 12, 24, 36]
    means = [past[:, -min(one, origin) :].mean(1) for one in windows]
    hits = [(past[:, -min(one, origin) :] > 0).mean(1) for one in windows[1:]]
    weights = [_weights(origin, alpha) for alpha in (0.02, 0.1, 0.3)]
    smooth = [past @ one for one in weights]
    seen = past > 0
    size = past.sum(1) / np.maximum(1, seen.sum(1))
    since = np.where(seen.any(1), np.argmax(seen[:, ::-1], axis=1), origin)
    fixed = np.column_stack([*means, past.mean(1), *smooth, size, past[:, -1]]) / unit
    fixed = np.column_stack(
        [fixed, *hits, seen.mean(1), np.log1p(since), np.argmax(seen, axis=1) / origin, np.log(unit)]
    )
    blocks = []
    for step in steps:
        target = origin + int(step) - 1
        newest = target - season * -(-int(step) // season)
        same = [past[:, at] for at in range(newest, max(-1, target - 6 * season), -season) if 0 <= at < origin]
        phase = np.mean(same, axis=0) if same else means[-1]
        year = 364 if season == 7 else 12
        then = target - year
        around = past[:, max(0, then - season + 1) : then + season] if season == 7 and then >= season else None
        ago = (
            around.mean(1)
            if around is not None and around.size
            else (past[:, then] if 0 <= then < origin else means[-1])
        )
        columns = [phase / unit[:, 0], ago / unit[:, 0], np.full(count, float(step)), np.full(count, target % season)]
        blocks.append(np.column_stack([fixed, *columns, *_known(extra, target, origin, count)]))
    return np.stack(blocks, axis=1).reshape(count * len(steps), -1).astype(np.float32)


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
        self, values: Array, origins: Sequence[int], horizon: int, season: int, extra: Array | None = None
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
            rows = features(values, origin, steps, season, extra).reshape(len(values), len(steps), -1)[started]
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

    def predict(self, values: Array, origin: int, horizon: int, season: int, extra: Array | None = None) -> Array:
        """Series × steps from an origin; never below 0."""
        if self._model is None:
            return np.repeat(values[:, :origin].mean(1, keepdims=True), horizon, axis=1)
        steps = np.arange(1, horizon + 1)
        table = features(values, origin, steps, season, extra)
        ratio = np.exp(self._model.predict(table, raw_score=True)).reshape(len(values), horizon)
        started = (values[:, :origin] > 0).any(1)[:, None]
        return np.where(started, ratio * self._level(values[:, :origin]), 0.0)

    @staticmethod
    def _level(past: Array) -> Array:
        """What the model starts from: the series' own smoothed level, as a column; never 0."""
        level = tsb(past, 1)
        return np.maximum(level, 0.02 * past.mean(1, keepdims=True) + 1e-6)
