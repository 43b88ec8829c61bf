"""The two towers in torch, and how they learn; only training imports this."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from recsys.interactions import Interactions

if TYPE_CHECKING:
    from recsys.two_tower import TwoTowerConfig

POPULARITY_POWER = 0.75


class Towers(nn.Module):
    """The history's tower (what items tell, a hidden layer, a way around it) and the items'."""

    def __init__(self, items: int, features: torch.Tensor, config: TwoTowerConfig) -> None:
        super().__init__()
        self.register_buffer("features", features)
        scale = config.factors**-0.5
        self.told_own = nn.Parameter(torch.randn(items, config.factors) * scale * 0.1)
        self.item_own = nn.Parameter(torch.randn(items, config.factors) * scale * 0.1)
        self.told_known = nn.Linear(features.shape[1], config.factors, bias=False)
        self.item_known = nn.Linear(features.shape[1], config.factors, bias=False)
        self.inner = nn.Linear(config.factors, config.hidden)
        self.outer = nn.Linear(config.hidden, config.factors)
        self.bias = nn.Parameter(torch.zeros(items))
        self.drop = nn.Dropout(config.dropout)
        nn.init.normal_(self.outer.bias, std=scale)

    def told(self) -> torch.Tensor:
        """What each item tells of who has it: (items, factors)."""
        return self.told_own + self.told_known(self.features)

    def items(self, columns: torch.Tensor | None = None) -> torch.Tensor:
        """Unit vectors of items: of some, or all."""
        own, known = (
            (self.item_own, self.features) if columns is None else (self.item_own[columns], self.features[columns])
        )
        return functional.normalize(own + self.item_known(known), dim=1)

    def forward(self, histories: torch.Tensor) -> torch.Tensor:
        """Unit vectors of histories, whose rows of weights sum to 1 (or are empty)."""
        told = self.drop(histories @ self.told())
        return functional.normalize(told + self.outer(self.drop(torch.relu(self.inner(told)))), dim=1)


def learn_towers(data: Interactions, features: np.ndarray, config: TwoTowerConfig) -> dict[str, np.ndarray]:
    """Train by sampled softmax, corrected for how often each item is drawn; the arrays of ``TwoTower``.

    Args:
        data: what customers did.
        features: (items, width), scaled; the width may be 0.
        config: sizes and learning.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the same sums in the same order, whatever the machine
    try:
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            return _learn(data, features, config)
    finally:
        torch.set_num_threads(threads)


def _learn(data: Interactions, features: np.ndarray, config: TwoTowerConfig) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(config.seed)
    net = Towers(data.shape[1], torch.from_numpy(features), config)
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.rate, weight_decay=config.decay)
    counts = np.bincount(data.columns, minlength=data.shape[1]).astype(float)
    chance = (counts + 1e-3) ** POPULARITY_POWER
    chance /= chance.sum()
    busy = np.flatnonzero(np.bincount(data.rows, minlength=data.shape[0]) > 0)
    steps = max(1, -(-len(busy) // config.batch))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, total_steps=config.epochs * steps)
    for _ in range(config.epochs):
        for rows in np.array_split(rng.permutation(busy), steps):
            loss = _loss(net, _drawn(data, rows, chance, config, rng), config)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        found = {
            "told": net.told(), "items": net.items(), "bias": net.bias,
            "inner": net.inner.weight.T, "inner_bias": net.inner.bias,
            "outer": net.outer.weight.T, "outer_bias": net.outer.bias,
        }  # fmt: skip
        return {name: one.detach().numpy().copy() for name, one in found.items()}


Drawn = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def _drawn(
    data: Interactions, rows: np.ndarray, chance: np.ndarray, config: TwoTowerConfig, rng: np.random.Generator
) -> Drawn:
    """Shown parts of histories, candidates, which of them were hidden of each, and what is added to their logits."""
    whole = data.matrix[rows].toarray()
    hidden = (whole > 0) & (rng.random(whole.shape) > config.kept)
    shown = np.where(hidden, 0, whole)
    shown /= np.maximum(shown.sum(1, keepdims=True), 1e-9)
    negatives = rng.choice(len(chance), min(config.negatives, len(chance)), replace=True, p=chance)
    candidates = np.unique(np.concatenate([negatives, np.flatnonzero(hidden.any(0))]))
    part = torch.from_numpy(hidden[:, candidates].astype(np.float32))
    seen = torch.from_numpy((shown[:, candidates] > 0).astype(np.float32))
    corrected = torch.from_numpy(np.log(chance[candidates]).astype(np.float32))
    return (
        torch.from_numpy(shown.astype(np.float32)),
        torch.from_numpy(candidates),
        part,
        -1e4 * seen - config.correction * corrected,
    )


def _loss(net: Towers, drawn: Drawn, config: TwoTowerConfig) -> torch.Tensor:
    """Cross entropy of the hidden items among the candidates, those that were shown left out."""
    shown, candidates, hidden, shift = drawn
    logits = net(shown) @ net.items(candidates).T / config.temperature + net.bias[candidates] + shift
    shares = hidden / hidden.sum(1, keepdim=True).clamp(min=1)
    return -(shares * functional.log_softmax(logits, dim=1)).sum(1).mean()
