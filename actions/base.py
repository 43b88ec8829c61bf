"""What every action shares: one wiring point, one way to fail, one way back into a form.

An action reads slots and entities, makes one service call, and says responses.
Rasa turns an action's exception into silence, so nothing leaves ``run`` as one:
each error of the services has a Chinese reply ``utter_error_<class>``, looked up
along the error's ancestors.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import traceback
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.escalation import end_misunderstandings, failed
from actions.mood import offer_person, soothe
from actions.texts import label, labels, phrase
from actions.turn import Turn
from shop.errors import NotIdentified, ShopError, TooManyTries, Unavailable
from shop.front import Shop, open_shop

log = logging.getLogger("xiaoer.actions")

Events = list[dict[str, Any]]


class ShopAction(Action, ABC):
    """An action with the shop behind it; subclasses write ``answer``."""

    action_name: ClassVar[str] = ""
    starts_flow: ClassVar[bool] = False
    """Whether this action begins another business, so that an open form is left."""

    def __init__(self, shop: Shop | None = None) -> None:
        self._shop = shop

    @property
    def shop(self) -> Shop:
        """The shop, opened at first use: the action server makes every action at its start."""
        if self._shop is None:
            self._shop = open_shop()
        return self._shop

    def name(self) -> str:
        """The action's name in the domain."""
        return self.action_name

    @abstractmethod
    def answer(self, turn: Turn) -> Events | None:
        """Answer the turn; returned events come after the remembered slots."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer, and whatever happens, say something and keep the talk alive."""
        try:
            turn = Turn(self.shop, tracker, dispatcher)
        except Exception as error:  # noqa: BLE001 - a bad setting or key: there is no shop to ask for its name
            dispatcher.utter_message(response="utter_error_internal", incident=log_incident(self.name(), error))
            return []
        return await asyncio.get_running_loop().run_in_executor(None, self._run, turn)

    def _run(self, turn: Turn) -> Events:
        with turn.while_kept():
            return self._answered(turn)

    def _answered(self, turn: Turn) -> Events:
        try:
            soothe(turn, self.action_name)
            events = self._of_figures(turn)
            if events is None:
                events = self._answer(turn) or []
            if not self._takes_message(events):
                return []  # not even a slot that lapses: a form that sets one has taken the message, for Rasa
            offer_person(turn, self.action_name)
            if self.action_name != "action_unsure":
                end_misunderstandings(turn)
        except NotIdentified:
            events = ask_who(turn, self.action_name)
        except ShopError as error:
            events = say_error(turn, error)
        except Exception as error:  # noqa: BLE001 - a customer gets a sentence whatever happens
            incident = log_incident(self.name(), error)
            turn.say("utter_error_internal", incident=incident)
            turn.remember(offer="action_request_human")
            failed(turn)
            events = []
        turn.let_offer_lapse()
        if self.action_name != "action_unsure" and turn.intent != "out_of_scope":
            turn.let_context_lapse()
        return turn.slot_events() + self._loop_events(turn, events) + events

    def _of_figures(self, turn: Turn) -> Events | None:
        """A follow-up of the last figures, or an operator's question heard as another; None if it is neither."""
        if active_form(turn):
            return None
        from actions.figures import asked_by_operator, follow_up

        refined = follow_up(turn) if turn.slot("figures") else None
        return asked_by_operator(turn, self.action_name) if refined is None else refined

    def _answer(self, turn: Turn) -> Events | None:
        """Words about a picture, remarks on goods just recommended, answers to a question for a taste go there."""
        from actions.picture_words import belongs_to_picture
        from actions.registry import go_on
        from actions.remarks import HEAR_REMARKS, asks_of_list, follows_recommendation
        from actions.reviews import HEAR_REVIEWS, asks_for_reviews
        from actions.taste import answers_taste

        free = not active_form(turn)
        if free and belongs_to_picture(turn, self.action_name):
            return go_on("action_search_by_image", turn)
        if self.action_name in HEAR_REVIEWS and free and asks_for_reviews(turn):
            return go_on("action_product_reviews", turn)
        remarked = self.action_name in HEAR_REMARKS and follows_recommendation(turn)
        answered = not self.starts_flow and answers_taste(turn)  # few words, in which any intent may be heard
        if (remarked or answered) and free:
            return go_on("action_recommend_product", turn)
        if self.action_name in ("action_order_spend", "action_ask_price") and asks_of_list(turn):
            return go_on("action_product", turn)
        return self.answer(turn)

    def _takes_message(self, events: Events) -> bool:
        """Whether the message is answered here; else another action is about to have it."""
        return True

    def _loop_events(self, turn: Turn, events: Events) -> Events:
        """Come back to a form that this action interrupted, or leave it for another flow."""
        if not active_form(turn):
            return []
        goes_on = any(one["event"] in ("followup", "active_loop") for one in events)
        if not goes_on and turn.text.startswith(tuple(labels()["leaving"])):  # "never mind, have you got …"
            return [ActiveLoop(None), SlotSet("requested_slot", None)]
        if self.starts_flow or (goes_on and not any(one["event"] == "active_loop" for one in events)):
            return [ActiveLoop(None), SlotSet("requested_slot", None)]
        return [] if goes_on else [FollowupAction(str(active_form(turn)))]


def log_incident(action: str, error: Exception) -> str:
    """One line with an id, the kind of error and its place; never its message, which may be personal."""
    incident = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename.rsplit('/', 2)[-1]}:{frames[-1].lineno}" if frames else "?"
    log.error("incident %s: action %s failed with %s at %s", incident, action, type(error).__name__, place)
    return incident


def active_form(turn: Turn) -> str | None:
    """The name of the form that is being filled, if one is."""
    return (turn.tracker.active_loop or {}).get("name")


def response_of(error: ShopError) -> str:
    """The response that answers an error: its own, or its nearest ancestor's."""
    known = label_errors()
    for kind in type(error).__mro__:
        if kind.__name__ in known:
            return f"utter_error_{snake(kind.__name__)}"
    return "utter_error_internal"


def say_error(turn: Turn, error: ShopError) -> Events:
    """Tell a customer in Chinese why something did not happen."""
    facts: dict[str, Any] = {
        key: label("error_facts", value) if isinstance(value, str) else value for key, value in error.facts.items()
    }
    level = logging.WARNING if isinstance(error, (Unavailable, TooManyTries)) else logging.INFO
    log.log(level, "message %s refused with %s", turn.message_id, type(error).__name__)
    facts.setdefault("why", phrase("no_reason"))
    facts.setdefault("state", phrase("no_reason"))
    facts.setdefault("goods", phrase("this_product"))
    turn.say(response_of(error), **facts)
    if isinstance(error, Unavailable):
        failed(turn)
    return []


def ask_who(turn: Turn, resume: str) -> Events:
    """Ask a guest for an order number and phone tail, then go on with ``resume``."""
    turn.remember(resume=resume)
    turn.keep_request()
    return [ActiveLoop(None), SlotSet("requested_slot", None), FollowupAction("verify_form")]


def snake(name: str) -> str:
    """OrderNotFound → order_not_found."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def label_errors() -> frozenset[str]:
    """Names of the error classes that have a reply of their own."""
    return frozenset(labels()["error_replies"])
