"""Forms as lists of questions.

A form runs in Rasa as ``<name>``; at each turn Rasa calls ``validate_<name>``,
which reads what the customer gave, asks the next question itself, and sets
``requested_slot`` (None ends the form and lets the submit action run). When
nothing in the message answers the question, no slot is returned: Rasa then
rejects the form for this turn and the ordinary rules answer the interruption;
``ShopAction`` comes back to the form afterwards, which asks again.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Callable, ClassVar, Final

from rasa_sdk.events import FollowupAction, SlotSet

from actions.base import Events, ShopAction, ask_who, response_of, say_error
from actions.turn import Turn
from shop.errors import BadValue, NotIdentified, Refused, ShopError, Unavailable

ASKED_AGAIN = (
    1  # interruptions in a row after which the form asks once more; then it waits in silence, if another has spoken
)
FORGOTTEN = 4  # interruptions in a row after which the form is left
Answers = dict[str, Any]
Read = Callable[[Turn, Answers, bool], Any]
"""(turn, answers so far, whether this very question is open) → a value, or None for no answer."""

REFUSED: Final = object()
"""Read from what was meant as an answer and can't be taken, which has been said: the form asks again."""


@dataclass(frozen=True)
class Question:
    """One slot of a form: how it is asked, how it is read, when it is needed."""

    slot: str
    ask: Callable[[Turn, Answers], None]
    read: Read
    needed: Callable[[Turn, Answers], bool] = lambda turn, answers: True


class ShopForm(ShopAction):
    """Base of all forms; subclasses give ``form``, ``own_intents`` and ``questions``."""

    form: ClassVar[str] = ""
    own_intents: ClassVar[frozenset[str]] = frozenset()
    """Intents that start this form; said again at its confirmation they mean yes."""

    def name(self) -> str:
        """``validate_`` and the form's name, as Rasa expects."""
        return f"validate_{self.form}"

    @abstractmethod
    def questions(self) -> list[Question]:
        """The questions in the order in which they are asked."""

    def answer(self, turn: Turn) -> Events:
        """Read the message, say what is wrong with it, ask what is missing."""
        requested = turn.tracker.slots.get("requested_slot")
        events: Events = []
        try:
            return self._go_on(turn, requested, events)
        except NotIdentified:
            return [*events, *ask_who(turn, self.form)]
        except Unavailable as error:
            return [*events, *_wait(turn, error, requested)]
        except ShopError as error:  # what the form is for is not possible any more
            say_error(turn, error)
            return [*events, SlotSet("confirm", None), SlotSet("requested_slot", None)]

    def _go_on(self, turn: Turn, requested: str | None, events: Events) -> Events:
        questions = self.questions()
        if requested is None:
            turn.remember(interrupted=0)
        answers: Answers = {one.slot: turn.slot(one.slot) for one in questions}
        if requested is None and turn.slot("kept"):
            turn.resumes = True  # the form begins with the request that waited for a choice
        again = self._asks_again(turn)
        if again:
            if self._is_forgotten(turn):
                turn.remember(interrupted=0, **dict.fromkeys(answers))
                return [SlotSet("requested_slot", None)]
        else:
            try:
                events += self._read(turn, questions, answers, requested)
            except NotIdentified:
                raise
            except (BadValue, Refused) as error:
                say_error(turn, error)
                events += [SlotSet(str(requested), None)] if requested else []
            if events:
                turn.remember(interrupted=0)
            if requested and not events:
                return []  # not an answer: let the rules have the message
        following = next((one for one in questions if answers[one.slot] is None and one.needed(turn, answers)), None)
        waits = again and turn.slot("interrupted") > ASKED_AGAIN and said_since_the_message(turn)
        if following is not None and not waits:
            elsewhere = events and following.slot == requested != "confirm"  # something else was told than is asked
            if elsewhere and not turn.has_spoken and self.form != "verify_form":  # which says what came
                turn.say("utter_noted")
            following.ask(turn, answers)
        if turn.resumes and self.form != "verify_form":  # a proof is no answer yet to the request that waits for it
            turn.remember(kept=None)
        return [*events, SlotSet("requested_slot", following.slot if following else None)]

    def _read(self, turn: Turn, questions: list[Question], answers: Answers, requested: str | None) -> Events:
        events: Events = []
        for one in questions:
            is_open = one.slot == requested
            if one.slot == "confirm" and (not is_open or events):
                continue  # a yes that comes with a new value has not agreed to that value yet
            value = one.read(turn, answers, is_open)
            if value is REFUSED:
                events.append(SlotSet(one.slot, answers[one.slot]))
            elif value is not None and value != answers[one.slot]:
                answers[one.slot] = value
                events.append(SlotSet(one.slot, value))
        return events

    def _is_forgotten(self, turn: Turn) -> bool:
        """Count an interruption; a customer who keeps asking other things is let go."""
        turn.remember(interrupted=int(turn.slot("interrupted") or 0) + 1)
        return bool(turn.slot("interrupted") >= FORGOTTEN)

    def _asks_again(self, turn: Turn) -> bool:
        """Whether the form was interrupted in this turn, so that the message is spent."""
        for event in reversed(turn.tracker.events):
            if event["event"] == "user":
                return False
            if event["event"] == "action_execution_rejected" and event.get("name") == self.form:
                return True
        return False

    def _takes_message(self, events: Events) -> bool:
        """A form without an answer sets no slot; Rasa then gives the message to the rules."""
        return bool(events)

    def _loop_events(self, turn: Turn, events: Events) -> Events:
        return []


def _wait(turn: Turn, error: Unavailable, requested: str | None) -> Events:
    """Keep a form as it is until the shop answers again; the apology is said once a turn.

    Rasa takes a form's turn that sets no slot as an interruption, hence the empty ``confirm``.
    """
    if response_of(error) not in said_since_the_message(turn):
        say_error(turn, error)
    return [SlotSet("confirm", None), *([SlotSet("requested_slot", requested)] if requested else [])]


def said_since_the_message(turn: Turn) -> set[str]:
    """Names of the responses that earlier actions of this turn have said."""
    said: set[str] = set()
    for event in reversed(turn.tracker.events):
        if event["event"] == "user":
            break
        if event["event"] == "bot":
            said.add(str((event.get("metadata") or {}).get("utter_action")))
    return said


def confirmation(ask: Callable[[Turn, Answers], None], own_intents: frozenset[str]) -> Question:
    """The last question of a form: nothing changes before a yes."""

    def read(turn: Turn, answers: Answers, is_open: bool) -> bool | None:
        if turn.intent == "affirm" or turn.intent in own_intents:
            return True
        return False if turn.intent == "deny" else None

    return Question("confirm", ask, read)


class SubmitAction(ShopAction):
    """Runs after a form: does it when the customer agreed, says so when not."""

    slots: ClassVar[tuple[str, ...]] = ()
    """Slots of the form, emptied afterwards."""

    @abstractmethod
    def submit(self, turn: Turn) -> Events | None:
        """Make the change and say what was done."""

    def answer(self, turn: Turn) -> Events:
        """Submit, or leave things as they are."""
        events: Events = []
        if turn.slot("confirm"):
            try:
                events = self.submit(turn) or []
            except NotIdentified:
                raise  # the proof ran out: prove again, then come back here with the slots as they are
            except Unavailable as error:  # nothing was changed: the form waits at its last question
                turn.remember(confirm=None)
                return [
                    *say_error(turn, error),
                    FollowupAction(self.action_name.replace("action_submit_", "") + "_form"),
                ]
            except ShopError as error:
                events = say_error(turn, error)
        elif turn.slot("confirm") is not None or not said_since_the_message(turn):
            turn.say("utter_stopped")
        else:  # the form ended with a reason, which was said, maybe with an offer
            turn.remember(offer=turn.slot("offer"))
        turn.remember(confirm=None, **dict.fromkeys(self.slots))
        return events


def begin(form: str, turn: Turn, **prefilled: Any) -> Events:
    """Start a form with what is known already."""
    turn.remember(confirm=None, **prefilled)
    if not turn.resumes:
        turn.remember(kept=None)
    return [FollowupAction(form)]
