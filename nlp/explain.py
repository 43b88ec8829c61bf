"""Which words made the intent: each is left out in turn (occlusion; Zeiler and Fergus 2014)."""

from __future__ import annotations

from dataclasses import dataclass

from nlp.tokenizer import WordTokenizer, shared_tokenizer
from nlp.understanding import Understander

MOST_WORDS = 60  # of a longer message the first ones are tried; each costs a look of the classifier


@dataclass(frozen=True)
class WordWeight:
    """A word and how much of the intent's probability is lost without it.

    Attributes:
        text: the word.
        start, end: its half-open span in the clean text.
        weight: lost probability, -1 to 1; negative where the word speaks for another intent.
        without: the intent that is heard without the word.
    """

    text: str
    start: int
    end: int
    weight: float
    without: str


def explain(ear: Understander, text: str, tokenizer: WordTokenizer | None = None) -> list[WordWeight]:
    """The words of a message, the weightiest first; those that change nothing are left out.

    Args:
        ear: the understander that is asked.
        text: the clean message.
        tokenizer: splits it; default: the process's.
    """
    base = ear.understand(text)
    found = []
    for word in (tokenizer or shared_tokenizer()).words(text)[:MOST_WORDS]:
        rest = text[: word.start] + text[word.end :]
        if not rest.strip():
            continue
        heard = ear.understand(rest)
        share = dict(heard.ranking).get(base.intent, 0.0)
        weight = base.confidence - share
        if round(weight, 4):
            found.append(WordWeight(word.text, word.start, word.end, weight, heard.intent))
    return sorted(found, key=lambda one: -abs(one.weight))
