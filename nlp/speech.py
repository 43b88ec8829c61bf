"""Speech to text, off unless a setting names an engine and the folder of its model.

The engines are not among the project's own packages: ``requirements-speech.in``
names them, and they are imported when the first recording comes. A recording is
WAV, one channel, 16,000 samples a second, 16 bits, which every browser can make;
so nothing here decodes compressed sound.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any, Callable, Protocol

import numpy as np

from nlp.lexicon import entries
from shop.errors import BadSetting, BadValue
from shop.settings import PREFIX, Settings

RATE = 16_000
SHORTEST_S, LONGEST_S = 0.2, 60.0
MOST_BYTES = int(LONGEST_S * RATE * 2) + 4096
LANGUAGE = "zh"
THREADS = 2


class Recogniser(Protocol):
    """Turns speech into words."""

    def text(self, samples: np.ndarray) -> str:
        """The words of samples (float32, -1 to 1, ``RATE`` a second); empty when nobody spoke."""
        ...


def read_wave(raw: bytes) -> np.ndarray:
    """The samples (float32, -1 to 1) of a recording.

    Raises:
        BadValue: it is none that is read here; ``facts["why"]`` is ``format``, ``short`` or ``long``.
    """
    try:
        with wave.open(io.BytesIO(raw)) as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            frames = file.readframes(MOST_BYTES) if form == (1, 2, RATE) else None
    except (wave.Error, EOFError, ValueError, RuntimeError) as error:
        raise BadValue(f"no WAV file: {type(error).__name__}", why="format") from error
    if frames is None:
        raise BadValue(f"a WAV file of {form}: give one channel, 2 bytes, {RATE} a second", why="format")
    samples = np.frombuffer(frames[: len(frames) // 2 * 2], dtype="<i2").astype(np.float32) / 32768.0
    seconds = len(samples) / RATE
    if not SHORTEST_S <= seconds <= LONGEST_S:
        why = "short" if seconds < SHORTEST_S else "long"
        raise BadValue(f"{seconds:.1f} s: give {SHORTEST_S} to {LONGEST_S} s", why=why)
    return samples


def open_recogniser(settings: Settings) -> Recogniser | None:
    """The recogniser that the settings name, its model loaded; None when they name none.

    Raises:
        BadSetting: the engine is unknown or not installed, or the folder holds no model of it.
    """
    if not settings.speech:
        return None
    opener = ENGINES.get(settings.speech)
    if opener is None:
        raise BadSetting(f"{PREFIX}SPEECH", settings.speech, f"give one of {', '.join(ENGINES)}, or nothing")
    folder = Path(settings.speech_model)
    if not settings.speech_model or not folder.is_dir():
        raise BadSetting(f"{PREFIX}SPEECH_MODEL", settings.speech_model, "give the folder of the model")
    try:
        return opener(folder)
    except ImportError as error:
        mend = "install it: .venv/bin/uv pip install -r requirements-speech.txt"
        raise BadSetting(f"{PREFIX}SPEECH", settings.speech, mend) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise BadSetting(f"{PREFIX}SPEECH_MODEL", str(folder), f"no model for {settings.speech}: {error}") from error


class FasterWhisper:
    """Whisper by CTranslate2; the folder holds model.bin, config.json and the tokenizer."""

    def __init__(self, folder: Path) -> None:
        from faster_whisper import WhisperModel

        self._model: Any = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=THREADS)

    def text(self, samples: np.ndarray) -> str:
        """The words, in simplified characters where the model wrote others."""
        segments, _ = self._model.transcribe(
            samples,
            language=LANGUAGE,
            beam_size=2,
            initial_prompt=" ".join(entries("speech")),
            condition_on_previous_text=False,
            vad_filter=True,
            without_timestamps=True,
        )
        kept = [one.text for one in segments if one.no_speech_prob < 0.8]
        return simplified("".join(kept)).strip()


class SherpaOnnx:
    """A Paraformer or SenseVoice model by sherpa-onnx; the folder holds model.onnx (or .int8.onnx) and tokens.txt."""

    def __init__(self, folder: Path) -> None:
        import sherpa_onnx

        found = sorted(folder.glob("model*.onnx"), key=lambda one: ".int8" not in one.name)
        if not found or not (folder / "tokens.txt").is_file():
            raise ValueError("model.onnx and tokens.txt belong there")
        parts = {"tokens": str(folder / "tokens.txt"), "num_threads": THREADS}
        kind = sherpa_onnx.OfflineRecognizer
        if "sense" in folder.name.lower():
            self._model: Any = kind.from_sense_voice(model=str(found[0]), use_itn=True, language=LANGUAGE, **parts)
        else:
            self._model = kind.from_paraformer(paraformer=str(found[0]), **parts)

    def text(self, samples: np.ndarray) -> str:
        """The words."""
        stream = self._model.create_stream()
        stream.accept_waveform(RATE, samples)
        self._model.decode_stream(stream)
        return simplified(str(stream.result.text)).strip()


def simplified(text: str) -> str:
    """The text in the characters of the mainland, as the rest of the project reads them."""
    from opencc import OpenCC

    return str(OpenCC("t2s").convert(text))


ENGINES: dict[str, Callable[[Path], Recogniser]] = {"faster-whisper": FasterWhisper, "sherpa-onnx": SherpaOnnx}
