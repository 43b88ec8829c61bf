"""Made-up talks for tests of trackers: events as Rasa writes them, forms and unhappy paths included."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path
from typing import Sequence

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

TINY = Path(__file__).resolve().parents[2] / "integration" / "tiny_bot"
FORM = "amount_form"


@lru_cache(maxsize=1)
def tiny_domain() -> Domain:
    return Domain.load(TINY / "domain.yml")


def session_start() -> list[Event]:
    return [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]


def user(intent: str, text: str = "") -> UserUttered:
    parse = {
        "text": text or intent,
        "intent": {"name": intent, "confidence": 0.9},
        "entities": [],
        "intent_ranking": [],
    }
    return UserUttered(text or intent, parse["intent"], [], parse, input_channel="rest", metadata={"identity": None})


class Talk:
    """Plays turns; ``events`` grows by what Rasa would have stored."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._active = False
        self.events: list[Event] = session_start()

    def turn(self) -> list[Event]:
        """One more turn; returns its events."""
        pick = self._random.choice
        if not self._active:
            kind = pick(["greet", "goods", "start_form", "start_form"])
            new = {"greet": self._greet, "goods": self._goods, "start_form": self._start}[kind]()
        else:
            new = pick([self._fill, self._fill, self._interrupt, self._leave, self._fill_and_end])()
        new = [*new, ActionExecuted("action_listen")]
        self.events += new
        return new

    def _greet(self) -> list[Event]:
        return [user("greet"), ActionExecuted("utter_greet"), BotUttered("hello")]

    def _goods(self) -> list[Event]:
        memory = {"seen": self._random.randrange(1000)}
        return [user("goods"), ActionExecuted("action_goods"), BotUttered("cards"), SlotSet("memory", memory)]

    def _start(self) -> list[Event]:
        self._active = True
        return [
            user("start_form"),
            ActionExecuted(FORM),
            ActiveLoop(FORM),
            BotUttered("how many"),
            SlotSet("requested_slot", "amount"),
        ]

    def _fill(self) -> list[Event]:
        value = str(self._random.randrange(100))
        return [
            user("number", value),
            SlotSet("amount", value),
            ActionExecuted(FORM),
            SlotSet("requested_slot", "colour"),
        ]

    def _interrupt(self) -> list[Event]:
        return [
            user("greet"),
            ActionExecutionRejected(FORM),
            ActionExecuted("utter_greet"),
            BotUttered("hello"),
            LoopInterrupted(True),
            ActionExecuted(FORM),
            SlotSet("requested_slot", "amount"),
        ]

    def _leave(self) -> list[Event]:
        """Another rule answers and does not go back to the form: it stays rejected."""
        return [user("bye"), ActionExecutionRejected(FORM), ActionExecuted("utter_bye"), BotUttered("bye")]

    def _fill_and_end(self) -> list[Event]:
        self._active = False
        return [
            user("number", "red"),
            SlotSet("colour", "red"),
            ActionExecuted(FORM),
            ActiveLoop(None),
            SlotSet("requested_slot", None),
            ActionExecuted("utter_form_done"),
            BotUttered("done"),
        ]


def talk_of(seed: int, turns: int = 25, extra: Sequence[Event] = ()) -> DialogueStateTracker:
    """A tracker of a random talk with the tiny bot, and of more events after it."""
    talk = Talk(seed)
    for _ in range(turns):
        talk.turn()
    return DialogueStateTracker.from_events("talk", [*talk.events, *extra], tiny_domain().slots)
