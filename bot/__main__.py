"""``python -m bot run``: Rasa's own command line, started without the TensorFlow that our pipeline doesn't use."""

from __future__ import annotations

from pathlib import Path

from bot.lean import leave_out_tensorflow

if __name__ == "__main__":
    leave_out_tensorflow(Path("config.yml"))
    from rasa.__main__ import main

    main()
