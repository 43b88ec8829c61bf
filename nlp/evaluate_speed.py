"""What hearing costs: CPU time of one message through the whole ear, and the memory that the ear adds.

    python -m nlp.evaluate speed [FILE.tsv] [--model PATH] [--json]

Messages are the texts of the file, or lines of ``data/nlu``; none is heard twice, so that
no vector is remembered. Milliseconds are CPU time of this process, which another
program's load lengthens less than the clock's; one core is used.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Sequence

import numpy as np

from nlp.datasets import read_nlu, read_tsv
from nlp.memory import resident_mb

MESSAGES = 300
WARM = 20  # so many messages, or a quarter of few, are heard before the clock runs


def measure(texts: Sequence[str], model: Path | None = None) -> dict[str, float]:
    """Load the ear, let it hear messages one by one.

    Returns:
        ``cpu_ms_p50`` and ``cpu_ms_p95`` of a message, ``memory_mb`` that loading and hearing added, ``messages``.

    Raises:
        BadValue: there is no trained model.
    """
    from nlp.predict import understander

    before = resident_mb()
    ear = understander(model)
    said = list(dict.fromkeys(texts))
    warm = min(WARM, len(said) // 4)
    for text in said[:warm]:
        ear.understand(text)
    spent = []
    for text in said[warm : warm + MESSAGES]:
        start = time.process_time()
        ear.understand(text)
        spent.append((time.process_time() - start) * 1000)
    return {
        "cpu_ms_p50": float(np.percentile(spent, 50)) if spent else 0.0,
        "cpu_ms_p95": float(np.percentile(spent, 95)) if spent else 0.0,
        "memory_mb": resident_mb() - before,
        "messages": len(spent),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.evaluate speed", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    texts = read_tsv(asked.file).texts if asked.file else read_nlu().texts[:: len(read_nlu()) // (WARM + MESSAGES)]
    found = measure(texts, asked.model)
    print(json.dumps(found) if asked.json else "\n".join(f"{name:12} {value:.1f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
