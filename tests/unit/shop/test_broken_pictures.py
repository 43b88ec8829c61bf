"""A slice of `make fuzz`: broken picture files are taken or refused, never more."""

from __future__ import annotations

from tests.bench.fuzz_pictures import fuzz


def test_broken_pictures_are_taken_or_refused():
    outcome = fuzz(300, seed=20)
    assert outcome.files == 300
    assert outcome.taken > 0
    assert outcome.refused > 0
