"""Builds ONNX graphs node by node, with eight-bit matrices.

Weights use less than their eight bits: AVX2 adds two products in 16 bits, which
would overflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nlp.e5_file import E5Tensors

LARGEST = 90
MICROSOFT = "com.microsoft"
Shape = tuple[int | str, ...]


class Draft:
    """Nodes and constants of a graph under way; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._names: set[str] = set()

    def constant(self, name: str, value: np.ndarray) -> str:
        """Keep a constant under its name, once."""
        from onnx import numpy_helper

        if name not in self._names:
            self._names.add(name)
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, out: str | None = None, domain: str = "", **options: Any) -> str:
        """Add a node; its result is called ``out`` or gets a name of its own."""
        from onnx import helper

        out = out or f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], domain=domain, **options))
        return out

    def model(self, name: str, given: dict[str, Shape], found: dict[str, Shape]) -> bytes:
        """The finished model with its inputs and outputs, all float32; a word in a shape is a size that varies."""
        from onnx import TensorProto, helper

        ends = [
            [helper.make_tensor_value_info(one, TensorProto.FLOAT, shape) for one, shape in side.items()]
            for side in (given, found)
        ]
        graph = helper.make_graph(self.nodes, name, *ends, self.constants)
        sets = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=sets)
        model.ir_version = 9
        done: bytes = model.SerializeToString()
        return done

    def split(self, x: str, count: int) -> list[str]:
        """Cut the last axis into equal parts."""
        from onnx import helper

        outs = [f"Split{len(self.nodes)}.{part}" for part in range(count)]
        self.nodes.append(helper.make_node("Split", [x], outs, axis=-1, num_outputs=count))
        return outs

    def norm(self, x: str, file: E5Tensors, name: str) -> str:
        """Layer normalisation with the gain and shift of that name in the file."""
        gain, shift = (self.constant(f"{name}.{part}", file.vector(f"{name}.{part}")) for part in "wb")
        return self.add("LayerNormalization", x, gain, shift, axis=-1, epsilon=file.epsilon)

    def exact(self, x: str, weights: np.ndarray, bias: np.ndarray) -> str:
        """``x @ weights.T + bias`` in full precision."""
        name = f"exact{len(self.nodes)}"
        product = self.add("MatMul", x, self.constant(f"{name}.w", weights.T))
        return self.add("Add", product, self.constant(f"{name}.b", bias))

    def dense(self, x: str, weights: np.ndarray, bias: np.ndarray, spread: np.ndarray | None = None) -> str:
        """``x @ weights.T + bias`` with eight-bit numbers; each row of the weights has a scale of its own.

        Args:
            spread: about the largest value of each channel of ``x``. The channels are
                made alike by it and the weights take it over (SmoothQuant, Xiao et al.
                2023, with spreads that follow from the layer's own constants instead of
                from sample texts), because the eight bits of ``x`` share one scale.
        """
        name = f"dense{len(self.nodes)}"
        if spread is not None:
            even = (spread / np.exp(np.log(spread).mean())).astype(np.float32)
            x = self.add("Mul", x, self.constant(f"{name}.even", 1 / even))
            weights = weights * even
        scale = np.maximum(np.abs(weights).max(axis=1) / LARGEST, 1e-12).astype(np.float32)
        small = np.clip(np.rint(weights / scale[:, None]), -LARGEST, LARGEST).astype(np.int8)
        parts = {"w": small.T, "scale": scale, "zero": np.zeros(len(scale), np.int8), "b": bias}
        names = [self.constant(f"{name}.{part}", value) for part, value in parts.items()]
        return self.add("DynamicQuantizeMatMul", x, *names, domain=MICROSOFT)
