"""Callbacks are kept in batches, and none of a batch depends on another."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.channels.arrival import Arrival
from bot.channels.keeper import Keeper
from shop.errors import DatabaseDown


def callback(name, peer="ann"):
    return Arrival(peer=peer, external_id=name, text="hello").callback("wechat")


class Store:
    """Takes callbacks as the inbox does; the first batch waits until it may go on."""

    def __init__(self):
        self.batches, self.go_on, self.refused = [], threading.Event(), {}

    def take(self, callbacks):
        names = [one.external_id for one in callbacks]
        self.batches.append(names)
        assert self.go_on.wait(30)
        for name in names:
            if name in self.refused:
                raise self.refused[name]
        return [int(name) for name in names]


async def test_what_comes_while_one_batch_is_kept_goes_into_the_next_together():
    store = Store()
    keeper = Keeper(store.take)
    tasks = [asyncio.create_task(keeper.keep([callback(str(at))])) for at in range(5)]
    await asyncio.sleep(0)
    store.go_on.set()
    assert await asyncio.gather(*tasks) == [[0], [1], [2], [3], [4]]
    assert store.batches == [["0"], ["1", "2", "3", "4"]]
    assert await keeper.keep([]) == []
    assert await keeper.keep([callback("7"), callback("8")]) == [7, 8]


async def test_one_that_cannot_be_stored_takes_no_other_with_it():
    store = Store()
    store.refused["2"] = ValueError("no text")
    keeper = Keeper(store.take)
    tasks = [asyncio.create_task(keeper.keep([callback(str(at))])) for at in (1, 2, 3)]
    await asyncio.sleep(0)
    store.go_on.set()
    first, second, third = await asyncio.gather(*tasks, return_exceptions=True)
    assert (first, third) == ([1], [3])
    assert isinstance(second, ValueError)


async def test_without_a_database_nothing_is_acknowledged_and_the_next_ones_are_tried_again():
    store = Store()
    store.go_on.set()
    store.refused["1"] = DatabaseDown("down")
    keeper = Keeper(store.take)
    with pytest.raises(DatabaseDown):
        await keeper.keep([callback("1")])
    assert await keeper.keep([callback("2")]) == [2]


async def test_a_platform_that_hangs_up_takes_no_other_callback_with_it():
    store = Store()
    keeper = Keeper(store.take)
    tasks = [asyncio.create_task(keeper.keep([callback(str(at))])) for at in (1, 2, 3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    store.go_on.set()
    assert (await tasks[0], await tasks[2]) == ([1], [3])


def test_a_long_id_is_kept_by_its_hash_and_stays_itself():
    long = [Arrival(peer="ann", external_id="x" * 150 + end).id for end in "ab"]
    assert max(map(len, long)) <= 100
    assert len(set(long)) == 2
    assert Arrival(peer="ann", external_id="x" * 100).id == "x" * 100
