"""A message as a spaCy document: our own words inside spaCy's Chinese, with tags, stop words and values.

``spacy.lang.zh.Chinese`` brings no segmenter that knows our catalogue, so the
document is made by ``nlp.tokenizer``; the parts of speech are jieba's, ``is_stop``
comes from ``data/lexicon/stopwords.txt``, ``doc.ents`` from ``nlp.entities``, and
spaCy's PhraseMatcher finds names of the catalogue as whole words. spaCy is loaded
at first use only.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nlp import lexicon
from nlp.entities import EntityExtractor
from nlp.text import clean
from nlp.tokenizer import WordTokenizer, shared_tokenizer

if TYPE_CHECKING:
    from shop.entities import CatalogueWords

UNIVERSAL = {
    "n": "NOUN", "nr": "PROPN", "ns": "PROPN", "nt": "PROPN", "nz": "PROPN", "t": "NOUN", "s": "NOUN", "f": "NOUN",
    "v": "VERB", "vn": "NOUN", "vd": "VERB", "a": "ADJ", "ad": "ADV", "an": "NOUN", "b": "ADJ", "z": "ADJ",
    "d": "ADV", "p": "ADP", "c": "CCONJ", "u": "PART", "y": "PART", "e": "INTJ", "o": "INTJ", "r": "PRON",
    "m": "NUM", "q": "NOUN", "x": "X", "w": "PUNCT", "eng": "X",
}  # fmt: skip
"""From jieba's tags to the universal parts of speech; a longer tag falls back to its first letter."""


class Documents:
    """Makes documents; one for a process.

    Args:
        tokenizer: splits the text; default: the process's.
        extractor: finds the values that become ``doc.ents``; None: there are none.
    """

    def __init__(self, tokenizer: WordTokenizer | None = None, extractor: EntityExtractor | None = None) -> None:
        from spacy.lang.zh import Chinese
        from spacy.matcher import PhraseMatcher

        self._words = tokenizer or shared_tokenizer()
        self._extractor = extractor
        self._spacy = Chinese()
        self._spacy.tokenizer = self._split
        self._stops = lexicon.words("stopwords")
        self._matcher = PhraseMatcher(self._spacy.vocab, attr="LOWER")
        self._version: str | None = None

    def __call__(self, text: str, now: datetime | None = None) -> Any:
        """The document of a message; never raises for any string.

        Args:
            text: the customer's words; they are cleaned first, ``doc.text`` is the clean text.
            now: the message's time (aware); dates count from it.
        """
        doc = self._spacy.make_doc(clean(text).text)
        if self._extractor is not None:
            spans = [
                doc.char_span(one.start, one.end, label=one.type, alignment_mode="expand")
                for one in self._extractor.matches(doc.text, now)
            ]
            doc.ents = _apart([span for span in spans if span is not None])
        return doc

    def learn(self, words: CatalogueWords) -> None:
        """Take the names of a catalogue; a version that is known already changes nothing."""
        if words.version == self._version:
            return
        for kind, names in (("product", words.products), ("brand", words.brands), ("category", words.categories)):
            if kind in self._matcher:
                self._matcher.remove(kind)
            self._words.learn(part for name in names for part in name.split())
            self._matcher.add(kind, [self._spacy.make_doc(clean(name).text) for name in names if clean(name).text])
        self._version = words.version

    def names(self, doc: Any) -> list[tuple[str, str]]:
        """Names of the catalogue that stand in a document as whole words: (kind, words), longest only."""
        from spacy.util import filter_spans

        spans = filter_spans(self._matcher(doc, as_spans=True))
        return [(span.label_, span.text) for span in spans]

    def _split(self, text: str) -> Any:
        from spacy.tokens import Doc

        found = self._words.tagged(text)
        following = [word.start for word, _ in found[1:]] + [len(text)]
        spaces = [word.end < start for (word, _), start in zip(found, following)]
        doc = Doc(self._spacy.vocab, words=[word.text for word, _ in found], spaces=spaces)
        for token, (_, tag) in zip(doc, found):
            token.tag_ = tag
            token.pos_ = UNIVERSAL.get(tag) or UNIVERSAL.get(tag[:1], "X")
        return doc

    def stop_words(self, doc: Any) -> list[str]:
        """The words of a document that carry no topic."""
        return [token.text for token in doc if token.lower_ in self._stops]


def _apart(spans: list[Any]) -> list[Any]:
    """Spans that share no word, the first one of two stays; a document's values must be so."""
    kept: list[Any] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


@lru_cache(maxsize=1)
def shared_documents() -> Documents:
    """The process's, without a catalogue."""
    return Documents(extractor=EntityExtractor())
