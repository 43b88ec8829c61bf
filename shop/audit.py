"""The audit log: who saw or changed what at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from shop.models import Agent, AgentAudit

if TYPE_CHECKING:
    from shop.front import Shop


class AuditLog:
    """Writes and reads lines; they hold nothing personal."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._database = shop.database
        self._cipher = shop.cipher
        self._settings = shop.settings
        self._now = shop.clock

    def audit(self, agent_id: int | None, action: str, subject: str = "", **detail: Any) -> None:
        """Write one line into the audit log; detail must hold nothing personal."""
        with self._database.change() as session:
            self._note(session, agent_id, action, subject, detail or None)

    def audit_log(self, limit: int = 100, before_id: int | None = None) -> list[dict[str, Any]]:
        """The newest lines of the audit log: id, agent, action, subject, detail, at."""
        query = select(AgentAudit, Agent.name).outerjoin(Agent, Agent.id == AgentAudit.agent_id)
        if before_id is not None:
            query = query.where(AgentAudit.id < before_id)
        with self._database.read() as session:
            rows = session.execute(query.order_by(AgentAudit.id.desc()).limit(min(limit, 500))).all()
        return [
            {
                "id": one.id,
                "agent_id": one.agent_id,
                "agent": name,
                "action": one.action,
                "subject": one.subject,
                "detail": one.detail,
                "at": one.at.isoformat(),
            }
            for one, name in rows
        ]

    def _note(self, session: Any, agent_id: int | None, action: str, subject: str = "", detail: Any = None) -> None:
        row = {"agent_id": agent_id, "action": action[:30], "subject": subject[:120], "detail": detail}
        session.execute(insert(AgentAudit.__table__), [{**row, "at": self._now()}])
