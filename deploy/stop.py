"""`make stop`: end the bot that runs from the data folder."""

from __future__ import annotations

import sys

from deploy.running import Running, stop
from shop.errors import BadSetting
from shop.settings import load_settings


def main() -> int:
    """End it, and say whether there was one."""
    try:
        settings = load_settings()
    except BadSetting as error:
        print(error, file=sys.stderr)
        return 2
    print("Stopped." if stop(Running(settings)) else f"Nothing is running from {settings.data_dir}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
