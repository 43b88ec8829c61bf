"""Define the menu of a WeChat account: ``python -m bot.channels.wechat_menu menu.json``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from rasa.shared.utils.io import read_config_file  # fills ${NAME} from the environment, as the server does

from bot.channels.api import NotDelivered
from bot.channels.wechat import WeChatInput
from shop.errors import ShopError
from shop.settings import ROOT

SECTION = "bot.channels.wechat.WeChatInput"


async def set_menu(credentials: dict[str, Any], menu: dict[str, Any], gate: Any = None) -> None:
    """Send a menu to WeChat.

    Raises:
        NotDelivered: WeChat refused it; the code says why.
    """
    channel = WeChatInput(credentials, gate)
    try:
        await channel.set_menu(menu)
    finally:
        await channel.http.close()


def main() -> int:
    """The exit code: 0 when the menu stands."""
    if len(sys.argv) != 2:
        print("usage: python -m bot.channels.wechat_menu menu.json", file=sys.stderr)
        return 2
    sections = read_config_file(str(ROOT / "credentials.yml"))
    try:
        menu = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        asyncio.run(set_menu((sections or {}).get(SECTION) or {}, menu))
    except (OSError, ValueError, ShopError) as error:
        print(error, file=sys.stderr)
        return 1
    except NotDelivered as fault:
        print(f"WeChat refused the menu: errcode {fault.code}", file=sys.stderr)
        return 1
    print("The menu stands; WeChat shows it within minutes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
