"""`make test`: every test, in two processes for two cores; with words of one's own, one pytest with them.

The tests with servers and browsers run beside the rest; what they print is shown when
both are done, so that the two do not mix.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Sequence

from shop.settings import ROOT

PYTEST = (sys.executable, "-m", "pytest")
SHOWN = ("tests/house", "tests/unit")
BESIDE = ("tests/integration", "tests/stories", "tests/e2e")


def main() -> int:
    """Run them; 1 when a test failed."""
    words = sys.argv[1:]
    if words:
        return subprocess.call([*PYTEST, *words], cwd=ROOT)
    heed_interrupts()
    return run_both([*PYTEST, *SHOWN], [*PYTEST, *BESIDE])


def heed_interrupts() -> None:
    """Let SIGINT and SIGTERM end the halves with their servers, also where a shell in the background ignores SIGINT."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.default_int_handler)


def run_both(shown: Sequence[str], beside: Sequence[str]) -> int:
    """Run two programs at once, the second's output after the first's; an interrupt reaches each of them once."""
    with tempfile.TemporaryFile() as kept:
        # Sessions of their own: a terminal's Ctrl-C would reach them a second time, while they clear up.
        halves = [
            subprocess.Popen(shown, cwd=ROOT, start_new_session=True),
            subprocess.Popen(beside, cwd=ROOT, start_new_session=True, stdout=kept, stderr=subprocess.STDOUT),
        ]
        try:
            halves[0].wait()
            print("→ and the tests with servers and browsers, which run beside these:", flush=True)
            halves[1].wait()
        except KeyboardInterrupt:
            for half in halves:
                half.send_signal(signal.SIGINT)  # nothing happens to one that is done
        codes = [half.wait() for half in halves]
        kept.seek(0)
        shutil.copyfileobj(kept, sys.stdout.buffer)
        sys.stdout.flush()
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
