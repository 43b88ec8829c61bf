"""How angry a customer is over the turns of a talk."""

from __future__ import annotations

from typing import Any

from actions.turn import Turn

ANGRY, INSULTING = 2, 3
URGENT = 2
"""Priority in the queue of somebody who is angry."""


def urgency(turn: Turn) -> int:
    """Priority in the queue that the customer's mood gives: an angry one is served sooner."""
    return URGENT if turn.anger >= ANGRY or angry_before(turn) else 0


def _said(turn: Turn) -> list[dict[str, Any]]:
    """The customer's messages that the tracker holds, oldest first, this one last."""
    return [one for one in turn.tracker.events if one.get("event") == "user"]


def angry_before(turn: Turn) -> bool:
    """Whether an earlier message was angry."""
    moods = [(one.get("parse_data") or {}).get("sentiment") or {} for one in _said(turn)[:-1]]
    return any(int(mood.get("anger") or 0) >= ANGRY for mood in moods)
