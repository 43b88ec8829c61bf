"""Classical forecasts of many series at once: every function takes (series × time) and a horizon.

One loop over time moves all series and all settings of the parameters together;
a series takes the setting with the least squared one-step error. Sources:
Hyndman et al. 2008 (ETS), Croston 1972, Syntetos & Boylan 2005 (SBA), Teunter,
Syntetos & Babai 2011 (TSB).
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray
ALPHAS = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.6])
GAMMAS = np.array([0.02, 0.1, 0.25])
BETAS = np.array([0.02, 0.1])
DAMPED = 0.95


def seasonal_naive(past: Array, horizon: int, season: int) -> Array:
    """The last season once more; without a whole season the last value."""
    if past.shape[1] < season or season < 1:
        return np.repeat(past[:, -1:], horizon, axis=1)
    return past[:, -season:][:, np.arange(horizon) % season]


def moving_average(past: Array, horizon: int, window: int) -> Array:
    """The mean of the last values, for every step."""
    return np.repeat(past[:, -window:].mean(1, keepdims=True), horizon, axis=1)


def ets(past: Array, horizon: int, season: int) -> Array:
    """ETS(A,N,N), (A,Ad,N) or (A,N,A), whichever has the least AICc in each series."""
    count, length = past.shape
    forms = [_level(past, horizon), _trend(past, horizon)]
    if season > 1 and length >= 2 * season + 2:
        forms.append(_seasonal(past, horizon, season))
    scores = []
    for error, _, parameters in forms:
        room = np.maximum(1, length - parameters - 1)
        penalty = 2 * parameters + 2 * parameters * (parameters + 1) / room
        scores.append(length * np.log(np.maximum(error, 1e-12)) + penalty)
    best = np.argmin(scores, axis=0)
    chosen = np.stack([forecast for _, forecast, _ in forms])[best, np.arange(count)]
    return np.maximum(0.0, chosen)


def _start(past: Array, width: int) -> Array:
    return past[:, : max(1, min(width, past.shape[1]))].mean(1)


def _best(errors: Array) -> tuple[Array, Array]:
    """The setting of least error in each series, and that error."""
    at = errors.argmin(1)
    return at, errors[np.arange(len(errors)), at]


def _level(past: Array, horizon: int) -> tuple[Array, Array, int]:
    count, length = past.shape
    level = np.repeat(_start(past, 12)[:, None], len(ALPHAS), axis=1)
    squares = np.zeros_like(level)
    for t in range(length):
        error = past[:, t, None] - level
        squares += error**2
        level += ALPHAS * error
    at, error = _best(squares / length)
    return error, np.repeat(level[np.arange(count), at][:, None], horizon, axis=1), 2


def _trend(past: Array, horizon: int) -> tuple[Array, Array, int]:
    count, length = past.shape
    alpha, beta = (grid.ravel() for grid in np.meshgrid(ALPHAS, BETAS))
    level = np.repeat(_start(past, 12)[:, None], len(alpha), axis=1)
    slope, squares = np.zeros_like(level), np.zeros_like(level)
    for t in range(length):
        ahead = level + DAMPED * slope
        error = past[:, t, None] - ahead
        squares += error**2
        level = ahead + alpha * error
        slope = DAMPED * slope + alpha * beta * error
    at, error = _best(squares / length)
    rows = np.arange(count)
    steps = np.cumsum(DAMPED ** np.arange(1, horizon + 1))
    return error, level[rows, at][:, None] + steps * slope[rows, at][:, None], 4


def _seasonal(past: Array, horizon: int, season: int) -> tuple[Array, Array, int]:
    count, length = past.shape
    alpha, gamma = (grid.ravel() for grid in np.meshgrid(ALPHAS, GAMMAS))
    cycles = min(length // season, 4)
    begin = past[:, : cycles * season].reshape(count, cycles, season)
    mean = begin.mean((1, 2))
    level = np.repeat(mean[:, None], len(alpha), axis=1)
    phase = np.repeat((begin.mean(1) - mean[:, None])[:, None, :], len(alpha), axis=1)
    squares = np.zeros_like(level)
    for t in range(length):
        slot = t % season
        error = past[:, t, None] - level - phase[:, :, slot]
        squares += error**2
        level = level + alpha * error
        phase[:, :, slot] += gamma * error
    at, error = _best(squares / length)
    rows = np.arange(count)
    ahead = (length + np.arange(horizon)) % season
    return error, level[rows, at][:, None] + phase[rows, at][:, ahead], 2 + season


def croston(past: Array, horizon: int, alpha: float = 0.1, bias: float = 1.0) -> Array:
    """Size over interval, both smoothed at demands; ``bias`` 1 − α/2 makes it SBA."""
    count, length = past.shape
    size, interval = np.zeros(count), np.zeros(count)
    since, met = np.ones(count), np.zeros(count, bool)
    for t in range(length):
        value = past[:, t]
        hit = value > 0
        first = hit & ~met
        size = np.where(first, value, np.where(hit, size + alpha * (value - size), size))
        interval = np.where(first, since, np.where(hit, interval + alpha * (since - interval), interval))
        since = np.where(hit, 1.0, since + 1.0)
        met |= hit
    mean = np.divide(size, interval, out=np.zeros(count), where=interval > 0)
    return np.repeat(bias * mean[:, None], horizon, axis=1)


def sba(past: Array, horizon: int, alpha: float = 0.1) -> Array:
    """Croston's method without its bias."""
    return croston(past, horizon, alpha, 1 - alpha / 2)


def tsb(past: Array, horizon: int) -> Array:
    """Probability × size, both smoothed; the probability at every step, so that dying series die."""
    count, length = past.shape
    alpha, beta = (grid.ravel() for grid in np.meshgrid(ALPHAS[:4], np.array([0.02, 0.05, 0.1, 0.2])))
    hits = past > 0
    chance = np.repeat(_start(hits.astype(float), 24)[:, None], len(alpha), axis=1)
    total, times = past.sum(1), np.maximum(1, hits.sum(1))
    size = np.repeat((total / times)[:, None], len(alpha), axis=1)
    squares = np.zeros_like(chance)
    for t in range(length):
        value, hit = past[:, t, None], hits[:, t, None]
        squares += (value - chance * size) ** 2
        chance += beta * (hit - chance)
        size = np.where(hit, size + alpha * (value - size), size)
    at, _ = _best(squares)
    rows = np.arange(count)
    return np.repeat((chance * size)[rows, at][:, None], horizon, axis=1)
