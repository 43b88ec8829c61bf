"""Voice of the messengers: brought into the recogniser's form by ffmpeg, where it is installed, and read.

Platforms send AMR, Opus or Ogg; the recogniser reads WAV (see ``nlp.speech``).
"""

from __future__ import annotations

import asyncio
import logging
import shutil

from bot.channels.web_speech import Speech, SpeechBusy, SpeechOff
from nlp.speech import LONGEST_S, RATE
from shop.errors import BadSetting, BadValue

log = logging.getLogger(__name__)
CONVERT_S = 15.0


async def words_of(raw: bytes, speech: Speech) -> str:
    """The words of a recording; empty when they can't be read here."""
    try:
        wave = raw if raw[:4] == b"RIFF" else await as_wave(raw)
        return await speech.text(wave) if wave else ""
    except (SpeechOff, BadValue):
        return ""
    except (SpeechBusy, BadSetting) as error:
        log.warning("a voice message could not be read: %s", type(error).__name__)
        return ""


async def as_wave(raw: bytes) -> bytes:
    """The recording as WAV, one channel, 16,000 samples a second; empty without ffmpeg or when it is no sound."""
    program = shutil.which("ffmpeg")
    if program is None:
        log.warning("a voice message could not be read: ffmpeg is not installed")
        return b""
    form = ["-t", str(LONGEST_S), "-ac", "1", "-ar", str(RATE), "-sample_fmt", "s16", "-f", "wav", "pipe:1"]
    quiet = ["-hide_banner", "-loglevel", "error", "-protocol_whitelist", "pipe"]
    process = await asyncio.create_subprocess_exec(
        program, *quiet, "-i", "pipe:0", *form,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wave, _ = await asyncio.wait_for(process.communicate(raw), CONVERT_S)
    except asyncio.TimeoutError:
        process.kill()
        return b""
    # Written to a pipe, the header's sizes are unknown (0xFFFFFFFF): set them right.
    return _sized(wave) if process.returncode == 0 else b""


def _sized(wave: bytes) -> bytes:
    at = wave.find(b"data")
    if at < 0:
        return b""
    whole, data = (len(wave) - 8).to_bytes(4, "little"), (len(wave) - at - 8).to_bytes(4, "little")
    return wave[:4] + whole + wave[8 : at + 4] + data + wave[at + 8 :]
