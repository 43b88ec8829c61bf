"""Finds an action by its name, so that one can go on with another in the same call."""

from __future__ import annotations

from functools import lru_cache
from typing import Iterator

from actions.base import ShopAction


@lru_cache(maxsize=None)
def action_named(name: str) -> ShopAction:
    """The action of that name.

    Raises:
        KeyError: there is none; the name in a slot or a table is wrong.
    """
    for kind in _kinds(ShopAction):
        if kind.action_name == name:
            return kind()
    raise KeyError(f"no action is called {name!r}")


def _kinds(root: type[ShopAction]) -> Iterator[type[ShopAction]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)
