"""Reads the numbers on a screenshot of an order or on a parcel's label.

Text is read by RapidOCR (PP-OCR's Chinese models, shipped in its package, under
ONNX Runtime). It is loaded at the first screenshot, not before.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Any, Callable, Sequence

import numpy as np

from vision.image_file import Pixels

SIDE = 1280
"""No side of a screenshot is read larger: small print is still three pixels a stroke."""

FLAT_FROM = 0.4
"""Share of neighbours of one colour. Of 2,640 photos of goods in shops one in fifty has it."""

TEXT_FROM = 0.008
"""Share of rows through text: one line of it on a phone's screen is a hundredth of the height."""

_STROKE = 24
_STROKES = 8
"""So many strokes darker, or lighter, than their ground by ``_STROKE`` make a row one of text."""

_NUMBER = re.compile(r"(?<![A-Z0-9])([A-Z]{0,4}\d{9,24})(?![A-Z0-9])")
ORDER_DIGITS = 16
_LEAST_SCORE = 0.6


@dataclass(frozen=True)
class ScreenNumbers:
    """What a screenshot says; None where it says nothing."""

    order: str | None = None
    tracking: str | None = None


class ScreenReader:
    """Lines of text of a picture, top to bottom; safe for several threads, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: Any = None

    def lines(self, pixels: Pixels) -> list[str]:
        """The lines that are read with some certainty."""
        with self._lock:
            if self._engine is None:
                from rapidocr import RapidOCR

                quiet = {"Global.log_level": "critical", "Global.use_cls": False, "Global.max_side_len": SIDE}
                threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 1}
                self._engine = RapidOCR(params={**quiet, **threads})
            found = self._engine(np.ascontiguousarray(pixels[..., ::-1]))  # BGR, as OpenCV has it
        texts, scores = found.txts or (), found.scores or ()
        return [text for text, score in zip(texts, scores, strict=True) if score >= _LEAST_SCORE]


def is_screen(pixels: Pixels) -> bool:
    """Whether a picture may be a screenshot or a printed label: even ground with lines of text on it.

    Reading text takes seconds, so that this looks first, at a picture of ``image_file.SIDE``.
    """
    even = np.abs(np.diff(pixels[:, ::2].astype(np.int16), axis=1)).max(axis=2) <= 2
    return bool(even.mean() >= FLAT_FROM and _text_rows(pixels) >= TEXT_FROM)


def _text_rows(pixels: Pixels) -> float:
    """Share of rows that get darker and lighter again many times, as they do through a line of text."""
    step = np.diff(pixels.mean(axis=2, dtype=np.float32), axis=1)
    darker, lighter = (edge[:, 1:] & ~edge[:, :-1] for edge in (step < -_STROKE, step > _STROKE))
    return float((np.minimum(darker.sum(1), lighter.sum(1)) >= _STROKES).mean())


def numbers_in(lines: Sequence[str], order_words: Sequence[str], tracking_words: Sequence[str]) -> ScreenNumbers:
    """Order and tracking number among the lines.

    A number belongs to what its line, or the line above, says of it; without
    words, sixteen digits or more are an order, letters before digits a parcel.
    """
    order, tracking = None, None
    before = ""
    for line in lines:
        plain = re.sub(r"[\s\-:\uff1a]", "", line).upper()
        for number in _NUMBER.findall(plain):
            context = f"{before} {line}"
            is_order = _says(line, order_words) or (not _says(line, tracking_words) and _says(context, order_words))
            is_parcel = not is_order and (_says(context, tracking_words) or not number.isdigit())
            if is_parcel:
                tracking = tracking or number
            elif number.isdigit() and (is_order or len(number) >= ORDER_DIGITS):
                order = order or number
        before = line
    return ScreenNumbers(order, tracking)


def _says(line: str, words: Sequence[str]) -> bool:
    return any(word in line for word in words)


read_lines: Callable[[Pixels], list[str]] = ScreenReader().lines
