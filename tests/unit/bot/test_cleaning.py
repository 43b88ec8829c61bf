"""What a client sent, checked and cleaned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.cleaning import SENDER, Refusal, clean_attachments, clean_id, clean_text, scoped


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  你好  ", "你好"),
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        ("第一行\r\n第二行\r第三行", "第一行\n第二行\n第三行"),
        ("坏\ud800字", "坏字"),
        ("看\u202e反\u202c了\u200b吗\ufeff", "看反了吗"),
        ("👨\u200d👩\u200d👧 好", "👨\u200d👩\u200d👧 好"),
        ("/greet", "greet"),
        (' / /restart{"a":1}', 'restart{"a":1}'),
        ("\x00/stop", "stop"),
        ("\u200b//stop", "stop"),
        ("/\xa0/stop", "stop"),
        ('/\u2003\u3000//restart{"a":1}', 'restart{"a":1}'),
        ("1/2 杯", "1/2 杯"),
        (None, ""),
        ("///", ""),
    ],
)
def test_a_text_is_cleaned(raw, clean):
    assert clean_text(raw, 2000) == clean


@pytest.mark.parametrize("raw", [5, 1.5, True, ["你好"], {"text": "你好"}, b"bytes"])
def test_what_is_no_text_is_refused(raw):
    with pytest.raises(Refusal) as refusal:
        clean_text(raw, 2000)
    assert refusal.value.name == "not_text"


@pytest.mark.parametrize("raw", ["长" * 2001, "长" * 100_000])
def test_a_text_over_the_limit_is_refused(raw):
    with pytest.raises(Refusal) as refusal:
        clean_text(raw, 2000)
    assert (refusal.value.name, refusal.value.facts) == ("too_long", {"limit": 2000})
    assert clean_text("长" * 2000, 2000) == "长" * 2000


@given(st.text(max_size=300))
def test_nothing_that_is_cleaned_can_be_a_command_or_break_a_database(raw):
    text = clean_text(raw, 2000)
    assert not text.strip().startswith("/")
    assert "\x00" not in text
    text.encode("utf-8")
    assert clean_text(text, 2000) == text


@pytest.mark.parametrize(
    ("raw", "clean"), [("a-1", "a-1"), (7, "7"), ("", None), (None, None), (True, None), ([], None)]
)
def test_a_message_id_is_a_short_text_or_none(raw, clean):
    assert clean_id(raw) == clean
    assert len(clean_id("x" * 500)) == 100


def test_only_things_that_look_like_upload_ids_are_taken():
    good = "0123456789abcdef" * 2
    assert clean_attachments({"attachments": [good, "../../etc/passwd", 5, None, good.upper()]}) == [good]
    assert clean_attachments({"attachments": "0" * 32}) == []
    assert len(clean_attachments({"attachments": [good] * 50})) == 6


@given(st.from_regex(SENDER, fullmatch=True), st.one_of(st.none(), st.integers(1, 10**9)))
def test_a_strangers_conversation_can_be_chosen_by_no_client_and_fits_its_column(sender, customer):
    other = scoped(sender, customer)
    assert other != sender
    assert not SENDER.fullmatch(other)
    assert len(other) <= 100
