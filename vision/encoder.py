"""Turns pictures into vectors, by a convolutional network under ONNX Runtime.

EfficientNet-Lite0 and -Lite1 side by side ("lite0+lite1") by default;
``XIAOER_IMAGE_ENCODER`` names others of the family, or an ONNX file of any encoder
(timm, torchvision, CLIP): input [n, height, width, 3] uint8, or [n, 3, height, width] float of pixels
normalised as ImageNet's.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any, Protocol, Sequence

import numpy as np

from shop.errors import BadSetting
from vision import colours, export
from vision.image_file import Pixels
from vision.preprocessing import boxed, cropped, salient_box, squashed

_IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_IMAGENET_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
VIEWS = ("whole", "middle", "close")
"""Also ``salient``: the part where the thing stands out."""

_PARTS = {"middle": 0.85, "close": 0.65}
COLOUR_WEIGHT = 0.45
"""Length of the colours beside the network's features, each part of which has length one."""


class ImageEncoder(Protocol):
    """What the rest of the package asks of an encoder."""

    name: str
    """Changes whenever the vectors would."""

    @property
    def width(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, pictures: Sequence[Pixels]) -> np.ndarray:
        """float32 [len(pictures), width]; rows are comparable after ``head.Head``, not unit vectors."""
        ...


class OnnxEncoder:
    """One exported network or several; loads at the first picture and is safe for several threads.

    Args:
        name: of ``vision.export``, or the path of an ONNX file; several with "+" between them.
        views: what each network sees of a picture; their features are averaged.
        threads: that a network may use.

    Raises:
        BadSetting: there is no such network.
    """

    def __init__(self, name: str, views: Sequence[str] = VIEWS, threads: int = 1) -> None:
        self._networks = [_Network(one, threads) for one in name.split("+")]
        self.name = f"{'+'.join(one.key for one in self._networks)}-{'-'.join(views)}-colours"
        self._views = tuple(views)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return sum(one.width for one in self._networks) + colours.WIDTH

    def encode(self, pictures: Sequence[Pixels]) -> np.ndarray:
        """See ``ImageEncoder``; the mean over the views of each picture by each network, and its colours."""
        if not pictures:
            return np.zeros((0, self.width), np.float32)
        return np.stack([self._described(one) for one in pictures])

    def _described(self, pixels: Pixels) -> np.ndarray:
        seen = [one.features(_looks(pixels, self._views, one.side)).mean(axis=0) for one in self._networks]
        weight = COLOUR_WEIGHT * len(seen) ** 0.5  # colours keep their share of a likeness
        return np.concatenate([*seen, weight * colours.colour_features(pixels)])


def _looks(pixels: Pixels, views: Sequence[str], side: int) -> np.ndarray:
    """Squares that are cut from a picture, uint8 [views, side, side, 3]."""
    made = []
    for view in views:
        if view == "whole":
            made.append(squashed(pixels, side))
        elif view in _PARTS:
            made.append(cropped(pixels, side, _PARTS[view]))
        else:
            made.append(boxed(pixels, side, salient_box(pixels)))
    return np.stack(made)


class _Network:
    """One ONNX graph and its session; ``key`` changes whenever its features would."""

    def __init__(self, name: str, threads: int) -> None:
        self._path: Path | None = Path(name) if name.endswith(".onnx") else None
        self._name = name
        self._threads = threads
        if self._path is not None and not self._path.is_file():
            raise BadSetting("XIAOER_IMAGE_ENCODER", name, "there is no such file")
        self.key = (
            hashlib.sha256(self._path.read_bytes()).hexdigest()[:12] if self._path else export.graph_path(name).stem
        )
        self._lock = threading.Lock()
        self._session: Any = None

    @property
    def width(self) -> int:
        """Features of a picture."""
        return int(self._loaded().get_outputs()[0].shape[1])

    @property
    def side(self) -> int:
        """Side of the square that it looks at, in pixels."""
        shape = self._loaded().get_inputs()[0].shape
        return next(int(one) for one in reversed(shape) if isinstance(one, int) and one > 3)

    def features(self, looks: np.ndarray) -> np.ndarray:
        """uint8 [n, side, side, 3] → float32 [n, width]."""
        session = self._loaded()
        entry = session.get_inputs()[0]
        if "uint8" not in entry.type:
            looks = ((looks / 255.0 - _IMAGENET_MEAN) / _IMAGENET_SPREAD).astype(np.float32).transpose(0, 3, 1, 2)
        out = session.run(None, {entry.name: looks})[0]
        return np.asarray(out, np.float32).reshape(len(looks), -1)

    def _loaded(self) -> Any:
        with self._lock:
            if self._session is None:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads, options.inter_op_num_threads = self._threads, 1
                options.log_severity_level = 3
                options.enable_cpu_mem_arena = False  # one large batch would leave its memory taken
                path = self._path or export.graph(self._name)
                self._session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
            return self._session
