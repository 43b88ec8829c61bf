"""What a question about figures leaves for the next short message, which may refine it."""

from __future__ import annotations

import time

from actions.turn import Turn
from analytics.query import Query


def keep(turn: Turn, query: Query, own: bool, kind: str | None = None) -> None:
    """Let the next short message refine this question."""
    turn.remember(figures={"query": query.as_json(), "own": own, "kind": kind, "at": int(time.time())})


def hold(turn: Turn) -> None:
    """Let the question of before stay what the next short message refines."""
    if turn.slot("figures"):
        turn.remember(figures=turn.slot("figures"))


def shops_before(turn: Turn) -> Query | None:
    """The question about the shop that was answered before; None if there is none."""
    held = turn.slot("figures")
    return Query.from_json(held["query"]) if isinstance(held, dict) and not held.get("own") else None
