"""The environment that the project's processes run in."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

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
    file says: then a copy in the data folder with the address changed.
    """
    content: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8")) or {}
    wanted = settings.action_address
    action = content.get("action_endpoint") or {}
    if action.get("url") == wanted:
        return source
    content["action_endpoint"] = {**action, "url": wanted}
    target = settings.data_dir / "endpoints.yml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return target
