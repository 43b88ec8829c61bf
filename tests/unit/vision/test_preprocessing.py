"""What is done to a photo before it is looked at."""

from __future__ import annotations

import numpy as np

from vision.preprocessing import noise_of, prepared, salient_box, white_balanced


def scene() -> np.ndarray:
    """A smooth picture with an even mean of its channels, [96, 128, 3]."""
    across = np.linspace(60, 190, 128)[None, :, None] * np.ones((96, 1, 3))
    return across.astype(np.uint8)


def test_coloured_light_is_corrected_in_part_and_never_by_much():
    lit = np.clip(scene() * np.array([1.2, 1.0, 0.8]), 0, 255).astype(np.uint8)
    before, after = (one.reshape(-1, 3).mean(0) for one in (lit, white_balanced(lit, 1.25)))
    assert np.ptp(after) < 0.6 * np.ptp(before)
    orange = np.zeros((64, 64, 3), np.uint8) + np.array([240, 120, 10], np.uint8)
    gains = white_balanced(orange, 1.25).reshape(-1, 3).mean(0) / orange.reshape(-1, 3).mean(0)
    assert gains.max() <= 1.26, "an orange stays one"
    assert gains.min() >= 0.79


def test_even_light_is_left_as_it_is():
    assert white_balanced(scene(), 1.25) is not None
    assert np.array_equal(white_balanced(scene(), 1.25), scene())


def test_noise_is_measured_and_taken_off_where_there_is_much():
    rng = np.random.default_rng(5)
    clean = scene()
    noisy = np.clip(clean + rng.normal(0, 25, clean.shape[:2])[..., None], 0, 255).astype(np.uint8)
    assert noise_of(clean) < 3
    assert 15 < noise_of(noisy) < 35
    assert noise_of(prepared(noisy)) < 0.6 * noise_of(noisy)
    away = [np.abs(one.astype(float) - clean).mean() for one in (noisy, prepared(noisy))]
    assert away[1] < away[0]


def test_a_clear_photo_is_not_smoothed():
    sharp = np.kron(np.random.default_rng(1).integers(0, 255, (6, 8, 1)), np.ones((16, 16, 3))).astype(np.uint8)
    assert np.array_equal(prepared(sharp), sharp)


def test_the_thing_is_found_where_it_stands_and_keeps_ground_around_it():
    picture = np.full((240, 320, 3), 210, np.uint8)
    picture[20:110, 200:300] = (200, 30, 40)
    left, top, right, bottom = salient_box(picture)
    assert left <= 200, "the thing is inside"
    assert right >= 295
    assert top <= 25
    assert bottom >= 105
    assert right - left >= 320 // 2
    assert (right - left) * (bottom - top) < 0.5 * 240 * 320, "and most of the ground is not"


def test_a_picture_of_one_colour_has_no_thing_and_gives_a_box_all_the_same():
    left, top, right, bottom = salient_box(np.full((50, 70, 3), 120, np.uint8))
    assert 0 <= left < right <= 70
    assert 0 <= top < bottom <= 50
