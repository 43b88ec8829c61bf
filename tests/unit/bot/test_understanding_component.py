"""Our ear inside Rasa: trained, stored, loaded and asked through Rasa's own machinery."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.tokenizer import ChineseTokenizer
from bot.components.understanding import FALLBACK, ChineseUnderstanding

LINES = {
    "ask_courier": ["发什么快递", "用哪家物流", "能发顺丰吗", "走中通还是圆通"],
    "track_package": ["快递到哪了", "物流到哪里了", "查一下我的包裹", "包裹走到哪了"],
    "affirm": ["好的", "可以", "没问题", "是的"],
    "inform": ["订单号是2026110300012345", "尾号0921", "第二个", "两件"],
}


@pytest.fixture(scope="module")
def component(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChineseUnderstanding]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XIAOER_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        storage = LocalModelStorage.create(Path(tmp_path_factory.mktemp("storage")))
        context = ExecutionContext(GraphSchema({}), "test")
        resource = Resource("understanding")
        examples = [Message.build(text=text, intent=intent) for intent, texts in LINES.items() for text in texts]
        made = ChineseUnderstanding.create({}, storage, resource, context)
        stored = made.train(TrainingData(examples))
        yield ChineseUnderstanding.load({}, storage, stored, context)


def _heard(component: ChineseUnderstanding, text: str) -> Message:
    return component.process([Message(data={"text": text})])[0]


def test_it_sets_intent_ranking_and_entities(component: ChineseUnderstanding) -> None:
    message = _heard(component, "我的包裹2026110300012345到哪了")
    assert message.get("intent")["name"] == "track_package"
    assert [one["name"] for one in message.get("intent_ranking")][0] == "track_package"
    assert set(message.as_dict_nlu()) >= {"intent", "entities", "text"}
    number = next(one for one in message.get("entities") if one["entity"] == "order_no")
    assert number["value"] == "2026110300012345"
    assert message.get("text")[number["start"] : number["end"]] == number["value"]


def test_a_bare_value_is_inform(component: ChineseUnderstanding) -> None:
    assert _heard(component, "13812345678").get("intent")["name"] == "inform"


def test_a_question_of_the_faq_carries_the_entry_that_fits(component: ChineseUnderstanding) -> None:
    message = _heard(component, "请问你们默认发什么快递")
    hit = message.get("faq")
    assert hit["id"] == "courier_general"
    assert 0 <= hit["score"] <= 1


def test_what_no_intent_claims_is_fallback_with_the_ranking_kept(component: ChineseUnderstanding) -> None:
    message = _heard(component, "。。。")
    assert message.get("intent")["name"] == FALLBACK
    assert {one["name"] for one in message.get("intent_ranking")} > {FALLBACK, "affirm"}


def test_without_a_database_it_hears_all_the_same(component: ChineseUnderstanding) -> None:
    assert _heard(component, "好的").get("intent")["name"] == "affirm"


def test_the_fingerprint_changes_with_the_encoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = ChineseUnderstanding.fingerprint_addon({})
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "encoder.json").write_text('{"width": 8, "prefix": "", "pooling": "mean"}', encoding="utf-8")
    monkeypatch.setenv("XIAOER_ENCODER", str(tmp_path))
    assert ChineseUnderstanding.fingerprint_addon({}) != before


def test_tokens_are_chinese_words_at_their_places() -> None:
    tokenizer = ChineseTokenizer(ChineseTokenizer.get_default_config())
    message = tokenizer.process([Message(data={"text": "我要退货 订单2026110300012345"})])[0]
    tokens = message.get("text_tokens")
    assert "退货" in [one.text for one in tokens]
    assert all(message.get("text")[one.start : one.end] == one.text for one in tokens)


@pytest.mark.parametrize("part", [ChineseUnderstanding, ChineseTokenizer])
def test_both_serve_chinese_only(part: type) -> None:
    assert part.supported_languages() == ["zh"]
