"""Export a sentence encoder of Hugging Face for ``XIAOER_ENCODER``.

    python -m nlp.hf_export MODEL FOLDER [--pooling mean|cls] [--prefix TEXT] [--exact]

MODEL is a name on the hub or a folder of ``save_pretrained``: a Chinese BERT, a bge
(``--pooling cls``), an e5 (``--prefix "query: "``). The graph is written by torch and
its matrices brought to eight bits by ONNX Runtime; ``--exact`` keeps them as they are.
Train again afterwards: ``make train`` sees that the encoder is another.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any, Sequence

from nlp.hf_encoder import ABOUT, GRAPH, WORDS
from shop.errors import BadValue


def export(model: str, folder: Path, pooling: str = "mean", prefix: str = "", exact: bool = False) -> None:
    """Write the folder.

    Raises:
        BadValue: the model can't be loaded, or has no fast tokenizer.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    try:
        words = AutoTokenizer.from_pretrained(model)
        net = AutoModel.from_pretrained(model).eval()
    except (OSError, ValueError) as error:
        raise BadValue(f"{model}: no model that transformers can load; {str(error).splitlines()[0]}") from error
    if not words.is_fast:
        raise BadValue(f"{model}: its tokenizer has no tokenizer.json; take a model with a fast tokenizer")
    folder.mkdir(parents=True, exist_ok=True)
    words.backend_tokenizer.save(str(folder / WORDS))
    one = torch.ones((1, 4), dtype=torch.int64)
    with tempfile.TemporaryDirectory() as place:
        plain = Path(place) / GRAPH
        torch.onnx.export(
            _states(net),
            (one, one),
            str(plain),
            input_names=["input_ids", "attention_mask"],
            output_names=["states"],
            dynamic_axes={"input_ids": {1: "t"}, "attention_mask": {1: "t"}, "states": {1: "t"}},
            opset_version=17,
            dynamo=False,
        )
        _write(plain, folder / GRAPH, exact)
    about = {"width": int(net.config.hidden_size), "pooling": pooling, "prefix": prefix, "model": model}
    (folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _states(net: Any) -> Any:
    from torch import nn

    class States(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, ids: Any, mask: Any) -> Any:
            return self.net(input_ids=ids, attention_mask=mask).last_hidden_state

    return States()


def _write(plain: Path, target: Path, exact: bool) -> None:
    if exact:
        target.write_bytes(plain.read_bytes())
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Seven bits: AVX2 adds two products in 16 bits, which eight would overflow.
    quantize_dynamic(plain, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="python -m nlp.hf_export", description=__doc__)
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pooling", choices=["mean", "cls"], default="mean")
    parser.add_argument("--prefix", default="")
    parser.add_argument("--exact", action="store_true")
    asked = parser.parse_args(arguments)
    export(asked.model, asked.folder, asked.pooling, asked.prefix, asked.exact)


if __name__ == "__main__":
    main()
