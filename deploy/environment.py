"""The environment that the project's processes run in."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from shop.settings import PREFIX, ROOT, Settings

# Rasa tells its makers what is run, unless told not to; in a closed network each try costs a minute.
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "PYTHONWARNINGS": "ignore::DeprecationWarning,ignore::FutureWarning",  # those of Rasa's old libraries
}
# Smaller processes: fewer malloc arenas, and no pool of threads for models that answer one short text at a time.
_SMALLER = {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of the Rasa server, the action server and the web server.

    It holds every setting, so that what came from ``.env`` reaches the Procfile too.
    """
    values = dict(os.environ)
    for name, value in _SMALLER.items():
        values.setdefault(name, value)
    values.update(QUIET)
    values.update({PREFIX + one.name.upper(): str(getattr(settings, one.name)) for one in fields(settings)})
    values["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{values.get('PATH', '')}"
    values["PYTHONPATH"] = str(ROOT)
    values["PYTHONUNBUFFERED"] = "1"
    values["SANIC_HOST"] = settings.action_host  # the action server has no option for it
    values["XIAOER_ENDPOINTS"] = str(endpoints_file(settings))
    return values


def endpoints_file(settings: Settings, source: Path = ROOT / "endpoints.yml") -> Path:
    """The endpoints that hold under these settings.

    ``endpoints.yml`` itself, unless the action server stands elsewhere than that
    file says or locks are kept in Redis: then a copy in the data folder that says so.
    """
    content: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8")) or {}
    wanted = dict(content)
    wanted["action_endpoint"] = {**(content.get("action_endpoint") or {}), "url": settings.action_address}
    if settings.redis_url:
        wanted["lock_store"] = lock_store(settings.redis_url)
    if wanted == content:
        return source
    target = settings.data_dir / "endpoints.yml"
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        yaml.safe_dump(wanted, file, allow_unicode=True, sort_keys=False)  # it may hold a password
    draft.replace(target)
    return target


def lock_store(redis_url: str) -> dict[str, Any]:
    """Rasa's lock store in that Redis; Rasa takes the parts of an address, not the whole."""
    parts = urlsplit(redis_url)
    given = {
        "url": parts.hostname or "localhost",
        "port": parts.port or 6379,
        "db": int(parts.path.strip("/") or 0),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "use_ssl": True if parts.scheme == "rediss" else None,
    }
    return {"type": "redis", **{name: value for name, value in given.items() if value is not None}}
