"""The one public door to the shop: ``open_shop()`` wires every service once."""

from __future__ import annotations


from shop.database import Database, open_database
from shop.privacy import Cipher, secret_key
from shop.settings import Settings, load_settings


class Shop:
    """All services over one database; each is made when it is first used."""

    def __init__(self, settings: Settings, database: Database, cipher: Cipher) -> None:
        self.settings = settings
        self.database = database
        self.cipher = cipher


_shops: dict[str, Shop] = {}


def open_shop(settings: Settings | None = None) -> Shop:
    """The process's Shop for these settings (default: the environment's)."""
    settings = settings or load_settings()
    if settings.database_address not in _shops:
        database = open_database(settings.database_address)
        _shops[settings.database_address] = Shop(settings, database, Cipher(secret_key(settings)))
    return _shops[settings.database_address]
