"""The service report: containment, handoffs, waits, ratings, intents, moods, hours; every number with its talks."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any, Callable

import yaml
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from analytics import service_people as people
from analytics import service_talks as bot
from analytics.query import SHANGHAI, Period
from shop.errors import BadValue
from shop.front import Shop
from shop.settings import ROOT
from web.dashboard.answers import ROLES, answer, span
from web.guard import Guard

MOST = 500
"""Talks that a number opens at once."""


class Service:
    """``GET /dashboard/api/service?part=…`` and ``service_talks?kind=…&value=…`` (``&also=…&also_value=…``)."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._parts: dict[str, Callable[[Period], Any]] = {
            "overview": self._overview,
            "reasons": lambda period: people.by_reason(people.cases(shop, period)),
            "groups": lambda period: people.by_group(people.cases(shop, period)),
            "agents": lambda period: people.by_agent(people.cases(shop, period), people.names(shop)),
            "intents": self._intents,
            "mood": lambda period: bot.moods(bot.talks(shop, period)),
            "hours": lambda period: bot.hours(bot.talks(shop, period)),
        }

    def routes(self, guard: Guard) -> list[BaseRoute]:
        """Both routes, for overseers."""
        return [
            Route("/dashboard/api/service", guard.allow(*ROLES)(answer(self.report))),
            Route("/dashboard/api/service_talks", guard.allow(*ROLES)(answer(self.talks))),
        ]

    def report(self, request: Request) -> Any:
        """One part of the report over a span; ``overview`` has the sums beside its rows by day."""
        part = request.query_params.get("part", "overview")
        if part not in self._parts:
            raise BadValue(f"part: give one of {', '.join(self._parts)}", field="part")
        found = self._parts[part](span(self._shop, request))
        return found if isinstance(found, dict) else {"rows": found}

    def _overview(self, period: Period) -> dict[str, Any]:
        found = bot.talks(self._shop, period)
        days: dict[str, Counter[str]] = {}
        for one in found:
            days.setdefault(bot.day_of(one.started_at), Counter())[one.outcome] += 1
        rows = [
            {"day": day, "talks": sum(counts.values()), **{name: counts[name] for name in bot.OUTCOMES}}
            for day, counts in sorted(days.items())
        ]
        figures = people.figures(people.cases(self._shop, period))
        return {"rows": rows, "containment": bot.containment(found), "people": figures}

    def _intents(self, period: Period) -> list[dict[str, Any]]:
        known = examples()
        rows = bot.top_intents(bot.talks(self._shop, period))
        return [{**row, "example": known.get(row["intent"], "")} for row in rows]

    def talks(self, request: Request) -> Any:
        """The talks behind a number: of the bot (newest first) by outcome, intent, day, mood or hour; else handoffs.

        ``also`` is a second kind that must hold too: the numbers of a row stand behind both.
        """
        asked = request.query_params
        wishes = [(asked.get("kind", "talks"), asked.get("value", ""))]
        wishes += [(asked["also"], asked.get("also_value", ""))] if "also" in asked else []
        period = span(self._shop, request)
        if all(kind in _TALKS for kind, _ in wishes):
            talks = bot.talks(self._shop, period)
            chosen = [one for one in talks if all(_TALKS[kind](one, value) for kind, value in wishes)]
            chosen.sort(key=lambda one: one.started_at, reverse=True)
            return {"rows": [one.row() for one in chosen[:MOST]], "count": len(chosen)}
        if not all(kind in _CASES for kind, _ in wishes):
            raise BadValue(f"kind: give one of {', '.join(_TALKS)}, or of {', '.join(_CASES)}", field="kind")
        cases = reversed(people.cases(self._shop, period))
        found = [one for one in cases if all(_CASES[kind](one, value) for kind, value in wishes)]
        names = people.names(self._shop)
        return {"rows": [one.row(names) for one in found[:MOST]], "count": len(found)}


def _hour(talk: bot.Talk, value: str) -> bool:
    local = (at.astimezone(SHANGHAI) for at in talk.moments)
    return any(f"{at.isoweekday()}-{at.hour}" == value for at in local)


_TALKS: dict[str, Callable[[bot.Talk, str], bool]] = {
    "talks": lambda one, value: True,
    "outcome": lambda one, value: one.outcome == value,
    "contained": lambda one, value: one.outcome in ("confirmed", "assumed"),
    "intent": lambda one, value: value in one.intents,
    "day": lambda one, value: bot.day_of(one.started_at) == value,
    "heard_day": lambda one, value: any(bot.day_of(at) == value for at, _, _ in one.moods),
    "mood_day": lambda one, value: any(bot.day_of(at) == value and mood == "neg" for at, mood, _ in one.moods),
    "angry_day": lambda one, value: any(bot.day_of(at) == value and anger for at, _, anger in one.moods),
    "hour": _hour,
}
_CASES: dict[str, Callable[[people.Case, str], bool]] = {
    "handoffs": lambda one, value: True,
    "accepted": lambda one, value: one.wait_s is not None,
    "first": lambda one, value: one.first_s is not None,
    "handled": lambda one, value: one.handling_s is not None,
    "held": lambda one, value: value in {str(key) for key in one.held},
    "reason": lambda one, value: value in one.reasons,
    "group": lambda one, value: one.group == value,
    "agent": lambda one, value: value in {str(key) for key in (*one.held, one.agent_id)},
    "close": lambda one, value: one.close_reason == value,
    "rated": lambda one, value: one.rating is not None,
}


@lru_cache(maxsize=1)
def examples() -> dict[str, str]:
    """What a customer says who means an intent, for people who do not know its name."""
    words = yaml.safe_load((ROOT / "bot" / "domain" / "labels.yml").read_text(encoding="utf-8"))
    return {str(name): str(said) for name, said in words["labels"]["suggest"].items()}
