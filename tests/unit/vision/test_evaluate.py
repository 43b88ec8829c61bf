"""``python -m vision.evaluate`` on a small set of photos in the layout that it takes."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from shop.demo.pictures import draw
from tests.unit.vision.conftest import ICONS, pooling_network
from vision.evaluate import main
from vision.renderings import rendering

PRODUCTS, KINDS, PHOTOS = 12, 3, 7
"""Of each product so many photos; the last two are asked for."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A folder of drawn products of three colours a kind, with photo-like renderings; its network and its settings."""
    root = tmp_path_factory.mktemp("shelf")
    rows, lists = ["name,id,coarse,coarse id,picture"], {"train": [], "val": []}
    for product in range(PRODUCTS):
        raw = draw(f"p{product}", list(ICONS)[product], 360 * product // PRODUCTS)
        picture = np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"))
        Image.fromarray(picture).save(root / f"{product}.png")
        rows.append(f"thing {product},{product},kind,{product * KINDS // PRODUCTS},/{product}.png")
        for photo in range(PHOTOS):
            name = f"{product}-{photo}.jpg"
            taken = rendering(picture, np.random.default_rng(100 * product + photo))
            Image.fromarray(taken).save(root / name)
            lists["val" if photo >= PHOTOS - 2 else "train"].append(f"{name}, {product}, {product * KINDS // PRODUCTS}")
    (root / "classes.csv").write_text("\n".join(rows))
    for name, lines in lists.items():
        (root / f"{name}.txt").write_text("\n".join(lines))
    pooling_network(root / "eye.onnx")
    return root


@pytest.fixture(autouse=True)
def own_eye(shelf, monkeypatch):
    """The small network looks, and what it saw is kept beside the photos."""
    monkeypatch.setenv("XIAOER_IMAGE_ENCODER", str(shelf / "eye.onnx"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(shelf / "cache"))


def asked(shelf, *more):
    return ["--root", str(shelf), "--catalogue", "classes.csv", "--train", "train.txt", "--queries", "val.txt", *more]


def test_all_figures_are_printed_as_one_json_object_and_beat_chance(shelf, capsys):
    assert main(asked(shelf, "--json")) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures["peers"]) == {"frozen_features", "hog_and_colours", "perceptual_hash"}
    assert figures["top5"] >= figures["top1"] > 3 / PRODUCTS
    assert figures["category_top1"] > 1.5 / KINDS
    assert figures["top1"] <= figures["mrr"] <= 1
    assert 0.5 < figures["not_in_shop_auroc"] <= 1
    assert figures["ms_per_photo"] > 0
    assert figures["index_bytes"] > 0


def test_with_the_catalogue_alone_no_photo_of_what_is_searched_is_known(shelf, capsys):
    assert main(asked(shelf, "--json")) == 0
    known = json.loads(capsys.readouterr().out)
    assert main(asked(shelf, "--catalogue-only", "--json")) == 0
    alone = json.loads(capsys.readouterr().out)
    assert 1.5 / PRODUCTS < alone["top1"] <= known["top1"]
    assert "category_heads" in known
    assert "category_heads" not in alone


def test_a_list_that_is_not_there_is_told_and_ends_with_two(shelf, capsys):
    lines = asked(shelf)
    lines[lines.index("val.txt")] = "nowhere.txt"
    assert main(lines) == 2
    assert "nowhere.txt" in capsys.readouterr().err


def test_for_people_each_figure_has_a_line(shelf, capsys):
    assert main(asked(shelf)) == 0
    out = capsys.readouterr().out
    for name in ("top1", "top5", "mrr", "category_top1", "not_in_shop_auroc", "ms_per_photo", "peers"):
        assert f"{name:20}" in out
