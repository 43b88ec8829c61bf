"""Rows of agents: found by id, and as others see them."""

from __future__ import annotations

from typing import Any

from shop.entities import AgentView
from shop.errors import NotFound
from shop.models import Agent


def found(session: Any, agent_id: int) -> Any:
    """An agent's row.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Agent, agent_id)
    if row is None:
        raise NotFound(f"there is no agent {agent_id}")
    return row


def view(row: Any) -> AgentView:
    """An agent as others see them."""
    return AgentView(
        id=row.id,
        login=row.login,
        name=row.name,
        role=row.role,
        groups=tuple(row.groups),
        capacity=row.capacity,
        status=row.status,
        is_active=row.is_active,
    )
