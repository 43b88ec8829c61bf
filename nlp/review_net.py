"""The encoder's last layers in torch, tuned on reviews: how they learn.

The layers below are frozen, so that their states of each line are made once. What
comes out is pooled by attention (one score a piece) and weighed into one number,
the log-odds of praise.
"""

from __future__ import annotations

import logging
import math
import random
import time
from dataclasses import dataclass
from typing import Sequence

import numpy as np
import torch
from torch import nn

from nlp.e5_file import E5File
from nlp.e5_graph import HANDED
from nlp.e5_words import E5Words
from nlp.encoder import PREFIX

log = logging.getLogger(__name__)
STRIP = 32  # batches among which lines of like length are put together


@dataclass(frozen=True)
class ReviewConfig:
    """How the layers learn.

    Attributes:
        epochs: times that all lines are seen.
        rate: of AdamW for the uppermost layer, at its highest.
        decay: of the rate from each layer to the one below.
        head_rate: of the pooling and of the head.
        batch: lines at once.
        dropout: share of pooled values that is dropped.
        smoothing: of the labels.
        longest: pieces of a line that are learnt from.
        reviews: review lines of each side; None: all.
        seed: of the order of the lines and of the head.
    """

    epochs: int = 2
    rate: float = 1e-4
    decay: float = 0.9
    head_rate: float = 1e-3
    batch: int = 32
    dropout: float = 0.1
    smoothing: float = 0.05
    longest: int = 98
    reviews: int | None = None
    seed: int = 7


class Layer(nn.Module):
    """One transformer layer with the weights of the encoder's file."""

    def __init__(self, file: E5File, number: int) -> None:
        super().__init__()
        width, name = file.width, f"l{number}"
        self.heads = file.heads
        self.qkv, self.ao = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fi, self.fo = nn.Linear(width, file.inner), nn.Linear(file.inner, width)
        self.aln, self.oln = (nn.LayerNorm(width, eps=file.epsilon) for _ in range(2))
        joined = np.concatenate([file.matrix(f"{name}.{one}.w", width, width) for one in "qkv"])
        _set(self.qkv, joined, np.concatenate([file.vector(f"{name}.{one}.b") for one in "qkv"]))
        for part, rows, columns in (("ao", width, width), ("fi", file.inner, width), ("fo", width, file.inner)):
            _set(getattr(self, part), file.matrix(f"{name}.{part}.w", rows, columns), file.vector(f"{name}.{part}.b"))
        for part in ("aln", "oln"):
            _set(getattr(self, part), file.vector(f"{name}.{part}.w"), file.vector(f"{name}.{part}.b"))

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """The states after the layer; ``x`` is (lines, pieces, width), ``there`` (lines, 1, 1, pieces)."""
        lines, pieces, width = x.shape
        query, key, value = (
            part.view(lines, pieces, self.heads, -1).transpose(1, 2).float() for part in self.qkv(x).chunk(3, dim=-1)
        )
        with torch.autocast("cpu", enabled=False):  # attention in 16 bits is slow on the way back
            mixed = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=there)
        x = self.aln(x + self.ao(mixed.transpose(1, 2).reshape(lines, pieces, width)))
        done: torch.Tensor = self.oln(x + self.fo(nn.functional.gelu(self.fi(x))))
        return done


def _set(module: nn.Module, weight: np.ndarray, bias: np.ndarray) -> None:
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(np.array(weight)))
        module.bias.copy_(torch.from_numpy(np.array(bias)))


class ReviewNet(nn.Module):
    """The tuned layers, the pooling and the head."""

    def __init__(self, file: E5File, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Layer(file, number) for number in range(HANDED, file.layers)])
        self.attend, self.head = nn.Linear(file.width, 1), nn.Linear(file.width, 1)
        nn.init.zeros_(self.attend.weight)
        nn.init.zeros_(self.attend.bias)
        nn.init.normal_(self.head.weight, std=0.02)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Log-odds of praise of each line; ``x`` is (lines, pieces, width), ``there`` (lines, pieces)."""
        for layer in self.layers:
            x = layer(x, there[:, None, None, :])
        share = torch.softmax(self.attend(x).squeeze(-1).float().masked_fill(~there, -1e9), dim=1)
        done: torch.Tensor = self.head(self.drop((share.unsqueeze(-1) * x.float()).sum(dim=1))).squeeze(-1).float()
        return done


def faster() -> torch.autocast:
    """Sixteen bits for matrices where the processor multiplies them faster, else full precision."""
    return torch.autocast("cpu", torch.bfloat16, enabled=bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))


def padded(rows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Lines of different length in one tensor, and where they are."""
    x = nn.utils.rnn.pad_sequence([row.float() for row in rows], batch_first=True)
    there = torch.arange(x.shape[1])[None] < torch.tensor([len(row) for row in rows])[:, None]
    return x, there


def states_below(file: E5File, texts: Sequence[str], longest: int, batch: int = 64) -> list[torch.Tensor]:
    """What the tuned layers see of each text: (pieces, width) in half precision."""
    words, layers = E5Words(file), [Layer(file, number).eval() for number in range(HANDED)]
    first = nn.LayerNorm(file.width, eps=file.epsilon)
    _set(first, file.vector("emb.ln.w"), file.vector("emb.ln.b"))
    places = file.vector("emb.pos").reshape(-1, file.width) + file.vector("emb.type")[: file.width]
    ids = [_cut(np.asarray(words.ids(PREFIX + text)), longest) for text in texts]
    order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
    out: list[torch.Tensor] = [torch.zeros(0)] * len(ids)
    with torch.no_grad(), faster():
        for start in range(0, len(order), batch):
            some = order[start : start + batch]
            rows = [torch.from_numpy(file.embeddings(ids[at]) + places[: len(ids[at])]) for at in some]
            x, there = padded(rows)
            x = first(x)
            for layer in layers:
                x = layer(x, there[:, None, None, :])
            for row, at in enumerate(some):
                out[at] = x[row, : len(ids[at])].half()
    return out


def _cut(ids: np.ndarray, longest: int) -> np.ndarray:
    return ids if len(ids) <= longest else np.concatenate([ids[: longest - 1], ids[-1:]])


def fit(
    net: ReviewNet, states: Sequence[torch.Tensor], praise: np.ndarray, weights: np.ndarray, config: ReviewConfig
) -> None:
    """Tune the net.

    Args:
        net: to be tuned.
        states: of each line, as ``states_below`` makes them.
        praise: 1 where a line praises, else 0.
        weights: of the lines.
        config: see there.
    """
    torch.manual_seed(config.seed)
    drawn, count = random.Random(config.seed), len(net.layers)
    groups = [
        {"params": list(layer.parameters()), "lr": config.rate * config.decay ** (count - 1 - at)}
        for at, layer in enumerate(net.layers)
    ]
    groups.append({"params": [*net.attend.parameters(), *net.head.parameters()], "lr": config.head_rate})
    best = torch.optim.AdamW(groups, weight_decay=1e-2)
    steps = math.ceil(len(states) / config.batch) * config.epochs
    course = torch.optim.lr_scheduler.LambdaLR(
        best, lambda step: min(1.0, (step + 1) / (0.1 * steps)) * max(0.0, (steps - step) / steps)
    )
    wanted = torch.from_numpy(praise.astype(np.float32)) * (1 - config.smoothing) + config.smoothing / 2
    counted, start = torch.from_numpy(weights.astype(np.float32)), time.perf_counter()
    net.train()
    for epoch in range(config.epochs):
        total = 0.0
        for some in _batches([len(one) for one in states], config.batch, drawn):
            x, there = padded([states[at] for at in some])
            with faster():
                found = net(x, there)
            loss = nn.functional.binary_cross_entropy_with_logits(found, wanted[some], reduction="none")
            loss = (loss * counted[some]).mean()
            best.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            best.step()
            course.step()
            total += loss.item() * len(some)
        log.info("epoch %d: loss %.4f, %.0f s", epoch + 1, total / len(states), time.perf_counter() - start)
    net.eval()


def _batches(lengths: Sequence[int], size: int, drawn: random.Random) -> list[list[int]]:
    """Places of lines in batches of like length, in a drawn order."""
    order = list(range(len(lengths)))
    drawn.shuffle(order)
    batches = []
    for start in range(0, len(order), size * STRIP):
        strip = sorted(order[start : start + size * STRIP], key=lambda at: lengths[at])
        batches += [strip[at : at + size] for at in range(0, len(strip), size)]
    drawn.shuffle(batches)
    return batches
