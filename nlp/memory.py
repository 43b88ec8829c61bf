"""Memory of this process: how much there is, and giving back what loading left behind (Linux)."""

from __future__ import annotations

import ctypes
from pathlib import Path


def resident_mb() -> float:
    """Memory of this process that is in RAM now; nought where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def give_back() -> None:
    """Hand free memory to the system, which glibc would keep: copies that loading models made and dropped."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
    if trim is not None:
        trim(0)
