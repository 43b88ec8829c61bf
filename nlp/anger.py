"""How angry a message is, 0 to 3, by its words, its marks and what came before.

0 calm, 1 displeased, 2 angry, 3 insulting. Pure functions: the words stand in
``data/lexicon/insults.txt``, the probability that a message is negative comes
from ``nlp.sentiment``, earlier levels from whoever keeps the talk.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Sequence

from nlp import lexicon
from nlp.text import clean

CALM, DISPLEASED, ANGRY, INSULTING = range(4)
NEGATIVE = 0.35  # from this probability of "negative" a message is displeased
SURE = 0.7  # from this, strong marks or an angry word make it angry
REMEMBERED = 3  # earlier turns that count
_SHOUT = re.compile(r"[!?]{3}|!.*!|[\U0001F620-\U0001F624\U0001F92C\U0001F621\U0001F4A2]")
_CALL = re.compile(r"\b(?:https?://|www\.)\S+")


@cache
def _words(kind: str) -> re.Pattern[str]:
    """Any of the words; those of Latin letters only where no other letter touches them."""
    words = sorted((one.lower() for one in lexicon.entries("insults")[kind]), key=len, reverse=True)
    parts = [rf"(?<![a-z0-9]){re.escape(one)}(?![a-z0-9])" if one.isascii() else re.escape(one) for one in words]
    return re.compile("|".join(parts))


def anger_level(text: str, negative: float) -> int:
    """Anger of one message by itself.

    Args:
        text: the customer's words.
        negative: probability that the message is negative, 0 to 1.
    """
    plain = _CALL.sub(" ", clean(text).text.lower())
    if _words("strong").search(plain):
        return INSULTING
    angry_words = len(_words("angry").findall(plain))
    shouts = _SHOUT.search(plain) is not None
    signs = angry_words + shouts + (negative >= SURE)
    if negative >= NEGATIVE and (angry_words >= 1 or shouts) and signs >= 2:
        return ANGRY
    return DISPLEASED if negative >= NEGATIVE or angry_words >= 2 else CALM


def anger_over_turns(previous: Sequence[int], present: int) -> int:
    """Anger of a talk: displeasure that goes on counts as anger.

    Args:
        previous: levels of the customer's earlier messages, oldest first, as ``anger_level`` gave them.
        present: level of the message that has just come.

    Returns:
        ``present``, one step higher (to ``ANGRY`` at most) when it is not calm and two of
        the last three earlier messages were not calm either. A calm message is calm.
    """
    recent = [level for level in list(previous)[-REMEMBERED:] if level > CALM]
    if DISPLEASED <= present < ANGRY and len(recent) >= 2:
        return present + 1
    return present
