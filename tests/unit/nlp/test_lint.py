"""The linter of the training data finds what it is for, and our own data passes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp.datasets import Lines, read_nlu
from nlp.lint import doubles, few, lint, main, near_doubles, short, smells


def lines(*pairs: tuple[str, str]) -> Lines:
    return Lines(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


def test_a_line_under_two_intents_is_found_whatever_its_marks() -> None:
    found = doubles(lines(("怎么退货？", "return_goods"), ("怎么退货", "ask_return_policy"), ("退钱", "apply_refund")))
    assert [(one.kind, one.intents) for one in found] == [("double", ("ask_return_policy", "return_goods"))]
    assert found[0].grave


def test_a_line_that_stands_twice_under_one_intent_is_no_conflict() -> None:
    assert doubles(lines(("怎么退货？", "return_goods"), ("怎么退货", "return_goods"))) == []


def test_near_duplicates_are_found_within_and_across_intents() -> None:
    found = near_doubles(
        lines(
            ("我的快递怎么三天都没有更新物流信息了", "logistics_stuck"),
            ("我的快递怎么三天都没有更新物流信息了呀", "logistics_stuck"),
            ("我的快递怎么五天都没有更新物流信息了", "track_package"),
            ("发票抬头能改吗", "invoice_change"),
        ),
        near=0.7,
    )
    assert {one.kind for one in found} == {"near_double", "near_across"}
    assert found[0].kind == "near_double"
    assert all("发票抬头能改吗" not in one.texts for one in found)


def test_lines_that_begin_alike_smell_of_a_template() -> None:
    same = [(f"我想要退掉{name}", "return_goods") for name in "甲乙丙丁戊己庚辛壬癸"]
    other = [(f"{name}怎么退", "ask_return_policy") for name in "子丑寅卯辰巳午未申酉"]
    varied = [(f"{name}不想留了", "return_goods") for name in "天地玄黄宇宙洪荒日月"]
    found = smells(lines(*same, *varied, *other))
    assert [(one.intents, one.texts, one.share) for one in found] == [(("return_goods",), ("我想要",), 0.5)]


def test_lines_that_tell_nothing_and_rare_intents_are_found() -> None:
    some = lines(("退", "return_goods"), ("我要退货", "return_goods"))
    assert [one.texts for one in short(some)] == [("退",)]
    assert [(one.intents, one.share) for one in few(some)] == [(("return_goods",), 2.0)]


def test_no_lines_no_findings() -> None:
    assert lint(Lines((), ())) == []
    assert near_doubles(lines(("。。。", "greet"), ("！", "greet"))) == []


def test_our_own_lines_have_no_grave_findings() -> None:
    own = read_nlu()
    assert [one for one in (*doubles(own), *few(own)) if one.grave] == []


def test_the_command_tells_in_json_and_by_its_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yml").write_text("nlu:\n- intent: greet\n  examples: |\n    - 你好呀\n", encoding="utf-8")
    main([str(tmp_path), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["lines"], told["few"], told["findings"][0]["intents"]) == (1, 1, ["greet"])
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), "--strict"])
    assert ended.value.code == 1
