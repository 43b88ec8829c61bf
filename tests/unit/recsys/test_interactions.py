"""Events become cells: weights add up, the last rating stands, bad numbers are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys.interactions import gather, read_csv
from recsys.splits import halves, split
from shop.errors import BadValue
from tests.unit.recsys.conftest import tasteful


def test_events_of_one_pair_become_one_cell():
    data = gather(
        np.array([1, 1, 2]), np.array([7, 7, 8]), np.array([1.0, 2.0, 5.0]), np.array([20.0, 10.0, 5.0]),
        np.array([np.nan, 3.0, 4.0]),
    )  # fmt: skip
    assert data.shape == (2, 2)
    assert data.matrix.toarray().tolist() == [[3.0, 0.0], [0.0, 5.0]]
    assert data.times.tolist() == [20.0, 5.0]
    assert data.ratings.tolist() == [3.0, 4.0]  # the later event had none: the last one that was given stands


def test_items_that_nobody_touched_keep_their_column():
    data = gather(np.array([1]), np.array([5]), np.ones(1), np.zeros(1), all_items=np.array([9, 5, 3]))
    assert data.shape == (1, 3)
    assert data.column_of[5] == data.columns[0]


@pytest.mark.parametrize("weight", [np.nan, 0.0, -1.0, np.inf])
def test_a_weight_that_is_no_number_above_zero_is_refused(weight: float):
    with pytest.raises(BadValue, match="above 0"):
        gather(np.array([1]), np.array([1]), np.array([weight]), np.zeros(1))


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(BadValue, match="lengths"):
        gather(np.array([1, 2]), np.array([1]), np.ones(1), np.zeros(1))


def test_an_item_outside_the_columns_is_refused():
    with pytest.raises(BadValue, match="not among"):
        gather(np.array([1]), np.array([4]), np.ones(1), np.zeros(1), all_items=np.array([1, 9]))


@pytest.mark.parametrize(
    "head", ["user_id,item_id,rating,timestamp", "user_id:token\titem_id:token\trating:float\ttimestamp:float"]
)
def test_csv_and_recboles_own_form_are_read(tmp_path: Path, head: str):
    mark = "\t" if "\t" in head else ","
    path = tmp_path / "x.csv"
    path.write_text("\n".join([head, mark.join(["u1", "i1", "4", "100"]), mark.join(["u2", "i1", "", "x"])]) + "\n")
    customers, items, ratings, times = read_csv(path)
    assert customers.tolist() == ["u1", "u2"]
    assert items.tolist() == ["i1", "i1"]
    assert ratings[0] == 4
    assert np.isnan(ratings[1])
    assert np.isnan(times[1])


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "user_id,item_id,rating,timestamp\n"])
def test_a_file_without_rows_or_columns_is_refused(tmp_path: Path, text: str):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(BadValue):
        read_csv(tmp_path / "x.csv")
    with pytest.raises(BadValue, match="CSV"):
        read_csv(tmp_path / "missing.csv")


@pytest.mark.parametrize("how", ["random", "temporal", "leave-one-out"])
def test_a_split_loses_and_doubles_nothing(how: str):
    data = tasteful(5)
    parts = split(data, how, seed=2)
    cells = [set(zip(part.rows.tolist(), part.columns.tolist())) for part in parts]
    assert sum(map(len, cells)) == len(data) == len(set().union(*cells))
    assert min(map(len, cells)) > 0


def test_each_split_hides_what_it_says():
    data = tasteful(5)
    random, temporal, last = (split(data, how) for how in ("random", "temporal", "leave-one-out"))
    shares = np.bincount(random.train.rows) / np.bincount(data.rows)
    assert 0.75 < shares.min() <= shares.max() < 0.85
    assert temporal.train.times.max() <= temporal.validation.times.min() <= temporal.test.times.min()
    assert np.bincount(last.test.rows).tolist() == [1] * data.shape[0]
    for row in range(5):
        assert last.test.times[last.test.rows == row][0] == data.times[data.rows == row].max()


def test_halves_follow_their_seed():
    data = tasteful(5)
    one, two = halves(data, 0.8, seed=1), halves(data, 0.8, seed=1)
    assert (one[0].rows == two[0].rows).all()
    assert abs(len(one[0]) / len(data) - 0.8) < 0.03
    with pytest.raises(BadValue, match="split"):
        split(data, "by luck")
