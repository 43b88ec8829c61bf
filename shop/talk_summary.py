"""A talk in a few lines, and three answers that an agent might give; extractive, nothing is made up.

Plain functions over messages: which orders were named, what was wanted (the
customer's own weightiest words), what the bot tried (its own last sentences),
how the mood went. Suggestions are FAQ entries and past answers of agents to
like questions, found by the overlap of character pairs.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Iterable, Sequence

from sqlalchemy import select

from shop.entities import StoredMessage
from shop.models import Handoff, Message
from shop.privacy import mask_text

if TYPE_CHECKING:
    from shop.front import Shop

_ORDER = re.compile(r"(?<!\d)\d{12,20}(?!\d)")
_SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?]?")
_LINE = 80
"""Characters of a line of the summary."""
_SMALL_TALK = 4
"""Words shorter than this say little about what is wanted."""
PAST_ANSWERS = 300
GOOD_RATING = 4


def summary(messages: Sequence[StoredMessage]) -> dict[str, Any]:
    """The talk's facts, at most one line each.

    Returns:
        orders (numbers, latest first, at most 3), wanted, asked_last, tried (at
        most 2 sentences of the bot), moods (of the customer's messages, oldest first).
    """
    said = [str(one.body.get("text") or "") for one in messages if one.direction == "in"]
    named = [number for one in reversed(messages) for number in _ORDER.findall(_all_text(one.body))]
    weighty = sorted(
        (one for one in messages if one.direction == "in" and len(str(one.body.get("text") or "")) >= _SMALL_TALK),
        key=lambda one: (one.anger, len(str(one.body.get("text") or ""))),
    )
    wanted = str(weighty[-1].body["text"]) if weighty else ""
    last = said[-1] if said and said[-1] != wanted else ""
    return {
        "orders": list(dict.fromkeys(named))[:3],
        "wanted": line(wanted),
        "asked_last": line(last),
        "tried": _tried(messages),
        "moods": [{"id": one.id, "mood": one.mood, "anger": one.anger} for one in messages if one.direction == "in"],
    }


def line(text: str) -> str:
    """One line, masked, cut at a length that fits."""
    flat = " ".join(mask_text(text).split())
    return flat if len(flat) <= _LINE else flat[: _LINE - 1] + "…"


def _all_text(body: dict[str, Any]) -> str:
    items = (body.get("custom") or {}).get("items") or []
    lines = [str(part) for item in items if isinstance(item, dict) for part in item.get("lines") or []]
    return " ".join([str(body.get("text") or ""), *lines])


def _tried(messages: Sequence[StoredMessage]) -> list[str]:
    tried: list[str] = []
    for one in reversed(messages):
        first = _SENTENCE.search(str(one.body.get("text") or "")) if one.direction == "out" else None
        if first and len(first.group()) >= _SMALL_TALK and line(first.group()) not in tried:
            tried.append(line(first.group()))
        if len(tried) == 2:
            break
    return tried[::-1]


def pairs(text: str) -> Counter[str]:
    """The text's pairs of neighbouring characters, blanks and signs left out."""
    letters = re.sub(r"[\W_]+", "", text.lower())
    return Counter(letters[place : place + 2] for place in range(len(letters) - 1)) or Counter(
        [letters] if letters else []
    )


def likeness(one: Counter[str], other: Counter[str]) -> float:
    """Dice's coefficient of two counts of pairs, 0 to 1."""
    total = sum(one.values()) + sum(other.values())
    return 2.0 * sum((one & other).values()) / total if total else 0.0


def best(question: str, known: Iterable[tuple[str, str]], count: int, least: float) -> list[tuple[float, str]]:
    """The answers whose questions are most like one: (likeness, answer), best first, none twice."""
    asked = pairs(question)
    scored = sorted(((likeness(asked, pairs(words)), answer) for words, answer in known), key=lambda one: -one[0])
    found: dict[str, float] = {}
    for score, answer in scored:
        if score < least or len(found) == count:
            break
        found.setdefault(answer, score)
    return [(score, answer) for answer, score in found.items()]


def suggestions(shop: Shop, question: str, count: int = 3) -> list[dict[str, Any]]:
    """Answers to a customer's words for an agent to edit: from good talks of before, and from the FAQ."""
    past = [(score, answer, "past") for score, answer in best(question, past_answers(shop), 1, 0.35)]
    known = [(words, entry.answer) for entry in shop.faq.all() for words in entry.questions]
    faq = [(score, answer, "faq") for score, answer in best(question, known, count, 0.2)]
    chosen = {answer: (score, source) for score, answer, source in [*past, *faq]}
    return [
        {"text": answer, "source": source, "likeness": round(score, 2)}
        for answer, (score, source) in list(chosen.items())[:count]
    ]


def past_answers(shop: Shop) -> list[tuple[str, str]]:
    """Question and answer of agents' words in talks that their customers liked, phones and the like masked."""
    table = Message.__table__
    liked = select(Handoff.sender_id).where(Handoff.rating >= GOOD_RATING).order_by(Handoff.id.desc()).limit(50)
    with shop.database.read() as session:
        senders = list(dict.fromkeys(session.execute(liked).scalars()))
        query = select(table.c.id).where(table.c.sender_id.in_(senders), table.c.direction.in_(("in", "agent")))
        ids = session.execute(query.order_by(table.c.id.desc()).limit(PAST_ANSWERS)).scalars().all() if senders else []
    messages = sorted(shop.messages.by_ids(ids).values(), key=lambda one: one.id)
    found: list[tuple[str, str]] = []
    question = ""
    for one in messages:
        text = mask_text(str(one.body.get("text") or ""))
        if one.direction == "in":
            question = text
        elif question and len(text) >= 2 * _SMALL_TALK:
            found.append((question, text))
            question = ""
    return found
