"""Numbers on screenshots, read by the real reader."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from vision.screenshot import ScreenReader, is_screen, numbers_in

ORDER, TRACKING = ["订单号", "订单"], ["运单", "快递"]
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
)


def drawn(*lines: str) -> np.ndarray:
    font = None
    for path in FONTS:
        try:
            font = ImageFont.truetype(path, 30)
            break
        except OSError:
            continue
    if font is None:
        pytest.skip("no Chinese font: apt-get install fonts-noto-cjk")
    screen = Image.new("RGB", (720, 1000), "white")
    pen = ImageDraw.Draw(screen)
    for at, line in enumerate(lines):
        pen.text((40, 60 + 90 * at), line, fill=(40, 40, 40), font=font)
    return np.asarray(screen)


@pytest.mark.parametrize(
    ("lines", "order", "tracking"),
    [
        (["订单编号：2025010100000001"], "2025010100000001", None),
        (["订单号", "2025010100000001", "复制"], "2025010100000001", None),
        (["快递单号 SF1234567890123"], None, "SF1234567890123"),
        (["运单号：773312345678901"], None, "773312345678901"),
        (["订单号 2025010100000001", "运单号 YT8812345678901"], "2025010100000001", "YT8812345678901"),
        (["下单时间 2025-01-01 10:20", "合计 ¥128.00", "电话 138 1234 5678"], None, None),
    ],
)
def test_a_number_belongs_to_the_word_beside_it(lines, order, tracking):
    found = numbers_in(lines, [*ORDER, "订单编号"], TRACKING)
    assert (found.order, found.tracking) == (order, tracking)


def test_a_screenshot_of_an_order_is_read():
    screen = drawn("订单详情", "订单号：2025010100000001", "实付 ¥128.00", "运单号：SF1234567890123")
    assert is_screen(screen)
    found = numbers_in(ScreenReader().lines(screen), ORDER, TRACKING)
    assert (found.order, found.tracking) == ("2025010100000001", "SF1234567890123")


def test_a_photo_is_no_screenshot():
    rng = np.random.default_rng(1)
    assert not is_screen(rng.integers(0, 255, (200, 200, 3), dtype=np.uint8))
