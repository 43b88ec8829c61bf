"""Fine-tunes the last block of EfficientNet-Lite0 for a shop's categories: one row in the table of heads.

All before the last block stays as it is, so that its maps are made once; what is
learnt on is each map and its mirror image. It imports torch and is never served:
the table of README.md says what it would bring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from vision.efficientnet import HEAD, LITE, EfficientNetLite
from vision.export import MEAN, SPREAD, weights_file
from vision.image_file import Pixels
from vision.preprocessing import squashed

ENCODER = "lite0"


@dataclass(frozen=True)
class FineTuneConfig:
    """How long and how fast is learnt."""

    epochs: int = 6
    batch: int = 32
    rate: float = 1e-3
    drop: float = 0.2
    smoothing: float = 0.1
    seed: int = 1


class FineTuned:
    """The last block and a new layer of categories; ``fit`` on maps of photos, then ``scores``."""

    def __init__(self, config: FineTuneConfig = FineTuneConfig()) -> None:
        self._config = config
        self._network = EfficientNetLite(LITE[ENCODER])
        self._network.load_state_dict(torch.load(weights_file(ENCODER), map_location="cpu"))
        self._network.eval()  # the statistics of batch norms stay those of ImageNet: shops have few photos
        self._layer: nn.Linear | None = None
        self.classes_: np.ndarray = np.zeros(0, int)

    def maps(self, pictures: Sequence[Pixels]) -> np.ndarray:
        """What the last block is given, float16 [n, channels, rows, columns]."""
        side = LITE[ENCODER].side
        looks = np.stack([squashed(one, side) for one in pictures])
        with torch.no_grad():
            network = self._network
            hidden = (torch.from_numpy(looks).permute(0, 3, 1, 2).float() - MEAN) / SPREAD
            hidden = functional.relu6(network._bn0(network._conv_stem(hidden)))
            for block in network._blocks[:-1]:
                hidden = block(hidden)
        return np.asarray(hidden.numpy(), np.float16)

    def fit(self, maps: np.ndarray, labels: np.ndarray) -> FineTuned:
        """Learn; the rate falls to nothing along a cosine."""
        config = self._config
        torch.manual_seed(config.seed)
        rng = np.random.default_rng(config.seed)
        self.classes_, places = np.unique(labels, return_inverse=True)
        self._layer = nn.Linear(HEAD, len(self.classes_))
        learner = torch.optim.AdamW(self._learnt(), lr=config.rate, weight_decay=1e-2)
        steps = config.epochs * -(-len(maps) // config.batch)
        slower = torch.optim.lr_scheduler.CosineAnnealingLR(learner, steps)
        for _ in range(config.epochs):
            order = rng.permutation(len(maps))
            for at in range(0, len(order), config.batch):
                rows = order[at : at + config.batch]
                given = torch.from_numpy(maps[rows].astype(np.float32))
                given = given.flip(3) if rng.random() < 0.5 else given
                top = functional.dropout(self._top(given), config.drop)
                loss = functional.cross_entropy(
                    self._layer(top), torch.from_numpy(places[rows]), label_smoothing=config.smoothing
                )
                learner.zero_grad()
                loss.backward()
                learner.step()
                slower.step()
        return self

    def decision_function(self, maps: np.ndarray) -> np.ndarray:
        """Scores of each category, [n, categories], in the order of ``classes_``."""
        assert self._layer is not None
        found = []
        with torch.no_grad():
            for at in range(0, len(maps), self._config.batch):
                given = torch.from_numpy(maps[at : at + self._config.batch].astype(np.float32))
                found.append(self._layer((self._top(given) + self._top(given.flip(3))) / 2).numpy())
        return np.concatenate(found)

    @property
    def size(self) -> int:
        """Bytes of what was learnt."""
        return sum(one.numel() * one.element_size() for one in self._learnt())

    def _top(self, maps: torch.Tensor) -> torch.Tensor:
        network = self._network
        hidden: torch.Tensor = functional.relu6(network._bn1(network._conv_head(network._blocks[-1](maps))))
        return hidden.mean(dim=(2, 3))

    def _learnt(self) -> list[nn.Parameter]:
        assert self._layer is not None
        parts = (self._network._blocks[-1], self._network._conv_head, self._network._bn1, self._layer)
        return [one for part in parts for one in part.parameters()]
