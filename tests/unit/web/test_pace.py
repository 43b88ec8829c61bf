"""So much a minute, by customer or address."""

from __future__ import annotations

from web.pace import Pace


def test_who_hurries_is_stopped_until_the_next_minute_and_nobody_else_is():
    now = [59.0]
    pace = Pace(3, clock=lambda: now[0])
    assert [pace.admits("a") for _ in range(4)] == [True, True, True, False]
    assert pace.admits("b")
    now[0] = 60.0
    assert pace.admits("a")


def test_several_at_once_count_as_many_and_what_was_refused_counts_too():
    pace = Pace(5, clock=lambda: 0.0)
    assert pace.admits(1, 4)
    assert not pace.admits(1, 2)
    assert not pace.admits(1)
    assert pace.admits(2, 5)


def test_keys_that_were_quiet_longest_are_forgotten():
    pace = Pace(1, most_keys=2, clock=lambda: 0.0)
    for key in "abc":
        assert pace.admits(key)
    assert pace.admits("a"), "it was forgotten"
    assert not pace.admits("c")
