"""Rasa without TensorFlow, where the pipeline has no use for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.lean import leave_out_tensorflow
from shop.settings import ROOT

RASA = """
import sys
from pathlib import Path
from bot.lean import leave_out_tensorflow
assert leave_out_tensorflow(Path("config.yml"))
import rasa.__main__
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.diet_classifier import DIET
DefaultV1Recipe()
print([name for name, one in sys.modules.items() if name.startswith("tensorflow") and getattr(one, "__file__", None)])
try:
    DIET({}, {}, False, {})
except RuntimeError as error:
    print(error)
"""


def test_rasa_knows_its_components_without_tensorflow_and_can_make_none_that_needs_it():
    done = subprocess.run([sys.executable, "-c", RASA], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded, refused = done.stdout.strip().splitlines()
    assert loaded == "[]"
    assert refused.startswith("DIET needs TensorFlow")


@pytest.mark.parametrize(
    "config",
    [
        "pipeline: [{name: WhitespaceTokenizer}, {name: DIETClassifier}]",
        "pipeline: [{name: bot.components.tokenizer.ChineseTokenizer}]\npolicies: [{name: TEDPolicy}]",
        "pipeline: [WhitespaceTokenizer]",
        "pipeline: {",
        "",
    ],
)
def test_a_pipeline_that_may_need_tensorflow_gets_it(tmp_path, monkeypatch, config):
    (tmp_path / "config.yml").write_text(config)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(sys, "meta_path", before := list(sys.meta_path))
    assert leave_out_tensorflow(tmp_path / "config.yml") is False
    assert leave_out_tensorflow(tmp_path / "missing.yml") is False
    assert sys.meta_path == before
