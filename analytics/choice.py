"""Which method forecasts which kind of series: decided by what did best at earlier origins.

Series are sorted into classes by how much they are expected to sell over the horizon;
in each class the method and a shrinkage are taken that had the least mean RMSSE. RMSSE
of sparse series rewards forecasts below the mean (the error of the many periods without
a sale grows with the forecast), so ``point`` is shrunk and ``expected``, which sums and
purchases are made from, is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from analytics import promotions, smoothing
from analytics.boosting import BoostConfig, Booster, scale
from analytics.events import lifts
from analytics.panel import Panel

Array = np.ndarray
BOUNDS = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0])
SHRINK = np.array([0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 1.0])
CALIBRATIONS = 3
LEAST_BOOST = 40
"""Series below which a global model has too little to learn from."""


@dataclass(frozen=True)
class Chosen:
    """The choice of each class, and the errors that intervals are made from."""

    method: list[str]
    shrink: Array
    expected_method: list[str]
    width: Array
    residuals: list[Array]


@dataclass(frozen=True)
class Forecast:
    """Series × steps. ``low`` and ``high`` bound 90 % of what comes; ``method`` names each series' method."""

    point: Array
    expected: Array
    low: Array
    high: Array
    method: list[str]
    spread: Array
    residuals: list[Array]


class Forecaster:
    """All methods over one panel, without a look beyond the origin they are asked for."""

    def __init__(
        self, panel: Panel, horizon: int, config: BoostConfig | None = None, tell: Callable[[str], None] = print
    ) -> None:
        self.panel, self.horizon, self.config, self.tell = panel, horizon, config or BoostConfig(), tell
        self._boosters: dict[int, tuple[Booster, Array | None]] = {}
        self._causes, self._effects = promotions.causes(panel), dict[int, Array]()
        names = sorted(set(panel.categories or []))
        at = {name: place for place, name in enumerate(names)}
        self._shelves = np.array([at[name] for name in panel.categories]) if panel.categories else None

    def methods(self, origin: int, trained: int | None) -> dict[str, Array]:
        """Forecasts of every method from an origin; ``trained`` names the origin that the global model knows."""
        values, season = self.panel.values, self.panel.season
        past = values[:, :origin]
        before, ahead = self._lifts(origin)
        level = past / before
        found = {
            "moving_average": smoothing.moving_average(
                level, self.horizon, 28 if self.panel.frequency == "day" else 12
            ),
            "ets": smoothing.ets(level, self.horizon, season),
            "croston": smoothing.croston(level, self.horizon),
            "sba": smoothing.sba(level, self.horizon),
            "tsb": smoothing.tsb(level, self.horizon),
        }
        if trained is not None and trained in self._boosters:
            booster, extra = self._boosters[trained]
            found["boosting"] = booster.predict(level, origin, self.horizon, season, extra, self._shelves)
            found["blend"] = (found["boosting"] + found["tsb"] + found["ets"]) / 3
        found = {name: one * ahead for name, one in found.items()}
        found["seasonal_naive"] = smoothing.seasonal_naive(past, self.horizon, season)
        return found

    def _lifts(self, origin: int) -> tuple[Array, Array]:
        """Factors of what is known of the past and the coming steps: of all series, or series × steps."""
        past = self.panel.values[:, :origin]
        before, ahead = self._shared(origin, past)
        learnt = self._learnt(origin)
        if learnt is None:
            return before, ahead
        own = promotions.factors(self._causes, learnt, 0, origin)
        before, ahead = self._shared(origin, past / own)  # a shopping day's lift without its lower prices
        return before * own, ahead * promotions.factors(self._causes, learnt, origin, origin + self.horizon)

    def _learnt(self, origin: int) -> Array | None:
        """What prices and promotions did before an origin; None where they did nothing that is sure."""
        if self._causes is None:
            return None
        if origin not in self._effects:
            past = self.panel.values[:, :origin]
            self._effects[origin] = promotions.response(past, self._causes[:, :origin], self._shared(origin, past)[0])
        found = self._effects[origin]
        return found if found.any() else None

    def _shared(self, origin: int, past: Array) -> tuple[Array, Array]:
        days = self.panel.days[:origin]
        if self.panel.frequency != "day":
            return np.ones(origin), np.ones(self.horizon)
        return lifts(days, past, days[-1] + np.timedelta64(1, "D") * np.arange(1, self.horizon + 1))

    def train(self, origin: int) -> None:
        """Fit the global model on what lies before an origin, if that is enough."""
        values, season = self.panel.values, self.panel.season
        last = origin - self.horizon
        step = max(1, self.horizon // 2) if self.panel.frequency == "day" else 1
        first = max(season, 2 * self.horizon if self.panel.frequency == "day" else season)
        origins = list(range(last, first - 1, -step))[:12]
        if len(values) < LEAST_BOOST or not origins:
            return
        before, _ = self._lifts(origin)
        level = values[:, :origin] / before
        extra = None if self._learnt(origin) is None else self.panel.extra  # else it is noise to the model
        booster = Booster(self.config).fit(level, origins, self.horizon, season, extra, self._shelves)
        self._boosters[origin] = (booster, extra)

    def choose(self, origin: int) -> Chosen:
        """Method, shrinkage and interval width of each class, from origins before this one."""
        gap = self.horizon if self.panel.frequency == "day" else max(1, self.horizon // 4)
        origins = [origin - self.horizon - at * gap for at in range(CALIBRATIONS)]
        origins = [one for one in origins if one >= max(3, self.panel.season)]
        if not origins:
            return _plain()
        self.tell("training the global model for the choice")
        self.train(min(origins))
        trials = [self._trial(one, min(origins)) for one in origins]
        return _decide(trials)

    def _trial(self, origin: int, trained: int) -> Trial:
        past = self.panel.values[:, :origin]
        truth = self.panel.values[:, origin : origin + self.horizon]
        return Trial(past, truth, self.methods(origin, trained))

    def forecast(self, origin: int, chosen: Chosen) -> Forecast:
        """The chosen forecast from an origin, with its interval."""
        self.tell("training the global model")
        self.train(origin)
        found = self.methods(origin, origin)
        return applied(self.panel.values[:, :origin], found, chosen)


@dataclass(frozen=True)
class Trial:
    """One earlier origin: what was known, what came, what each method had said."""

    past: Array
    truth: Array
    said: dict[str, Array]


def classes(found: dict[str, Array]) -> Array:
    """The class of each series: by what TSB expects over the horizon."""
    return np.digitize(found["tsb"].sum(1), BOUNDS)


def spread(expected: Array, past: Array) -> Array:
    """The unit of errors: grows with the root of what is expected and with the series' own noise."""
    noise = past[:, -min(past.shape[1], 364) :].std(1, keepdims=True)
    return np.asarray(np.sqrt(np.maximum(expected, 0)) + noise + 1e-3)


def _plain() -> Chosen:
    count = len(BOUNDS) + 1
    return Chosen(
        ["moving_average"] * count,
        np.ones(count),
        ["moving_average"] * count,
        np.full(count, 1.645),
        [np.zeros(0)] * count,
    )


def _decide(trials: list[Trial]) -> Chosen:
    kinds = [classes(one.said) for one in trials]
    names = [name for name in trials[0].said if name != "seasonal_naive"]
    method, shrink, fair, scores, residuals = [], [], [], [], []
    everything = [np.arange(len(one)) for one in kinds]
    together: tuple[str, float, str, Array] | None = None
    for kind in range(len(BOUNDS) + 1):
        own = [np.flatnonzero(one == kind) for one in kinds]
        few = sum(map(len, own)) < 20  # too few to judge by: all series decide, and they decide once
        if few and together is None:
            together = _best_of(trials, everything, names)
        rows = everything if few else own
        best, part, fair_name, errors = together if few and together else _best_of(trials, rows, names)
        method.append(best)
        shrink.append(part)
        fair.append(fair_name)
        scores.append((_scores(trials, rows, fair_name, errors.std()), _scores(trials, own, fair_name, errors.std())))
        residuals.append(np.sort(errors[:: max(1, len(errors) // 20_000)]))
    return Chosen(method, np.array(shrink), fair, _widths(scores), residuals)


def _best_of(trials: list[Trial], rows: list[Array], names: list[str]) -> tuple[str, float, str, Array]:
    """Method and shrinkage of least error, the fairest method, and its errors in units of spread."""
    _, name, part = min((_error(trials, rows, name, part), name, part) for name in names for part in SHRINK)
    fair = min((_square(trials, rows, name), name) for name in names)[1]
    errors = [
        ((one.truth - one.said[fair]) / spread(one.said[fair], one.past))[at].ravel() for one, at in zip(trials, rows)
    ]
    return name, float(part), fair, np.concatenate(errors)


def bottom(expected: Array, deviation: Array) -> Array:
    """The 5 % quantile of counts with this mean and deviation: 0 wherever no sale is likely enough."""
    from analytics.stock_policy import demand_quantile

    return demand_quantile(expected, deviation**2, 0.05)


def _scores(trials: list[Trial], rows: list[Array], name: str, deviation: float) -> Array:
    """By how many units of spread above the mean an interval has to reach to hold each value; inf below its bottom."""
    scores = []
    for one, at in zip(trials, rows):
        said, truth = one.said[name][at], one.truth[at]
        unit = spread(said, one.past[at])
        scores.append(np.where(truth < bottom(said, deviation * unit), np.inf, (truth - said) / unit).ravel())
    return np.concatenate(scores)


def _widths(scores: list[tuple[Array, Array]]) -> Array:
    """Upper ends with which 90 % of all values were held; where hardly anything sells, zero alone holds more."""
    low, high = 0.75, 0.95
    for _ in range(12):
        level = (low + high) / 2
        ends = [min(float(np.quantile(judge, level)), 50.0) for judge, _ in scores]
        held = sum(float((own <= end).sum()) for end, (_, own) in zip(ends, scores))
        low, high = (level, high) if held < 0.9 * sum(len(own) for _, own in scores) else (low, level)
    return np.array(ends)


def _error(trials: list[Trial], rows: list[Array], name: str, part: float) -> float:
    parts = [rmsse(one.truth[at], part * one.said[name][at], one.past[at]) for one, at in zip(trials, rows)]
    return _mean(parts)


def _square(trials: list[Trial], rows: list[Array], name: str) -> float:
    parts = [rmsse(one.truth[at], one.said[name][at], one.past[at]) ** 2 for one, at in zip(trials, rows)]
    bias = abs(sum((one.said[name][at] - one.truth[at]).sum() for one, at in zip(trials, rows)))
    total = sum(one.truth[at].sum() for one, at in zip(trials, rows)) + 1e-9
    return _mean(parts) * (1 + 0.1 * min(1.0, bias / total))


def _mean(parts: list[Array]) -> float:
    known = [one[~np.isnan(one)] for one in parts]
    together = np.concatenate(known) if known else np.zeros(0)
    return float(together.mean()) if together.size else 0.0


def rmsse(truth: Array, said: Array, past: Array) -> Array:
    """Root mean squared scaled error of each series (Makridakis et al. 2022); nan for one that never moved."""
    seen = np.cumsum(past > 0, axis=1)[:, :-1] > 0
    moved = (np.diff(past, axis=1) ** 2 * seen).sum(1)
    unit = scale(past)
    error = np.sqrt(((truth - said) ** 2).mean(1)) / unit
    return np.where(moved > 0, error, np.nan)


def applied(past: Array, found: dict[str, Array], chosen: Chosen) -> Forecast:
    """Each series by the choice of its class."""
    kind = classes(found)
    count, horizon = found["tsb"].shape
    point, expected = np.zeros((count, horizon)), np.zeros((count, horizon))
    for at in np.unique(kind):
        rows = kind == at
        point[rows] = chosen.shrink[at] * found[_there(found, chosen.method[at])][rows]
        expected[rows] = found[_there(found, chosen.expected_method[at])][rows]
    unit = spread(expected, past)
    deviation = np.array([one.std() if len(one) else 1.0 for one in chosen.residuals])[kind][:, None] * unit
    high = np.maximum(expected + chosen.width[kind][:, None] * unit, 0.0)
    low = np.minimum(bottom(expected, deviation), high)
    names = [_there(found, chosen.method[at]) for at in kind]
    residuals = [chosen.residuals[at] for at in kind]
    return Forecast(point, expected, low, high, names, unit, residuals)


def _there(found: dict[str, Array], name: str) -> str:
    return name if name in found else "tsb"
