"""One turn of a talk as an action sees it: what was said, who says it, what to answer."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, Iterable

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.texts import labels, yuan
from shop.errors import BadPicture, NotIdentified
from shop.front import Shop
from shop.messages import kept_id

GOODS = ("product", "category", "brand")
"""Entities that name goods."""

FOCUS_S = 15 * 60
"""Seconds for which "it" still means the order or product of before."""


class Turn:
    """Reads the tracker and collects the answer; one lives for one action call."""

    def __init__(self, shop: Shop, tracker: Tracker, dispatcher: CollectingDispatcher) -> None:
        self.shop = shop
        self.tracker = tracker
        self._dispatcher = dispatcher
        self._message: dict[str, Any] = tracker.latest_message or {}
        self._set: dict[str, Any] = {}
        self.resumes = False
        """Whether this turn goes on with a request of before, whose words and values still count."""
        self.opened: dict[str, Any] = {}
        """Pixels of the pictures that were opened in this turn, by upload id: each is decoded once."""

    # What was said

    @property
    def sender(self) -> str:
        """The conversation's id."""
        return str(self.tracker.sender_id)

    @property
    def message_id(self) -> str:
        """The message's id; logs name it and never the conversation, whose id may be a person's."""
        return str(self._message.get("message_id") or len(self.tracker.events))

    def while_kept(self) -> AbstractContextManager[None]:
        """Change nothing for a message that is erased while its turn runs; what came not through the gate is no such.

        Within it every change of the shop's raises ``Erased`` as soon as the message is gone.
        """
        kept = kept_id(self._message.get("message_id"))
        return nullcontext() if kept is None else self.shop.messages.while_kept(self.sender, kept)

    @property
    def text(self) -> str:
        """The customer's words."""
        return str(self._message.get("text") or "")

    @property
    def intent(self) -> str:
        """The best intent's name."""
        return str((self._message.get("intent") or {}).get("name") or "")

    @property
    def confidence(self) -> float:
        """The best intent's probability."""
        return float((self._message.get("intent") or {}).get("confidence") or 0.0)

    @property
    def ranking(self) -> list[tuple[str, float]]:
        """Intents and probabilities, best first."""
        return [(one["name"], one["confidence"]) for one in self._message.get("intent_ranking") or []]

    @property
    def mood(self) -> str:
        """How the message sounds: ``neg``, ``neu`` or ``pos``; ``neu`` where nothing heard it."""
        return str((self._message.get("sentiment") or {}).get("label") or "neu")

    @property
    def anger(self) -> int:
        """0 calm, 1 displeased, 2 angry, 3 insulting; it grows when displeasure goes on over turns."""
        return int((self._message.get("sentiment") or {}).get("anger") or 0)

    @property
    def faq(self) -> dict[str, Any] | None:
        """The FAQ entry that fits the message, as the NLU found it: id, score, second; None without one."""
        hit = self._message.get("faq")
        return hit if isinstance(hit, dict) else None

    @property
    def faq_near(self) -> list[str]:
        """Ids of FAQ entries that may be meant by a message that no intent claims."""
        return [str(one) for one in self._message.get("faq_near") or []]

    @property
    def metadata(self) -> dict[str, Any]:
        """What the gate attached to the message."""
        return dict(self._message.get("metadata") or {})

    @cached_property
    def attachments(self) -> list[str]:
        """Upload ids that came with the message, each once; in the shell a picture is named by its path."""
        given = dict.fromkeys(str(one) for one in self.metadata.get("attachments") or [])
        return list(given) or self._named_picture()

    def _named_picture(self) -> list[str]:
        """Take up the picture whose path was typed in the terminal, which is the owner's own."""
        prefix = next((one for one in labels()["picture_prefix"] if self.text.startswith(one)), None)
        if prefix is None or not self.in_shell:
            return []
        try:
            raw = Path(self.text[len(prefix) :].strip().strip("'\"")).expanduser().read_bytes()
        except (OSError, ValueError) as error:
            raise BadPicture("no such file", why="missing") from error
        return [self.shop.uploads.put(self.sender, raw).id]

    @property
    def in_shell(self) -> bool:
        """Whether only plain text can be shown."""
        return self.tracker.get_latest_input_channel() == "cmdline"

    @property
    def request(self) -> str:
        """The words of the request: this message's, or those that waited for a choice or a proof."""
        return str((self.slot("kept") or {}).get("text") or self.text) if self.resumes else self.text

    @property
    def request_pictures(self) -> list[str]:
        """Upload ids of the request: this message's, or those that waited for a choice or a proof."""
        waited = (self.slot("kept") or {}).get("pictures", []) if self.resumes else []
        return self.attachments or [str(one) for one in waited]

    @property
    def values(self) -> list[dict[str, Any]]:
        """All values of the message: entity, value, start, end."""
        return list(self._message.get("entities") or [])

    def entities(self, kind: str) -> list[Any]:
        """All values of an entity in the message, or in the request that it goes on with."""
        found = self._own(kind)
        if found or not self.resumes:
            return found
        return list((self.slot("kept") or {}).get("values", {}).get(kind, []))

    def hear(self, kind: str, value: Any) -> None:
        """Take a value as if it had been said: what was read on a picture."""
        heard = {"entity": kind, "value": value, "start": 0, "end": 0, "extractor": "picture"}
        self._message["entities"] = [*(self._message.get("entities") or []), heard]

    def keep_request(self, *, adds: bool = False) -> None:
        """Keep the values and words of this turn until the customer has chosen or proved.

        With ``adds`` the words of a turn that goes on with a request are put to its own.
        """
        kept = self.slot("kept") or {}
        values = dict(kept.get("values", {})) if self.resumes else {}
        spans = dict(kept.get("spans", {})) if self.resumes else {}
        for one in self._message.get("entities") or []:
            if one["entity"] != "ordinal":
                values[one["entity"]] = self._own(one["entity"])
                spans.pop(one["entity"], None)
        if not self.resumes:  # places in the words that are kept
            for one in self.values:
                if one["entity"] in values:
                    spans.setdefault(one["entity"], []).append([one.get("start") or 0, one.get("end") or 0])
        pictures = self.request_pictures
        more = self.resumes and adds and self.entity("ordinal") is None and self.text not in self.request
        text = self.request + (f"{labels()['comma_between']}{self.text}" if more else "")
        self.remember(kept={"text": text[:300], "values": values, "spans": spans, "pictures": pictures})

    def _own(self, kind: str) -> list[Any]:
        return [one.get("value") for one in self._message.get("entities") or [] if one.get("entity") == kind]

    def entity(self, kind: str) -> Any:
        """The first value of an entity, or None."""
        return next(iter(self.entities(kind)), None)

    def entity_text(self, kind: str) -> str | None:
        """The words that an entity was read from, or None."""
        for one in self._message.get("entities") or []:
            if one.get("entity") == kind:
                return self.text[one["start"] : one["end"]]
        return None

    @property
    def names_goods(self) -> bool:
        """Whether the message names a product, a category or a brand."""
        return any(self.entities(kind) for kind in GOODS)

    # Who says it

    @cached_property
    def guest_or_customer(self) -> int | None:
        """The customer's id, or None for a guest."""
        return self.shop.identity.who(self.sender, self.metadata.get("identity"))

    @property
    def customer(self) -> int:
        """The customer's id.

        Raises:
            NotIdentified: the talk has not proved whose it is.
        """
        if self.guest_or_customer is None:
            raise NotIdentified("no signed token and no proved order")
        return self.guest_or_customer

    def key(self, operation: str) -> str:
        """Idempotency key of a change that this very message asks for."""
        return f"{self.sender}:{self.message_id}:{operation}"[:160]

    # Memory

    def slot(self, name: str) -> Any:
        """A slot's value, with what this turn has set."""
        return self._set.get(name, self.tracker.get_slot(name))

    def remember(self, **slots: Any) -> None:
        """Set slots at the end of the turn."""
        self._set.update(slots)

    @property
    def shown(self) -> dict[str, Any]:
        """The numbered list shown last (kind, values, then; see ``picking.let_choose``); empty without one."""
        return self.slot("choices") or {}

    def focus(self, kind: str, value: str | None) -> None:
        """Let "it" mean this order or product from now on."""
        self._set[f"focus_{kind}"] = None if value is None else {"value": value, "at": int(time.time())}

    def focused(self, kind: str) -> str | None:
        """What "it" means now, if anything fresh."""
        held = self.slot(f"focus_{kind}")
        if not isinstance(held, dict) or time.time() - held.get("at", 0) > FOCUS_S:
            return None
        return str(held["value"])

    def let_offer_lapse(self) -> None:
        """An offer that this turn neither made nor took up is not what a later yes means."""
        if self.tracker.get_slot("offer"):
            self._set.setdefault("offer", None)

    def let_context_lapse(self) -> None:
        """What follows figures, or a question for a taste, is about that: other talk that is understood ends both."""
        for name in ("figures", "taste"):
            if self.tracker.get_slot(name):
                self._set.setdefault(name, None)

    def slot_events(self) -> list[dict[str, Any]]:
        """What was remembered, as Rasa events."""
        return [SlotSet(name, value) for name, value in self._set.items()]

    # What to answer

    @property
    def has_spoken(self) -> bool:
        """Whether this turn has said anything yet."""
        return bool(self._dispatcher.messages)

    def say(self, response: str, buttons: Iterable[tuple[str, str]] = (), **facts: Any) -> None:
        """Say a response of the domain; buttons are (title, what a person would type)."""
        self._dispatcher.utter_message(
            response=response,
            buttons=[{"title": title, "payload": payload} for title, payload in buttons] or None,
            **{**self._shop_facts, **facts},
        )

    def say_text(self, text: str, buttons: Iterable[tuple[str, str]] = (), source: str = "") -> None:
        """Say text that a merchant wrote (FAQ answers); ``source`` names the entry to clients and transcripts."""
        self._dispatcher.utter_message(
            text=text,
            buttons=[{"title": title, "payload": payload} for title, payload in buttons] or None,
            **({"source": source} if source else {}),
        )

    def show(self, kind: str, items: list[dict[str, Any]]) -> None:
        """Show cards; the shell gets their plain-text form."""
        if not items:
            return
        plain = "\n".join(_plain(number, item) for number, item in enumerate(items, 1))
        if self.in_shell:
            self._dispatcher.utter_message(text=plain)
        else:
            self._dispatcher.utter_message(json_message={"type": kind, "text": plain, "items": items})

    def show_payload(self, payload: dict[str, Any]) -> None:
        """Show a structured payload that is no list of cards (a table, a plot)."""
        self._dispatcher.utter_message(json_message=payload)

    @cached_property
    def _shop_facts(self) -> dict[str, Any]:
        settings = self.shop.settings
        return {
            "shop_name": settings.shop_name,
            "service_hours": settings.service_hours,
            "service_phone": settings.service_phone,
            "return_window_days": settings.return_window_days,
            "exchange_window_days": settings.exchange_window_days,
            "refund_days": settings.refund_days,
            "ship_within_hours": settings.ship_within_hours,
            "free_shipping": yuan(settings.free_shipping_fen),
        }


def _plain(number: int, item: dict[str, Any]) -> str:
    head = " ".join(str(part) for part in (item.get("title"), item.get("price"), item.get("badge")) if part)
    rest = [str(part) for part in [item.get("subtitle"), *item.get("lines", [])] if part]
    return "\n   ".join([f"{number}. {head}", *rest])
