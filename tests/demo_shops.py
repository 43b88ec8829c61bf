"""Demo shops for tests: the small one, made once a run and copied for tests that change it."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable

from sqlalchemy import func, select

from shop.database import Database
from shop.demo.making import build
from shop.demo.stamp import Stamp, write_stamp
from shop.front import Shop
from shop.privacy import Cipher
from shop.settings import Settings

SECRET = "a secret for tests only"
# A Friday, noon in Shanghai. The demo's rows hang on the moment it is made: tests look at one moment, so that they
# do the same on every day (`XIAOER_TEST_NOW=2027-01-03T16:10:00+00:00 pytest …` looks at another).
DEMO_NOW = datetime.fromisoformat(os.environ.get("XIAOER_TEST_NOW", "2026-11-20T04:00:00+00:00")).astimezone(
    timezone.utc
)


def demo_shop_in(folder: Path, clock: Callable[[], datetime], address: str = "", seed: int = 20) -> Shop:
    """A small demo shop in a folder, or in another database."""
    settings = Settings(data_dir=folder, secret_key=SECRET, catalogue_check_s=0.0, database_url=address)
    shop = Shop(settings, Database(settings.database_address), Cipher(SECRET), clock)
    build(shop, small=True, quiet=True, seed=seed)
    return shop


def copied(shop: Shop, folder: Path, clock: Callable[[], datetime]) -> Shop:
    """The same shop (on SQLite) once more, to be changed."""
    with shop.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(shop.settings.data_dir / "shop.db", folder / "shop.db")
    stamp = (shop.settings.data_dir / "demo.json").read_text()
    (folder / "demo.json").write_text(stamp.replace(str(shop.settings.data_dir), str(folder)))
    settings = Settings(data_dir=folder, secret_key=SECRET, catalogue_check_s=0.0)
    return Shop(settings, Database(settings.database_address), Cipher(SECRET), clock)


def call_demo(shop: Shop) -> None:
    """Let a shop pass for one that the demo made: its first customers are nobody."""
    write_stamp(shop.settings, Stamp("built", "", 0, True, "", "", ""))


def count_rows(shop: Shop, model) -> int:
    with shop.database.read() as session:
        return session.execute(select(func.count()).select_from(model)).scalar()


def columns(shop: Shop, *columns, where=True) -> list:
    with shop.database.read() as session:
        rows = session.execute(select(*columns).where(where)).all()
    return [row[0] for row in rows] if len(columns) == 1 else rows
