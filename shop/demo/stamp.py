"""What a demo shop says of itself: ``data_dir/demo.json``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func, select

from shop.database import Database
from shop.models import Customer, Product
from shop.settings import Settings


@dataclass(frozen=True)
class Stamp:
    """How and when the demo shop was made, and when it was last made young."""

    state: str  # building, built
    address: str  # of the database
    seed: int
    small: bool
    digest: str  # of the content and the code
    built_at: str
    refreshed_at: str


def read_stamp(settings: Settings) -> Stamp | None:
    """The stamp of this very database, if it holds a demo shop."""
    try:
        stamp = Stamp(**json.loads(_path(settings).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return stamp if stamp.address == _address(settings) else None


def write_stamp(settings: Settings, stamp: Stamp) -> None:
    """Keep the stamp, whole or not at all."""
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**asdict(stamp), "address": _address(settings)}, indent=1), encoding="utf-8")
    part.replace(path)


def is_empty(database: Database) -> bool:
    """Whether the database holds no shop at all."""
    with database.read() as session:
        return not any(
            session.execute(select(func.count()).select_from(table)).scalar() for table in (Product, Customer)
        )


def _path(settings: Settings) -> Path:
    return settings.data_dir / "demo.json"


def _address(settings: Settings) -> str:
    """The database's address without its password."""
    from sqlalchemy.engine import make_url

    return str(make_url(settings.database_address).set(password=None))
