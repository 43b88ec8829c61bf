"""Groups of messages that nobody could answer, and what each could become.

Messages are grouped by KMeans over their centred sentence vectors; the number of
groups is the one with the best silhouette (Rousseeuw 1987). A group's proposal is
more lines for an intent, more questions for an FAQ entry, or a new entry.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

from nlp.encoder import RememberingEncoder
from nlp.faq import FaqIndex
from nlp.intent import IntentClassifier, prepare
from nlp.kernel_view import unit
from nlp.lexicon import words as listed
from nlp.tokenizer import WordTokenizer
from shop.entities import UnansweredView

SEED = 7
SAMPLE = 2000  # messages at most by which the number of groups is chosen
TRIED = 12  # numbers of groups that are tried
NEAR = 0.45  # cosine to the group's middle from which a message belongs to it
LIKELY = 0.25  # mean probability from which a group is proposed for an intent
FITS = 0.5  # FAQ score from which a group is proposed for an entry
SHOWN = 5
NO_HOME = frozenset({"out_of_scope", "chitchat", "nlu_fallback"})


@dataclass(frozen=True)
class Group:
    """Messages that ask alike.

    Attributes:
        number: its name, the id of its oldest message.
        ids: of all its messages.
        texts: the messages, the most typical first, each once.
        keywords: words that stand out in it.
        kind: ``intent``, ``faq`` or ``new``: what it is proposed for.
        target: the intent's or the entry's name; empty for ``new``.
        score: how sure the proposal is, 0 to 1.
    """

    number: int
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    keywords: tuple[str, ...]
    kind: str
    target: str
    score: float

    def as_json(self) -> dict[str, Any]:
        """Plain JSON for people and programs."""
        return {
            "number": self.number,
            "messages": len(self.ids),
            "texts": list(self.texts[:SHOWN]),
            "keywords": list(self.keywords),
            "proposal": {"kind": self.kind, "target": self.target, "score": round(self.score, 3)},
        }


class Learner:
    """Makes groups and proposals.

    Args:
        encoder: sentence vectors.
        classifier: what the bot hears now; None: no intents are proposed.
        faq: the entries in force; None: no entries are proposed.
    """

    def __init__(
        self, encoder: RememberingEncoder, classifier: IntentClassifier | None = None, faq: FaqIndex | None = None
    ) -> None:
        self._encoder = encoder
        self._classifier = classifier
        self._faq = faq
        self._tokenizer = WordTokenizer()

    def groups(self, messages: Sequence[UnansweredView], smallest: int = 2) -> list[Group]:
        """Groups of at least ``smallest`` messages, the largest first; the same for the same messages."""
        if len(messages) < smallest:
            return []
        vectors = self._encoder.encode([prepare(one.text) for one in messages])
        vectors = unit(vectors - vectors.mean(axis=0)) if len(messages) > 2 else vectors
        labels = cluster(vectors)
        found = []
        for label in np.unique(labels):
            places = np.flatnonzero(labels == label)
            nearness = vectors[places] @ unit(vectors[places].mean(axis=0)[None])[0]
            order = places[np.argsort(-nearness, kind="stable")]
            kept = [messages[at] for at, near in zip(order, np.sort(nearness)[::-1]) if near >= NEAR]
            if len(kept) >= smallest:
                found.append(self._group(kept, messages))
        return sorted(found, key=lambda one: (-len(one.ids), one.number))

    def _group(self, members: list[UnansweredView], everything: Sequence[UnansweredView]) -> Group:
        texts = tuple(dict.fromkeys(one.text for one in members))
        kind, target, score = self._proposal(texts)
        ids = tuple(sorted(one.id for one in members))
        return Group(ids[0], ids, texts, self._keywords(texts, everything), kind, target, score)

    def _proposal(self, texts: Sequence[str]) -> tuple[str, str, float]:
        """What the messages could become, as (kind, target, score)."""
        if self._faq is not None:
            scores: dict[str, float] = defaultdict(float)
            for hit in map(self._faq.answer, texts[:SHOWN]):
                if hit is not None:
                    scores[hit.id] += hit.score / len(texts[:SHOWN])
            entry = max(scores, key=lambda one: scores[one], default="")
            if scores and scores[entry] >= FITS:
                return "faq", entry, scores[entry]
        if self._classifier is not None:
            mean = self._classifier.predict(list(texts)).mean(axis=0)
            at = int(mean.argmax())
            if mean[at] >= LIKELY and self._classifier.labels[at] not in NO_HOME:
                return "intent", self._classifier.labels[at], float(mean[at])
        return "new", "", 0.0

    def _keywords(self, texts: Sequence[str], everything: Sequence[UnansweredView]) -> tuple[str, ...]:
        """Words that more of these messages hold than of all, the strongest first."""
        stops = listed("stopwords")

        def counts(lines: Sequence[str]) -> Counter[str]:
            return Counter(word for line in lines for word in {one.text for one in self._tokenizer.words(line)})

        here, all_of_them = counts(texts), counts([one.text for one in everything])
        shares = {
            word: count / len(texts) - all_of_them[word] / len(everything)
            for word, count in here.items()
            if len(word) > 1 and word not in stops
        }
        return tuple(sorted(shares, key=lambda word: (-shares[word], word))[:SHOWN])


def cluster(vectors: np.ndarray) -> np.ndarray:
    """The group of each unit vector, by KMeans with the number of groups that has the best silhouette."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    count = len(vectors)
    if count < 4:
        return np.zeros(count, np.int64)
    picked = np.random.default_rng(SEED).permutation(count)[:SAMPLE]
    highest = min(len(picked) - 1, 200)
    tried = sorted({int(one) for one in np.geomspace(2, max(2, highest), TRIED)})
    best = (-2.0, 2)
    for number in tried:
        labels = KMeans(number, n_init=3, random_state=SEED).fit_predict(vectors[picked])
        if 1 < len(np.unique(labels)) < len(picked):
            best = max(best, (float(silhouette_score(vectors[picked], labels, metric="cosine")), number))
    labels = KMeans(best[1], n_init=5, random_state=SEED).fit_predict(vectors)
    return np.asarray(labels)
