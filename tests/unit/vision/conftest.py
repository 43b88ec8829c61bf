"""Products with pictures, and an eye that needs no network: it sees colours on a grid."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from shop.demo.pictures import draw
from shop.settings import ROOT

ICONS = json.loads((ROOT / "data" / "shop" / "icons.json").read_text(encoding="utf-8"))["icons"]
THINGS = ("backpack", "teapot", "running-shoe", "guitar", "headphone", "lipstick", "camera", "scarf")


class ColourEye:
    """Mean colours of a grid of four by four."""

    name = "colours"
    width = 48

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, pictures):
        self.seen += len(pictures)
        rows = [np.asarray(Image.fromarray(one).resize((4, 4), Image.Resampling.BOX), np.float32) for one in pictures]
        return np.stack([row.reshape(-1) / 255 for row in rows]) if rows else np.zeros((0, 48), np.float32)


@pytest.fixture
def eye() -> ColourEye:
    return ColourEye()


def picture_of(number: int) -> bytes:
    """A drawn picture of one of some things; each number gives another."""
    names = [one for one in THINGS if one in ICONS] or list(ICONS)[:8]
    return draw(f"p{number}", ICONS[names[number % len(names)]], 47 * number % 360)


def pooling_network(path: Path, size: int = 8) -> Path:
    """An ONNX file as of any library: float [n, 3, 32, 32] → means of fields of ``size`` pixels; 8 give 48 numbers."""
    fields = 32 // size
    nodes = [
        onnx.helper.make_node("AveragePool", ["pixels"], ["means"], kernel_shape=[size] * 2, strides=[size] * 2),
        onnx.helper.make_node("Flatten", ["means"], ["features"]),
    ]
    given = onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, ["n", 3, 32, 32])
    made = onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, ["n", 3 * fields * fields])
    graph = onnx.helper.make_graph(nodes, "pooling", [given], [made])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path
