"""How a shop is addressed is no part of what is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from nlp.salutations import without_salutation

CASES = yaml.safe_load((Path(__file__).parent / "salutations.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("said", "wanted"), CASES["left_out"].items())
def test_an_address_before_a_wish_is_left_out(said: str, wanted: str):
    assert without_salutation(said) == wanted


@pytest.mark.parametrize("said", CASES["kept"])
def test_a_greeting_alone_and_a_word_that_only_begins_like_one_stay(said: str):
    assert without_salutation(said) == said
