"""Threads of a process write one after the other, in their order."""

from __future__ import annotations

import threading
import time

import pytest

from shop.errors import DatabaseDown
from shop.write_line import WriteLine

PATIENCE_S = 30.0


def waiting(line, count):
    """Wait until so many stand in the line."""
    soon, end = threading.Event(), time.monotonic() + PATIENCE_S
    while len(line._waiting) < count:
        assert time.monotonic() < end, f"fewer than {count} stand in the line"
        soon.wait(0.001)


def stand(line, name, done, first=False):
    def go():
        assert line.enter(PATIENCE_S, first)
        done.append(name)
        line.leave()

    thread = threading.Thread(target=go)
    thread.start()
    return thread


def test_who_came_first_writes_first_and_who_may_not_wait_goes_ahead():
    line, done = WriteLine(), []
    assert line.enter(PATIENCE_S)
    threads = []
    for at, name in enumerate("abc", 1):
        threads.append(stand(line, name, done))
        waiting(line, at)
    threads.append(stand(line, "ack", done, first=True))
    waiting(line, 4)
    line.leave()
    for one in threads:
        one.join(PATIENCE_S)
    assert done == ["ack", "a", "b", "c"]
    assert line.enter(0.0)  # and the line is free again


def test_who_gives_up_leaves_the_line_and_holds_nobody_up():
    line, done = WriteLine(), []
    assert line.enter(PATIENCE_S)
    assert not line.enter(0.0)
    other = stand(line, "b", done)
    waiting(line, 1)
    line.leave()
    other.join(PATIENCE_S)
    assert done == ["b"]


def test_a_writer_that_fails_frees_the_line(shop):
    with pytest.raises(KeyError), shop.database.change():
        raise KeyError("x")
    with shop.database.change(first=True):
        pass


def test_one_that_holds_the_line_for_ever_is_told_as_a_database_that_does_not_answer(shop):
    if not shop.database.is_sqlite:
        pytest.skip("PostgreSQL takes many writers at once")
    with shop.database.change():
        taken = shop.database._line.enter(0.0)
        assert not taken
    shop.database._line.enter(0.0)
    shop.database.busy_s = 0.0
    with pytest.raises(DatabaseDown), shop.database.change():
        pass
