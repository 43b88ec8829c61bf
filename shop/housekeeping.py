"""What a shop does by itself now and then: unpaid orders lapse, planned prices begin, old traces go.

``tidy`` may run in several processes at once and be cut off anywhere: each
step is a transaction of its own and does nothing when there is nothing to do.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Callable

from sqlalchemy import delete

from shop import idempotency, planned_prices, sales_days
from shop.errors import ShopError
from shop.models import VerifyTry

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)

KEYS_KEPT = timedelta(days=7)
"""How long a doubled request is still recognised."""
TRIES_KEPT = timedelta(days=1)


def tidy(shop: Shop) -> dict[str, int]:
    """Do every chore once; a chore that fails is logged and the others still run.

    Returns:
        How many things each chore ended, by its name.
    """
    chores: dict[str, Callable[[Shop], int]] = {
        "unpaid orders": lambda one: one.orders.expire_unpaid(),
        "planned prices": planned_prices.take_effect,
        "uploads": lambda one: one.uploads.purge(),
        "keys": _forget_keys,
        "tries": _forget_tries,
        "unanswered messages": lambda one: one.unanswered.purge(),
        "signals": lambda one: one.signals.purge(),
        "callbacks": lambda one: one.inbox.purge(),
        "sent messages": lambda one: one.outbox.purge(),
        "days of sales": sales_days.refresh,
    }
    done: dict[str, int] = {}
    for name, chore in chores.items():
        try:
            done[name] = chore(shop)
        except ShopError as error:
            log.warning("housekeeping of %s waits: %s", name, error)
        except Exception as error:  # noqa: BLE001 - a full disk, a race: the next round tries again
            log.error("housekeeping of %s failed: %s", name, type(error).__name__)
    if any(done.values()):
        log.info("housekeeping: %s", ", ".join(f"{count} {name}" for name, count in done.items() if count))
    return done


def _forget_keys(shop: Shop) -> int:
    with shop.database.change() as session:
        return idempotency.forget(session, shop.clock() - KEYS_KEPT)


def _forget_tries(shop: Shop) -> int:
    with shop.database.change() as session:
        return int(session.execute(delete(VerifyTry).where(VerifyTry.at < shop.clock() - TRIES_KEPT)).rowcount)
