"""Actions of the tiny bot: cards, identity, a slow one, a broken one and a silent one."""

from __future__ import annotations

import asyncio
from typing import Any

import yaml
from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from shop.front import open_shop
from shop.settings import ROOT

_TEXTS = yaml.safe_load((ROOT / "tests/integration/tiny_bot/texts.yml").read_text(encoding="utf-8"))


class Goods(Action):
    def name(self) -> str:
        return "action_goods"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[dict[str, Any]]:
        dispatcher.utter_message(text=_TEXTS["goods"])
        dispatcher.utter_message(json_message=_TEXTS["cards"])
        return [SlotSet("memory", {"seen": len(tracker.events)})]


class Who(Action):
    def name(self) -> str:
        return "action_who"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[dict[str, Any]]:
        metadata = tracker.latest_message.get("metadata") or {}
        customer = open_shop().identity.who(tracker.sender_id, metadata.get("identity"))
        dispatcher.utter_message(text=_TEXTS["guest"] if customer is None else _TEXTS["customer"].format(id=customer))
        return []


class Slow(Action):
    def name(self) -> str:
        return "action_slow"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[dict[str, Any]]:
        await asyncio.sleep(1.0)
        dispatcher.utter_message(text=_TEXTS["slow"])
        return []


class Broken(Action):
    def name(self) -> str:
        return "action_broken"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[dict[str, Any]]:
        raise ValueError("broken on purpose")


class Silent(Action):
    def name(self) -> str:
        return "action_silent"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[dict[str, Any]]:
        return []


class Picture(Action):
    def name(self) -> str:
        return "action_picture"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[dict[str, Any]]:
        uploads = (tracker.latest_message.get("metadata") or {}).get("attachments") or []
        dispatcher.utter_message(text=_TEXTS["picture"].format(count=len(uploads)))
        return []
