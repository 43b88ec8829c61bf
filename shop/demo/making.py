"""Makes a demo shop once: skips one that is there, refuses a shop that is not ours."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import Any

from shop import sales_days
from shop.demo.build import write_shop
from shop.demo.content import digest, load_content
from shop.demo.refresh import place_unpaid
from shop.demo.showcase import play_showcase
from shop.demo.stage import Stage
from shop.demo.stamp import Stamp, is_empty, read_stamp, write_stamp
from shop.demo.world import FULL, SMALL, World
from shop.demo.writer import wipe
from shop.front import Shop

SEED = 20


def build(
    shop: Shop, *, seed: int = SEED, small: bool = False, force: bool = False, quiet: bool = False
) -> dict[str, int]:
    """Make the demo shop in the shop's database, unless one is there.

    Args:
        force: make it anew; all that is in it is deleted. A shop that the demo did not make is never touched.

    Returns:
        Rows of each table that were written; empty when nothing was to do.
    """
    shop.settings.data_dir.mkdir(parents=True, exist_ok=True)
    shop.database.create_all()
    stamp = read_stamp(shop.settings)
    empty = is_empty(shop.database)
    if not empty and stamp is None:
        _say(quiet, "The database holds a shop of its own; the demo shop is not made.")
        return {}
    wanted = (seed, small, digest())
    if not empty and stamp is not None and stamp.state == "built" and not force:
        if (stamp.seed, stamp.small, stamp.digest) != wanted:
            _say(quiet, "The demo shop is of an older making; `make demo ARGS=--force` makes it anew.")
        return {}
    _say(quiet, f"→ making the demo shop (seed {seed}); this takes up to a minute")
    begin = time.monotonic()
    now = shop.clock()
    _stamp(shop, "building", seed, small, now)
    world = World(shop.settings, shop.cipher, load_content(), SMALL if small else FULL, seed, now)
    with shop.database.change() as session:
        if not empty:
            wipe(session)
        counts = write_shop(world, session, quiet)
    play_showcase(shop, world.content)
    place_unpaid(Stage(shop, world.content))
    sales_days.refresh(shop)
    _stamp(shop, "built", seed, small, now)
    if shop.database.is_sqlite:
        with shop.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize")
    told = ("product", "customer", "orders", "behaviour_event", "review")
    _say(quiet, f"  {', '.join(f'{counts[name]:,} {name}' for name in told)} in {time.monotonic() - begin:.1f} s")
    return counts


def _stamp(shop: Shop, state: str, seed: int, small: bool, now: datetime) -> None:
    at = now.isoformat()
    write_stamp(shop.settings, Stamp(state, "", seed, small, digest(), at, at))


def _say(quiet: bool, *words: Any) -> None:
    if not quiet:
        print(*words, file=sys.stderr, flush=True)
