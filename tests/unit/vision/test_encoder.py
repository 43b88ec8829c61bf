"""Any exported network by setting: its input decides how pixels are given, its file whose features they are."""

from __future__ import annotations

import numpy as np
import pytest

from shop.errors import BadSetting
from tests.unit.vision.conftest import pooling_network
from vision import colours
from vision.encoder import OnnxEncoder

GREY = np.full((60, 80, 3), np.round(255 * np.array([0.485, 0.456, 0.406])), np.uint8)
"""The mean colour of ImageNet's pictures."""


def test_a_network_of_float_input_is_given_pixels_normalised_as_imagenets(tmp_path):
    encoder = OnnxEncoder(str(pooling_network(tmp_path / "any.onnx")), views=["whole"])
    (seen,) = encoder.encode([GREY])
    assert len(seen) == encoder.width == 48 + colours.WIDTH
    assert np.abs(seen[:48]).max() < 0.01
    (red,) = encoder.encode([np.full((60, 80, 3), (255, 0, 0), np.uint8)])
    assert np.allclose(red[:48].reshape(3, 16).mean(1), [2.249, -2.036, -1.804], atol=0.01)


def test_the_views_are_the_whole_the_middle_and_where_the_thing_stands(tmp_path):
    path = str(pooling_network(tmp_path / "any.onnx"))
    picture = np.full((100, 100, 3), 200, np.uint8)
    picture[10:60, 5:55] = (250, 20, 20)  # the thing stands to the left above
    whole, close, salient = (
        OnnxEncoder(path, views=[one]).encode([picture])[0][:16].mean() for one in ("whole", "close", "salient")
    )
    assert salient > whole + 0.1, "the crop holds more of the thing's red"
    assert abs(close - whole) < abs(salient - whole)
    both = OnnxEncoder(path, views=["whole", "salient"]).encode([picture])[0][:16].mean()
    assert both == pytest.approx((whole + salient) / 2, abs=0.01)


def test_two_networks_side_by_side_give_both_features_and_the_colours_the_same_share(tmp_path):
    fine, rough = (str(pooling_network(tmp_path / f"{size}.onnx", size)) for size in (8, 16))
    one, other, both = (OnnxEncoder(name).encode([GREY + 40])[0] for name in (fine, rough, f"{fine}+{rough}"))
    assert np.allclose(both[:48], one[:48])
    assert np.allclose(both[48:60], other[:12])
    assert len(both) == OnnxEncoder(f"{fine}+{rough}").width == 60 + colours.WIDTH
    assert np.allclose(both[60:], one[48:] * 2**0.5)
    assert OnnxEncoder(fine).name != OnnxEncoder(f"{fine}+{rough}").name != OnnxEncoder(f"{rough}+{fine}").name


def test_another_file_or_other_views_have_another_name_so_that_features_never_mix(tmp_path):
    one, other = (pooling_network(tmp_path / f"{size}.onnx", size) for size in (8, 16))
    names = {OnnxEncoder(str(one)).name, OnnxEncoder(str(other)).name, OnnxEncoder(str(one), views=["whole"]).name}
    assert len(names) == 3


@pytest.mark.parametrize(("name", "says"), [
    ("resnet1000", "lite0"), ("/nowhere/at/all.onnx", "no such file"), ("lite0+resnet1000", "lite2"),
])  # fmt: skip
def test_an_unknown_encoder_is_refused_with_the_mend(name, says):
    with pytest.raises(BadSetting, match=says):
        OnnxEncoder(name)
