"""The whole ear: from a message to intent, ranking and values.

A message that is nothing but values ("2026110300012345", "the second one") is
the answer to the bot's question, whatever the classifier thinks of its looks;
short fixed answers (yes, no, stop) are known by heart.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from nlp import lexicon
from nlp.entities import Entity, EntityExtractor
from nlp.gazetteer import Gazetteer
from nlp.intent import IntentClassifier, prepare
from nlp.matches import Match
from nlp.memory import give_back
from nlp.salutations import without_salutation
from nlp.sentiment import LABELS, Sentiment, SentimentReader, shared_reader, with_complaint
from nlp.text import clean
from nlp.tokenizer import shared_tokenizer
from shop.entities import CatalogueWords
from shop.errors import BadValue
from shop.settings import Settings

RANKED = 10
BARE_NAME = 30  # rank of a name that is known by nothing but its surname; surnames are words too: thank, look up
KNOWN_SAYING = 0.5
TURNED = 0.4  # confidence from which the wish after a "never mind" counts
ENOUGH_AFTER = 4  # letters that such a wish has at least
NO_WISHES = frozenset({"stop", "deny", "affirm", "inform", "chitchat", "thank", "goodbye"})
COMPLAINTS = ("complain", "insult")
PICTURE = "search_by_image"
SURE = 0.98  # probability given to an intent that a rule sets
VALUES = frozenset(
    [
        "order_no",
        "tracking_no",
        "case_no",
        "phone",
        "phone_tail",
        "ordinal",
        "quantity",
        "color",
        "size",
        "courier",
        "region",
        "address",
        "person",
        "date",
        "invoice_title",
        "tax_no",
        "email",
        "price_range",
    ]
)
"""Types that say nothing of what is wanted when they stand alone."""


GOODS = frozenset({"product", "brand", "category"})
"""Types of the shop's own catalogue: who names them is not outside of its business."""


NUMBERS = frozenset({"order_no", "tracking_no", "case_no"})
"""Types whose digits would only disturb the classifier."""


@dataclass(frozen=True)
class Understanding:
    """What a message means.

    Attributes:
        intent: the best intent.
        confidence: its probability.
        ranking: the ten best intents with their probabilities.
        entities: the values in the order of the text.
        by_rule: whether a rule set the intent.
        heard: what the classifier read of the text: without greeting and numbers. Its vector is remembered.
        sentiment: the mood; None without its model.
        outside: whether the detector takes the message for no business of the shop.
    """

    text: str
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    entities: tuple[Entity, ...]
    by_rule: bool = False
    heard: str = ""
    sentiment: Sentiment | None = None
    outside: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain JSON for people and programs."""
        return {
            "text": self.text,
            "intent": self.intent,
            "confidence": round(self.confidence, 4),
            "ranking": [{"intent": name, "confidence": round(share, 4)} for name, share in self.ranking],
            "entities": [vars(one) for one in self.entities],
            "by_rule": self.by_rule,
            "outside": self.outside,
            "sentiment": self.sentiment.as_json() if self.sentiment else None,
        }


class Understander:
    """Puts classifier, rules, values and mood together."""

    def __init__(
        self,
        classifier: IntentClassifier,
        extractor: EntityExtractor | None = None,
        reader: SentimentReader | None = None,
    ) -> None:
        self.classifier = classifier
        self.extractor = extractor or EntityExtractor()
        self.reader = reader

    def understand(self, text: str, now: datetime | None = None) -> Understanding:
        """Understand one message; never raises for any string."""
        cleaned = clean(text)
        matches = self.extractor.matches(cleaned.text, now)
        wish = without_salutation(_without_numbers(cleaned.text, matches))
        chances = self._heard(wish)
        mood = self.reader.read(text, prepare(wish), self.complaint(chances)) if self.reader else None
        if any(one.type == "person" for one in matches) and self._is_known_saying(chances):
            matches = [one for one in matches if one.type != "person" or one.rank > BARE_NAME]
        entities = tuple(Entity(m.type, m.value, *_shown_span(cleaned.span(m.start, m.end), text)) for m in matches)
        if not any(unicodedata.category(char)[0] in "LNS" for char in cleaned.text):
            chances = np.full_like(chances, 1 / len(chances))  # nothing was said
        ruled = fixed_answer(without_salutation(cleaned.text))
        if ruled is None and matches and all(one.type in VALUES for one in matches):
            ruled = "inform" if _nothing_else(cleaned.text, [(m.start, m.end) for m in matches]) else None
        if ruled in self.classifier.labels:
            chances = _with(chances, self.classifier.labels.index(ruled))
        best = np.argsort(-chances, kind="stable")[:RANKED]
        ranking = tuple((self.classifier.labels[at], float(chances[at])) for at in best)
        ours = any(one.type in GOODS for one in matches)
        outside = ruled is None and not ours and self.classifier.outside(chances) >= self.classifier.outside_from
        return Understanding(text, *ranking[0], ranking, entities, ruled is not None, wish, mood, outside)

    def moods(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities of the moods of messages as ``understand`` reads them, (len(texts), 3) in the order of ``LABELS``.

        Raises:
            BadValue: the ear has no reader of moods.
        """
        if self.reader is None:
            raise BadValue("the ear has no reader of moods; make its model by python -m nlp.sentiment_train")
        rows = []
        for text in texts:
            cleaned = clean(text).text
            wish = without_salutation(_without_numbers(cleaned, self.extractor.matches(cleaned)))
            tone = self.reader.chances([text], heard=[prepare(wish)])[0]
            rows.append(with_complaint(tone, self.complaint(self._heard(wish))))
        return np.stack(rows) if rows else np.zeros((0, len(LABELS)), np.float32)

    def complaint(self, chances: np.ndarray) -> float:
        """How sure it is that a message with these probabilities complains or abuses, which no tone makes friendly."""
        return float(
            sum(chances[self.classifier.labels.index(one)] for one in COMPLAINTS if one in self.classifier.labels)
        )

    def _heard(self, wish: str) -> np.ndarray:
        """The probabilities of a wish; of the new wish where the old one is dropped in the same breath."""
        turned = after_the_turn(wish)
        if turned is None:
            return self.classifier.predict([wish])[0]
        whole, rest = self.classifier.predict([wish, turned])
        best = int(rest.argmax())
        return rest if rest[best] >= TURNED and self.classifier.labels[best] not in NO_WISHES else whole

    def _is_known_saying(self, chances: np.ndarray) -> bool:
        """Whether the classifier takes the message for something else than a value: a saying is no name."""
        best = int(chances.argmax())
        return bool(chances[best] >= KNOWN_SAYING) and self.classifier.labels[best] != "inform"


def _without_numbers(text: str, matches: list[Match]) -> str:
    """The words around the numbers of orders, parcels and cases, which say nothing of what is wanted."""
    left, last = [], 0
    for one in matches:
        if one.type in NUMBERS and one.start >= last:
            left.append(text[last : one.start])
            last = one.end
    words = "".join((*left, text[last:])).strip()
    return words if sum(char.isalnum() for char in words) >= 2 else text


def _shown_span(span: tuple[int, int], text: str) -> tuple[int, int, str]:
    return span[0], span[1], text[span[0] : span[1]]


def _with(chances: np.ndarray, place: int) -> np.ndarray:
    """The probabilities when a rule is sure of one intent."""
    if chances[place] >= SURE:
        return chances
    rest = chances.copy()
    rest[place] = 0.0
    rest *= (1 - SURE) / max(float(rest.sum()), 1e-9)
    rest[place] = SURE
    return rest


def after_the_turn(text: str) -> str | None:
    """What follows a "never mind" at the beginning and is not more of it; None where nothing does."""
    found = _turn().match(text)
    rest = text[found.end() :] if found else ""
    return rest if sum(char.isalnum() for char in rest) >= ENOUGH_AFTER else None


@lru_cache(maxsize=1)
def _turn() -> re.Pattern[str]:
    words = lexicon.document("short_answers")
    turns, more = ("|".join(map(re.escape, words[name])) for name in ("turns", "no_turns"))
    return re.compile(rf"(?:{turns})[\W_]*(?!{more})(?=\w)")


def fixed_answer(text: str) -> str | None:
    """The intent of a short answer that is known by heart, or of a picture that is named by its path."""
    if text.startswith(tuple(lexicon.document("short_answers")["named_picture"])):
        return PICTURE
    return _fixed().get(_core(text))


@lru_cache(maxsize=1)
def _fixed() -> dict[str, str]:
    lists = lexicon.document("short_answers")["answers"]
    return {_core(one): intent for intent, ones in lists.items() for one in ones}


def _core(text: str) -> str:
    """A short answer without marks and final particles."""
    bare = "".join(char for char in text.lower() if char.isalnum())
    return re.sub(_particles(), "", bare) or bare


@lru_cache(maxsize=1)
def _particles() -> str:
    return f"(?:{'|'.join(map(re.escape, lexicon.document('short_answers')['particles']))})+$"


def _nothing_else(text: str, spans: list[tuple[int, int]]) -> bool:
    """Whether only filler words are left when the values are taken out."""
    rest, last = [], len(text) - len(without_salutation(text))
    last = min([last, *(start for start, _ in spans)])
    for start, end in sorted(spans):
        rest.append(text[last:start])
        last = end
    left = "".join(char for char in "".join((*rest, text[last:])) if char.isalnum())
    return re.fullmatch(_fillers(), left) is not None


@lru_cache(maxsize=1)
def _fillers() -> re.Pattern[str]:
    fillers = sorted(lexicon.document("short_answers")["fillers"], key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(map(re.escape, fillers))})*")


def serving_extractor(settings: Settings) -> EntityExtractor:
    """An extractor that knows the names of the shop's catalogue, as far as its database answers.

    The process's tokenizer learns them too, the new ones of a changed catalogue as they come.
    """
    from shop.front import open_shop

    def read() -> CatalogueWords:
        return open_shop(settings).catalogue.words()

    return EntityExtractor(Gazetteer(read, background=True, told=shared_tokenizer().learn))


def load(folder: Path, extractor: EntityExtractor | None = None) -> Understander:
    """The understander over a saved classifier; with the mood, if its model is there. All is loaded, nothing waits."""
    ear = Understander(IntentClassifier.load(folder).slim(), extractor, shared_reader())
    ear.understand("")
    give_back()
    return ear
