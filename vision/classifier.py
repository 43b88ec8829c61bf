"""The category of a picture, with a probability that can be trusted, or "not a product of this shop".

Four kinds of head are compared by cross-validation on the same vectors, and the
best is kept: a linear one (ridge), a support vector machine, a random forest and
a small network. Its scores are made probabilities by one temperature (Guo et al.
2017), fitted on folds that it was not trained on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np

KINDS = ("linear", "svm", "forest", "network")


@dataclass(frozen=True)
class ClassifierConfig:
    """How heads are trained and chosen."""

    folds: int = 2
    seed: int = 1
    trees: int = 60
    hidden: int = 128


@dataclass(frozen=True)
class Guess:
    """A category and how sure it is; ``category`` is None for what is no product of the shop."""

    category: Any
    probability: float


@dataclass
class Classifier:
    """One fitted head; ``table`` holds the accuracy of each kind in cross-validation."""

    kind: str
    classes: np.ndarray
    model: Any
    temperature: float
    table: dict[str, float] = field(default_factory=dict)

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """[n, classes], rows sum to one."""
        return softmax(scores_by(self.model, vectors) / self.temperature)

    def guess(self, vector: np.ndarray, in_shop: float, least_in_shop: float = 0.25) -> Guess:
        """The likeliest category of one picture.

        Args:
            vector: the head's, [width].
            in_shop: probability that the shop sells it, as the finder gives it.
            least_in_shop: below this the answer is "not in this shop".
        """
        if in_shop < least_in_shop:
            return Guess(None, 1.0 - in_shop)
        shares = self.probabilities(vector[None])[0]
        return Guess(self.classes[int(shares.argmax())], float(shares.max()) * in_shop)


def makers(config: ClassifierConfig) -> dict[str, Callable[[], Any]]:
    """How a head of each kind is made."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import RidgeClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import SVC

    seed = config.seed
    return {
        "linear": lambda: RidgeClassifier(alpha=0.3, class_weight="balanced"),
        "svm": lambda: SVC(C=10.0, gamma=1.0, class_weight="balanced", random_state=seed),
        "forest": lambda: RandomForestClassifier(config.trees, class_weight="balanced", random_state=seed),
        "network": lambda: MLPClassifier((config.hidden,), alpha=1e-3, max_iter=25, random_state=seed),
    }


def fit_best(
    vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray, config: ClassifierConfig = ClassifierConfig()
) -> Classifier:
    """Train all kinds, keep the best.

    Args:
        vectors: [n, width] of pictures.
        labels: the category of each.
        groups: pictures of one group stay in one fold (photos of one series look alike).
        config: folds, seed and sizes.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    made = makers(config)
    folds = list(
        StratifiedGroupKFold(config.folds, shuffle=True, random_state=config.seed).split(vectors, labels, groups)
    )
    table, held = {}, {}
    for kind, make in made.items():
        scores, rows = [], []
        for train, test in folds:
            model = make().fit(vectors[train], labels[train])
            if len(model.classes_) == len(np.unique(labels)):
                scores.append(scores_by(model, vectors[test]))
                rows.append(test)
        if scores:
            found, at = np.concatenate(scores), np.concatenate(rows)
            held[kind] = (found, np.searchsorted(np.unique(labels), labels[at]))
            table[kind] = float((np.unique(labels)[found.argmax(1)] == labels[at]).mean())
    best = max(table, key=lambda one: table[one]) if table else "linear"
    model = made[best]().fit(vectors, labels)
    return Classifier(best, model.classes_, model, temperature_of(*held[best]) if held else 1.0, table)


def scores_by(model: Any, vectors: np.ndarray) -> np.ndarray:
    """Scores of each class, [n, classes]; logarithms of probabilities where a model gives nothing else."""
    if hasattr(model, "decision_function"):
        found = np.asarray(model.decision_function(vectors))
        return np.stack([-found, found], 1) if found.ndim == 1 else found
    return np.log(np.maximum(model.predict_proba(vectors), 1e-6))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Rows that sum to one."""
    shifted = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(shifted / shifted.sum(1, keepdims=True))


def temperature_of(scores: np.ndarray, right: np.ndarray) -> float:
    """The temperature whose probabilities make held-out labels likeliest; ``right`` holds their columns."""
    loss = {
        one: -float(np.log(softmax(scores / one)[np.arange(len(right)), right] + 1e-9).mean())
        for one in np.geomspace(0.02, 20, 40)
    }
    return float(min(loss, key=lambda one: loss[one]))
