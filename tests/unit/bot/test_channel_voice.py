"""A recording that ffmpeg wrote to a pipe gets the sizes that its header lacks."""

from __future__ import annotations

import io
import wave

from bot.channels.voice import _sized


def test_a_wave_file_of_unknown_size_can_be_read_again():
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\1\0" * 16_000)
    whole = target.getvalue()
    unknown = whole[:4] + b"\xff" * 4 + whole[8:40] + b"\xff" * 4 + whole[44:]
    with wave.open(io.BytesIO(_sized(unknown))) as read:
        assert read.getnframes() == 16_000
    assert _sized(b"RIFF, but no sound") == b""
