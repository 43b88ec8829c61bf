"""From what nobody knew to YAML that the bot reads."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest

from nlp.datasets import read_nlu
from nlp.encoder import shared_encoder
from nlp.faq import FaqIndex
from nlp.learn import take
from nlp.learning import Group, Learner
from nlp.teaching import add_entry, add_to_entry, add_to_intent, as_line
from nlp.understanding import Understander
from shop.entities import UnansweredView
from shop.errors import BadValue
from shop.faq_store import FaqEntry, read
from shop.settings import Settings

KEYS = ["杯子上能刻字吗", "可以帮忙刻名字不", "想在杯子上刻几个字", "刻字要加钱吗", "能不能定制刻字"]
BILLS = ["发票怎么开", "帮我开张发票", "要开发票", "发票什么时候给"]
DOGS = ["狗能坐你们车吗", "可以带狗进店吗", "宠物让进门店不", "带猫去店里行吗"]
OTHERS = [
    FaqEntry("courier", "", ("发什么快递", "默认哪家物流"), "顺丰。", (), False),
    FaqEntry("fee", "", ("运费多少钱", "满多少包邮"), "满 99 包邮。", (), False),
    FaqEntry("points", "", ("积分怎么用", "会员有什么好处"), "抵现。", (), False),
    FaqEntry("wash", "", ("衣服能机洗吗", "会不会掉色缩水"), "能。", (), False),
]
ENTRY = FaqEntry("pets", "", ("门店可以带宠物吗", "能带狗进店吗", "带猫去店里可以吗"), "可以，牵好绳。", (), False)
FACTS = {"shop_name": "小二优选"}
PAGE = """faq:
  - id: pets
    questions:
      - 门店可以带宠物吗
      - 能带狗进店吗
    answer: 可以，牵好绳。

  - id: hours
    questions:
      - 几点开门
    answer: 九点。
"""
LINES = """version: "3.1"
nlu:
- intent: ask_gift
  examples: |
    - 有赠品吗
- intent: greet
  examples: |
    - 你好
"""


class Entries:
    def all(self) -> list[FaqEntry]:
        return [ENTRY, *OTHERS]


def messages(*groups: list[str]) -> list[UnansweredView]:
    now = datetime(2026, 11, 24, tzinfo=timezone.utc)
    texts = [text for group in groups for text in group]
    return [UnansweredView(number, text, "ask_gift", 0.2, now) for number, text in enumerate(texts, 1)]


@pytest.fixture(scope="module")
def groups(ear: Understander):
    learner = Learner(shared_encoder(), ear.classifier, FaqIndex(Entries()))
    return learner.groups(messages(KEYS, BILLS, DOGS))


def test_messages_that_ask_alike_are_a_group(groups):
    of_text = {text: group.number for group in groups for text in group.texts}
    for alike in (KEYS, BILLS, DOGS):
        assert len({of_text[text] for text in alike if text in of_text}) == 1
    assert len({of_text[one[0]] for one in (KEYS, BILLS, DOGS)}) == 3


def test_each_group_has_a_proposal(groups):
    kinds = {group.texts[0]: (group.kind, group.target) for group in groups}
    assert next(kind for text, kind in kinds.items() if text in DOGS) == ("faq", "pets")
    kind, target = next(kind for text, kind in kinds.items() if text in BILLS)
    assert kind == "intent"
    assert "invoice" in target


def test_the_same_messages_give_the_same_groups(groups, ear: Understander):
    again = Learner(shared_encoder(), ear.classifier, FaqIndex(Entries())).groups(messages(KEYS, BILLS, DOGS))
    plain = [[replace(one, score=round(one.score, 4)) for one in some] for some in (again, groups)]
    assert plain[0] == plain[1]
    assert all(group.number == min(group.ids) for group in groups)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_messages_are_no_group(count):
    assert Learner(shared_encoder()).groups(messages(KEYS[:count])) == []


def test_lines_go_to_their_intent_once(tmp_path: Path):
    (tmp_path / "presale.yml").write_text(LINES, encoding="utf-8")
    for _ in range(2):
        add_to_intent("ask_gift", ["有赠品吗", "送什么小礼物\n呀", "送什么小礼物 呀"], tmp_path)
    lines = read_nlu(tmp_path)
    assert list(zip(lines.texts, lines.labels)) == [
        ("有赠品吗", "ask_gift"), ("送什么小礼物 呀", "ask_gift"), ("你好", "greet"),
    ]  # fmt: skip
    with pytest.raises(BadValue, match="no_such_intent"):
        add_to_intent("no_such_intent", ["x"], tmp_path)


def test_questions_go_to_their_entry_and_the_rest_stays(tmp_path: Path):
    page = tmp_path / "shop.yml"
    page.write_text(PAGE, encoding="utf-8")
    add_to_entry("pets", ["宠物让进不", "能带狗进店吗"], FACTS, tmp_path)
    entries = read([page], FACTS)
    assert entries["pets"].questions == ("门店可以带宠物吗", "能带狗进店吗", "宠物让进不")
    assert entries["hours"].questions == ("几点开门",)


def test_a_new_entry_is_written_and_read(tmp_path: Path):
    path = add_entry("engraving", KEYS, '可以："{shop_name}"免费刻 8 个字。', FACTS, "ask_gift", tmp_path)
    add_entry("engraving_time", KEYS[:1], "三天。", FACTS, folder=tmp_path)
    entries = read([path], FACTS)
    assert entries["engraving"].answer == '可以："小二优选"免费刻 8 个字。'
    assert entries["engraving"].questions == tuple(KEYS)
    assert (entries["engraving"].intent, entries["engraving_time"].intent) == ("ask_gift", "")


@pytest.mark.parametrize(
    ("entry", "answer"),
    [("pets", "x"), ("刻字", "x"), ("new_one", ""), ("new_one", "{no_such_fact}"), ("new_one", "{")],
)
def test_what_the_faq_could_not_read_is_not_written(tmp_path: Path, entry: str, answer: str):
    (tmp_path / "a.yml").write_text(PAGE, encoding="utf-8")
    with pytest.raises(BadValue):
        add_entry(entry, KEYS, answer, FACTS, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.yml"]
    assert len(read(sorted(tmp_path.glob("*.yml")), FACTS)) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [("- 我叫[person]，能刻字吗", "我叫，能刻字吗"), ("[甲](b){c}: |", "甲(b)c"), ("  x\ty ", "x y"), ("[phone]", "")],
)
def test_a_message_becomes_a_line_without_marks_of_yaml_and_rasa(text: str, line: str):
    assert as_line(text) == line


class Settled:
    """As much of a shop as ``take`` needs."""

    def __init__(self) -> None:
        self.settings, self.settled = Settings(), []
        self.faq = SimpleNamespace(entry=lambda name: ENTRY if name == "pets" else None)
        self.unanswered = SimpleNamespace(settle=lambda ids, state: self.settled.append((ids, state)))


def asked(**given) -> argparse.Namespace:
    return argparse.Namespace(**{"intent": None, "faq": None, "answer": None, "of": None, **given})


def group(kind: str = "new", target: str = "") -> Group:
    return Group(1, (1, 2), ("能刻字吗", "刻字多少钱"), (), kind, target, 0.5)


@pytest.mark.parametrize(
    ("proposed", "wish", "file"),
    [
        (("intent", "ask_gift"), asked(), "nlu.yml"),
        (("faq", "pets"), asked(), "faq.yml"),
        (("new", ""), asked(faq="engraving", answer="可以。"), "learned.yml"),
        (("faq", "pets"), asked(intent="ask_gift"), "nlu.yml"),
        (("intent", "ask_gift"), asked(faq="pets"), "faq.yml"),
    ],
)
def test_a_taken_group_is_written_and_settled(tmp_path: Path, proposed, wish, file):
    for folder, name, text in (("nlu", "nlu.yml", LINES), ("faq", "faq.yml", PAGE)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    shop = Settled()
    done = take(shop, group(*proposed), wish, tmp_path / "nlu", tmp_path / "faq")
    written = next(tmp_path.rglob(file))
    assert "- 刻字多少钱" in written.read_text(encoding="utf-8")
    assert str(written) in done
    assert shop.settled == [((1, 2), "taken")]


@pytest.mark.parametrize("wish", [asked(), asked(faq="engraving")])
def test_a_group_without_a_home_stays_open(tmp_path: Path, wish):
    shop = Settled()
    with pytest.raises(BadValue, match="needs a home"):
        take(shop, group(), wish, tmp_path, tmp_path)
    assert shop.settled == []
