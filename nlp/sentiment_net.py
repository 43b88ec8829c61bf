"""The sentiment model in torch: three scorers in one graph, how they learn, and their way to ONNX."""

from __future__ import annotations

import json
import logging
import random
import time
from dataclasses import asdict
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from torch import nn

from nlp.sentiment import FORMAT, SentimentConfig
from nlp.sentiment_features import UNKNOWN, Batch, characters, view
from nlp.sentiment_material import CHAT, REVIEW, Task

log = logging.getLogger(__name__)
GRAM_LOOSENESS, VECTOR_LOOSENESS = 5.0, 10.0  # C of the regressions
VECTOR_SCALE = 8.0  # brings the numbers of a unit vector to the size of the LSTM's
HIDDEN_CHARS = 0.05  # share of characters that are hidden while learning
Step = tuple[int, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


class Reader(nn.Module):
    """A bidirectional LSTM with attention over characters that also sees the centred sentence vector."""

    def __init__(self, config: SentimentConfig, chars: int, vector: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(chars, config.width, padding_idx=0)
        self.lstm = nn.LSTM(config.width, config.hidden, batch_first=True, bidirectional=True)
        self.attend = nn.Linear(2 * config.hidden, 1)
        self.drop = nn.Dropout(config.dropout)
        self.meaning = nn.Linear(vector, config.meaning)
        self.heads = nn.ModuleList([nn.Linear(4 * config.hidden + config.meaning, size) for size in (3, 2)])

    def forward(self, chars: torch.Tensor, centred: torch.Tensor) -> torch.Tensor:
        """What was read of each line: (lines, 4 * hidden + meaning)."""
        there = (chars > 0).unsqueeze(-1)
        states, _ = self.lstm(self.drop(self.embed(chars)))
        share = torch.softmax(self.attend(torch.tanh(states)).masked_fill(~there, -1e9), dim=1)
        read = (share * states).sum(dim=1)
        highest = states.masked_fill(~there, -1e9).max(dim=1).values
        meant = torch.relu(self.meaning(self.drop(centred * VECTOR_SCALE)))
        return self.drop(torch.cat([read, highest, meant], dim=1))


class Net(nn.Module):
    """All scorers in one graph; see ``nlp.sentiment``."""

    def __init__(self, config: SentimentConfig, chars: int, vector: int) -> None:
        super().__init__()
        self.config = config
        self.readers = nn.ModuleList([Reader(config, chars, vector) for _ in range(config.readers)])
        self.register_buffer("gram_tables", torch.zeros(config.buckets, 5))
        self.register_buffer("gram_bias", torch.zeros(5))
        self.register_buffer("rarity", torch.zeros(config.buckets))
        self.register_buffer("mean", torch.zeros(vector))
        self.register_buffer("vector_table", torch.zeros(vector, 5))
        self.register_buffer("vector_bias", torch.zeros(5))
        self.register_buffer("offset", torch.zeros(3))
        self.register_buffer("temper", torch.ones(2))

    def centre(self, vector: torch.Tensor) -> torch.Tensor:
        """Sentence vectors without their common direction, brought back to length one."""
        centred = vector - self.mean
        return centred / centred.norm(dim=1, keepdim=True).clamp(min=1e-6)

    def forward(
        self, chars: torch.Tensor, grams: torch.Tensor, weights: torch.Tensor, vector: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Probabilities for chat and for reviews, and the n-grams' rarity, which serving needs first."""
        wide = (self.gram_tables[grams] * weights.unsqueeze(-1)).sum(dim=1) + self.gram_bias
        centred = self.centre(vector)
        meant = centred @ self.vector_table + self.vector_bias
        seen = [reader(chars, centred) for reader in self.readers]
        found = []
        for task, part, shares in (
            (CHAT, slice(0, 3), self.config.shares_chat),
            (REVIEW, slice(3, 5), self.config.shares_review),
        ):
            deep = torch.stack([reader.heads[task](one) for reader, one in zip(self.readers, seen)]).mean(dim=0)
            logits = shares[0] * deep + shares[1] * wide[:, part] + shares[2] * meant[:, part]
            logits = logits * self.temper[task] + (self.offset if task == CHAT else 0.0)
            found.append(torch.softmax(logits, dim=1))
        return found[0], found[1], self.rarity


def _batches(net: Net, tasks: Sequence[Task], vectors: Sequence[np.ndarray], numbers: dict[str, int]) -> list[Step]:
    """The lines of both tasks in batches of like length."""
    batches: list[Step] = []
    for task, lines in enumerate(tasks):
        order = sorted(range(len(lines.texts)), key=lambda place: (len(view(lines.texts[place])), place))
        for at in range(0, len(order), net.config.batch):
            some = order[at : at + net.config.batch]
            chars = torch.from_numpy(characters([lines.texts[place] for place in some], numbers))
            target = torch.from_numpy(lines.targets[some] // (2 if task == REVIEW else 1))
            centred = net.centre(torch.from_numpy(vectors[task][some]))
            batches.append((task, chars, centred, target, torch.from_numpy(lines.weights[some])))
    return batches


def fit_readers(net: Net, tasks: Sequence[Task], vectors: Sequence[np.ndarray], numbers: dict[str, int]) -> None:
    """Let each LSTM learn both tasks at once, each in an order of its own.

    Args:
        net: with the vectors' mean set.
        tasks: chat and reviews.
        vectors: the sentence vectors of each task's lines.
        numbers: from character to number.
    """
    batches = _batches(net, tasks, vectors, numbers)
    for place, reader in enumerate(net.readers):
        _fit_reader(reader, batches, net.config, net.config.seed + place)
    net.eval()


def _fit_reader(reader: nn.Module, batches: list[Step], config: SentimentConfig, seed: int) -> None:
    best = torch.optim.AdamW(reader.parameters(), lr=config.rate, weight_decay=1e-2)
    steps = max(2, config.epochs * len(batches))
    course = torch.optim.lr_scheduler.OneCycleLR(best, max_lr=config.rate, total_steps=steps, pct_start=0.1)
    drawn = random.Random(seed)
    reader.train()
    for epoch in range(config.epochs):
        drawn.shuffle(batches)
        total, start = 0.0, time.perf_counter()
        for task, chars, centred, target, weight in batches:
            shown = chars.masked_fill((torch.rand(chars.shape) < HIDDEN_CHARS) & (chars > 0), UNKNOWN)
            found = reader.heads[task](reader(shown, centred))
            loss = nn.functional.cross_entropy(found, target, reduction="none", label_smoothing=config.smoothing)
            loss = (loss * weight).mean()
            best.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            best.step()
            course.step()
            total += loss.item()
        log.info("epoch %d: loss %.4f, %.0f s", epoch + 1, total / max(1, len(batches)), time.perf_counter() - start)


def fit_tables(net: Net, task: int, lines: Task, made: Batch, vectors: np.ndarray) -> None:
    """Logistic regressions over n-grams and over sentence vectors of one task."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    rows = np.repeat(np.arange(len(made.grams)), made.grams.shape[1])
    shape = (len(made.grams), net.config.buckets)
    grams = csr_matrix((made.weights.ravel(), (rows, made.grams.ravel())), shape=shape)
    place = slice(0, 3) if task == CHAT else slice(3, 5)
    centred = net.centre(torch.from_numpy(vectors)).numpy()
    for table, bias, data, looseness in (
        (net.gram_tables, net.gram_bias, grams, GRAM_LOOSENESS),
        (net.vector_table, net.vector_bias, centred, VECTOR_LOOSENESS),
    ):
        model = LogisticRegression(C=looseness, max_iter=1000).fit(data, lines.targets, sample_weight=lines.weights)
        slopes, offsets = model.coef_, model.intercept_
        if len(slopes) == 1:  # two classes: one slope, against each other
            slopes, offsets = np.concatenate([-slopes, slopes]) / 2, np.concatenate([-offsets, offsets]) / 2
        table[:, place] = torch.from_numpy(slopes.T.astype(np.float32))
        bias[place] = torch.from_numpy(offsets.astype(np.float32))


def doubted(net: Net, lines: Task, vectors: np.ndarray, folds: int = 4, sure: float = 1.5) -> np.ndarray:
    """Which lines of the weight 1 are likely labelled wrong, as a mask of booleans.

    Lines of long reviews carry the label of the whole review. A regression over sentence vectors that
    has not seen a line is asked; where it is sure (logit beyond ``sure``) of the other side, the line is
    doubted (confident learning, Northcutt et al. 2021). Lines of other weights are our own and are trusted.

    Args:
        net: with the vectors' mean set.
        lines: of two labels.
        vectors: their sentence vectors.
        folds: parts of which each is judged by the others.
        sure: logit from which a contradiction counts.
    """
    from sklearn.linear_model import LogisticRegression

    centred = net.centre(torch.from_numpy(vectors)).numpy()
    positive = lines.targets == lines.targets.max()
    part = np.random.default_rng(net.config.seed).integers(0, folds, len(positive))
    logits = np.zeros(len(positive))
    for fold in range(folds):
        others = part != fold
        if len(np.unique(positive[others])) < 2 or others.all():
            continue
        model = LogisticRegression(C=VECTOR_LOOSENESS, max_iter=500)
        model.fit(centred[others], positive[others], sample_weight=lines.weights[others])
        logits[~others] = model.decision_function(centred[~others])
    wrong: np.ndarray = (np.abs(logits) > sure) & ((logits > 0) != positive) & (lines.weights == 1.0)
    return wrong


def export(net: Net, numbers: dict[str, int], path: Path) -> None:
    """Write the net as ONNX with what serving must know in its metadata."""
    import onnx

    net.eval()
    one = torch.ones((2, 3), dtype=torch.int64)
    given = (one, one, torch.ones((2, 3)), torch.ones((2, len(net.mean))))
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        net,
        given,
        str(path),
        input_names=["chars", "grams", "weights", "vector"],
        output_names=["chat", "review", "rarity"],
        dynamic_axes={
            "chars": {0: "n", 1: "t"},
            "grams": {0: "n", 1: "g"},
            "weights": {0: "n", 1: "g"},
            "vector": {0: "n"},
            "chat": {0: "n"},
            "review": {0: "n"},
        },
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(path))
    about = {
        "format": str(FORMAT),
        "encoder": net.config.encoder,
        "chars": json.dumps(list(numbers), ensure_ascii=False),
    }
    about["config"] = json.dumps(asdict(net.config))
    onnx.helper.set_model_props(model, about)
    onnx.save(model, str(path))
