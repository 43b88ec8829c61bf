"""From raw scores to probabilities that mean something."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

CUSTOMERS = 1.06
"""Our own lines, each left out, are harder than what customers say: many were written to lie between two intents. Of
gold dev 82.3 % were right where the curve set on our lines said 79.0 %. With this power the calibration error there is
2.2 instead of 3.7 % (2.2 to 2.9 % from 1.04 to 1.12; the likelihood is best at 1.12, but dev was looked at while our
lines were written, so that customers never seen may be somewhat harder)."""


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

    def sharper(self, factor: float) -> Curve:
        """The curve that is surer by this factor in its power; the order of the labels stays."""
        return replace(self, power=self.power * factor)

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
