"""Finds an action by its name, so that one can go on with another in the same call."""

from __future__ import annotations

from functools import cache
from typing import Iterator

from actions.base import Events, ShopAction, ask_who
from actions.turn import Turn
from shop.errors import NotIdentified


def go_on(name: str, turn: Turn) -> Events:
    """Let another action answer this turn; a guest is asked who they are in that action's name."""
    try:
        return action_named(name).answer(turn) or []
    except NotIdentified:
        return ask_who(turn, name)


@cache
def action_named(name: str) -> ShopAction:
    """The action of that name.

    Raises:
        KeyError: there is none; the name in a slot or a table is wrong.
    """
    for kind in _kinds(ShopAction):  # type: ignore[type-abstract]
        if kind.action_name == name:
            return kind()
    raise KeyError(f"no action is called {name!r}")


def _kinds(root: type[ShopAction]) -> Iterator[type[ShopAction]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)
