"""A talk in a few lines, and three answers that an agent might give; extractive, nothing is made up.

Plain functions over messages: which orders were named, what was wanted (the
customer's own weightiest words), what the bot tried (its own last sentences),
how the mood went. Suggestions are FAQ entries and past answers of agents to
like questions, found by the rare characters and pairs that they share.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
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
SMALL_TALK = 4
"""Words shorter than this say little about what is wanted."""
PAST_ANSWERS = 300
GOOD_RATING = 4
PAST_FROM, FAQ_FROM = 0.35, 0.25
"""Likeness of questions from which an answer is offered; of the FAQ's own, left out one by one (README, Decisions)."""


def summary(messages: Sequence[StoredMessage]) -> dict[str, Any]:
    """The talk's facts, at most one line each.

    Returns:
        orders (numbers, latest first, at most 3), wanted, asked_last, tried (at
        most 2 sentences of the bot), moods (of the customer's messages, oldest first).
    """
    said = [str(one.body.get("text") or "") for one in messages if one.direction == "in"]
    named = [number for one in reversed(messages) for number in _ORDER.findall(_all_text(one.body))]
    weighty = sorted(
        (one for one in messages if one.direction == "in" and len(str(one.body.get("text") or "")) >= SMALL_TALK),
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
        if first and len(first.group()) >= SMALL_TALK and line(first.group()) not in tried:
            tried.append(line(first.group()))
        if len(tried) == 2:
            break
    return tried[::-1]


class Likeness:
    """How alike texts are: the cosine of their characters and pairs of neighbours, each weighed by how rare it is.

    TF-IDF as of Salton and Buckley (1988), blanks and signs left out.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts = Counter(gram for text in texts for gram in set(grams(text)))
        self._most = math.log(len(texts) + 1)
        self._rare = {gram: math.log((len(texts) + 1) / (count + 0.5)) for gram, count in counts.items()}

    def vector(self, text: str) -> dict[str, float]:
        """The weights of a text's parts, of length 1; empty where there is nothing to read."""
        weights = {
            gram: (1 + math.log(count)) * self._rare.get(gram, self._most)
            for gram, count in Counter(grams(text)).items()
        }
        length = math.sqrt(sum(one * one for one in weights.values()))
        return {gram: one / length for gram, one in weights.items()} if length else {}


def grams(text: str) -> list[str]:
    """The text's characters and pairs of neighbours."""
    letters = re.sub(r"[\W_]+", "", text.lower())
    return [*letters, *(letters[place : place + 2] for place in range(len(letters) - 1))]


@lru_cache(maxsize=2)
def _weighed(texts: tuple[str, ...]) -> tuple[Likeness, list[dict[str, float]]]:
    """The weights of texts that stay as they are for long, such as the FAQ's questions."""
    alike = Likeness(texts)
    return alike, [alike.vector(one) for one in texts]


def best(
    asked: dict[str, float], known: Iterable[tuple[dict[str, float], str]], count: int, least: float
) -> list[tuple[float, str]]:
    """The answers whose questions are most like one: (likeness 0 to 1, answer), best first, none twice."""
    scored = [(sum(weight * words.get(gram, 0.0) for gram, weight in asked.items()), answer) for words, answer in known]
    found: dict[str, float] = {}
    for score, answer in sorted(scored, key=lambda one: -one[0]):
        if score < least or len(found) == count:
            break
        found.setdefault(answer, score)
    return [(score, answer) for answer, score in found.items()]


def suggestions(shop: Shop, question: str, count: int = 3) -> list[dict[str, Any]]:
    """Answers to a customer's words for an agent to edit: from good talks of before, and from the FAQ."""
    known = [(words, entry.answer) for entry in shop.faq.all() for words in entry.questions]
    alike, weighed = _weighed(tuple(words for words, _ in known))
    asked, liked = alike.vector(question), [(alike.vector(words), answer) for words, answer in past_answers(shop)]
    answers = zip(weighed, (answer for _, answer in known), strict=True)
    past = [(score, answer, "past") for score, answer in best(asked, liked, 1, PAST_FROM)]
    faq = [(score, answer, "faq") for score, answer in best(asked, answers, count, FAQ_FROM)]
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
        elif question and len(text) >= 2 * SMALL_TALK:
            found.append((question, text))
            question = ""
    return found
