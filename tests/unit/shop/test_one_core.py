"""Small sums stay on the core that asks."""

from __future__ import annotations

import threading
from typing import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from shop.one_core import _libraries, one_core
from shop.vector_index import VectorIndex


def threads() -> set[int]:
    """What the BLAS of NumPy says of itself."""
    return {one["num_threads"] for one in threadpool_info() if "numpy" in one["filepath"]}


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    """Also where the machine has one core, or the environment allows one thread."""
    before = [one.asked() for one in _libraries()]
    for one in _libraries():
        one.say(3)
    yield
    for one, count in zip(_libraries(), before):
        one.say(count)


def test_the_blas_of_numpy_is_found():
    assert threads() == {3}


def test_blas_works_on_one_core_inside_and_as_before_after_it():
    with one_core:
        assert threads() == {1}
        with one_core:
            assert threads() == {1}
        assert threads() == {1}
    assert threads() == {3}


def test_an_error_inside_gives_the_threads_back():
    with pytest.raises(ZeroDivisionError), one_core:
        raise ZeroDivisionError
    assert threads() == {3}


def test_the_last_of_several_that_are_inside_at_once_gives_the_threads_back():
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_core:
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with one_core:
        thread.start()
        assert inside.wait(60)
    assert threads() == {1}
    leave.set()
    thread.join(60)
    assert threads() == {3}


def test_a_search_asks_one_core_alone():
    asked: list[set[int]] = []

    class Engine:
        def search(self, query: np.ndarray, count: int, params: object) -> tuple[np.ndarray, np.ndarray]:
            asked.append(threads())
            return query @ units.T, np.argsort(-(query @ units.T), axis=1)[:, :count]

    units = np.eye(50, dtype=np.float32)
    found = VectorIndex(np.arange(50), units, "flat", Engine()).search(units[7], 1)
    assert (found.ids.tolist(), asked, threads()) == ([7], [{1}], {3})
