"""What the bot could not answer is kept without a trace of whose words they were."""

from __future__ import annotations

from actions.chat import Unsure
from actions.faq import Faq
from shop.errors import DatabaseDown
from shop.faq_store import FaqEntry
from tests.unit.actions.fakes import FakeShop, entity, run, tracker

RANKING = [("nlu_fallback", 0.8), ("ask_gift", 0.2), ("greet", 0.1)]


def test_a_message_of_no_likely_intent_is_kept_with_its_likeliest_one():
    shop = FakeShop()
    run(Unsure(shop), tracker("杯子能刻字吗", "nlu_fallback", ranking=RANKING))
    assert shop.unanswered.kept == [("杯子能刻字吗", "ask_gift", 0.2)]


def test_names_numbers_and_addresses_are_masked():
    shop = FakeShop()
    text = "我叫张伟，寄到文三路1号，卡号62220212345，13812345678"
    values = (entity("person", "张伟"), entity("address", "文三路1号"), entity("phone", "13812345678"))
    run(Unsure(shop), tracker(text, "nlu_fallback", *values, ranking=RANKING))
    assert shop.unanswered.kept[0][0] == "我叫[person]，寄到[address]，卡号[number]，[phone]"


def test_the_answer_to_a_forms_question_is_not_kept():
    shop = FakeShop()
    run(Unsure(shop), tracker("随便", "nlu_fallback", form="note_form", ranking=RANKING))
    assert shop.unanswered.kept == []


def test_a_question_that_the_faq_lacks_is_kept():
    shop = FakeShop()
    shop.faq = type("Faq", (), {"for_intent": lambda self, intent: None, "entry": lambda self, name: None})()
    said = run(Faq(shop), tracker("发什么快递", "ask_courier"))
    assert shop.unanswered.kept == [("发什么快递", "ask_courier", 0.9)]
    assert said.names == ["utter_faq_missing"]


def test_a_shop_that_cannot_keep_it_still_answers():
    shop = FakeShop()

    def down(*_):
        raise DatabaseDown("down")

    shop.unanswered.record = down
    assert run(Unsure(shop), tracker("杯子能刻字吗", "nlu_fallback", ranking=RANKING)).names


def with_two_entries(score: float):
    first = FaqEntry("fee", "ask_fee", ("运费多少", "要运费吗"), "满 99 包邮。", ("查物流",), False)
    second = FaqEntry("free", "ask_fee", ("怎么包邮",), "凑单。", (), False)
    shop = FakeShop()
    shop.faq = type("Faq", (), {"entry": lambda self, name: {"fee": first, "free": second}.get(name)})()
    state = tracker("邮费的事", "ask_fee")
    state.latest_message["faq"] = {"id": "fee", "score": score, "second": "free"}
    return run(Faq(shop), state)


def test_two_entries_that_fit_alike_are_offered_to_choose():
    said = with_two_entries(0.6)
    assert said.names == ["utter_faq_which"]
    assert said.titles == ["运费多少", "怎么包邮"]


def test_an_answer_names_the_entry_that_it_comes_from():
    assert with_two_entries(0.9).messages[0]["source"] == "faq:fee"


def test_the_nearest_questions_are_offered_before_the_likeliest_intents():
    shop = FakeShop()
    near = FaqEntry("engrave", "", ("能刻字吗", "可以刻名字不"), "能。", (), False)
    shop.faq = type("Faq", (), {"entry": lambda self, name: {"engrave": near}.get(name)})()
    state = tracker("杯子刻个名行不", "nlu_fallback", ranking=RANKING)
    state.latest_message["faq_near"] = ["engrave", "was_deleted_meanwhile"]
    said = run(Unsure(shop), state)
    assert said.names == ["utter_unsure"]
    assert said.titles[0] == "能刻字吗"
    assert len(said.titles) > 2  # intents and a person after it


def test_a_sure_entry_is_said_and_the_other_is_a_button():
    said = with_two_entries(0.9)
    assert said.text == "满 99 包邮。"
    assert said.titles == ["查物流", "怎么包邮"]
