"""Nearest vectors: exact scores, filters that starve nobody, files that are whole or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shop.errors import BadIndex, BadValue
from shop.vector_index import GROWS_UP_TO, build_index, load_index

KINDS = ["flat", "hnsw", "ivfpq"]


def cloud(count: int = 3000, dimensions: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((20, dimensions))
    vectors = centres[rng.integers(0, 20, count)] + 0.4 * rng.standard_normal((count, dimensions))
    return np.arange(count, dtype=np.int64) * 3 + 10, vectors.astype(np.float32)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def exact(ids: np.ndarray, vectors: np.ndarray, query: np.ndarray, count: int) -> list[int]:
    return ids[np.argsort(-(vectors @ query), kind="stable")[:count]].tolist()


def test_an_index_finds_what_comparing_all_finds(kind: str):
    ids, vectors = cloud()
    index = build_index(ids, vectors, kind)
    hits = 0
    for query in cloud(20, seed=5)[1]:
        found = index.search(query, 10)
        hits += len(set(found.ids.tolist()) & set(exact(ids, vectors, query, 10)))
        assert np.allclose(found.scores, index.vectors(found.ids) @ query, atol=1e-4)
        assert (np.diff(found.scores) <= 0).all()
    assert hits >= 0.97 * 200


def test_long_vectors_that_lie_close_together_are_told_apart():
    rng = np.random.default_rng(9)
    centres = rng.standard_normal((6, 256))
    vectors, queries = (
        (centres[rng.integers(0, 6, count)] + 0.6 * rng.standard_normal((count, 256))).astype(np.float32)
        for count in (12_000, 40)
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index, ids = build_index(np.arange(len(vectors)), vectors, "ivfpq"), np.arange(len(vectors))
    hits = sum(len(np.intersect1d(index.search(one, 10).ids, exact(ids, vectors, one, 10))) for one in queries)
    assert hits >= 0.88 * 400  # 0.84 with a byte for eight numbers


def test_a_filter_starves_nobody(kind: str):
    ids, vectors = cloud(22_000, 4)
    index = build_index(ids, vectors, kind)
    for share in (0.001, 0.2, 0.95):  # the last is searched by the engine, the others one by one
        allowed = ids[: int(share * len(ids))]
        found = index.search(vectors[-1], 12, allowed)
        assert len(found.ids) == min(12, len(allowed))
        assert np.isin(found.ids, allowed).all()


def test_what_is_added_is_found_and_what_is_removed_is_not(kind: str):
    ids, vectors = cloud()
    index = build_index(ids, vectors, kind)
    index.add(np.array([1]), 9 * vectors[:1])
    assert index.search(vectors[0], 1).ids.tolist() == [1]
    assert index.remove(np.array([1, 2])) == 1
    assert 1 not in index.search(vectors[0], 50).ids
    assert len(index) == len(ids)
    index.add(ids[:1], -9 * vectors[:1])  # the same id once more: the new vector counts
    assert len(index) == len(ids)
    assert index.search(-vectors[0], 1).ids.tolist() == [ids[0]]
    assert np.allclose(index.vectors(ids[:1]), -9 * vectors[:1])


def test_a_stored_index_answers_as_before(kind: str, tmp_path: Path):
    ids, vectors = cloud()
    index = build_index(ids, vectors, kind)
    index.remove(ids[:5])
    index.save(tmp_path / "index")
    again = load_index(tmp_path / "index")
    assert (again.kind, len(again)) == (kind, len(ids) - 5)
    for query in vectors[:5]:
        assert again.search(query, 5).ids.tolist() == exact(ids[5:], vectors[5:], query, 5)


def test_a_stored_index_takes_additions_and_removals_and_is_stored_with_them(kind: str, tmp_path: Path):
    ids, vectors = cloud(800)
    build_index(ids, vectors, kind).save(tmp_path / "index")
    index = load_index(tmp_path / "index")
    index.add(np.array([1, 2]), np.stack([9 * vectors[0], 8 * vectors[0]]))
    index.remove(ids[:2])
    index.save(tmp_path / "again")
    for one in (index, load_index(tmp_path / "again")):
        assert len(one) == len(ids)
        assert one.search(vectors[0], 2).ids.tolist() == [1, 2]
        assert not np.isin(ids[:2], one.search(vectors[1], len(ids)).ids).any()
        assert np.allclose(one.vectors(np.array([2, ids[5], 1])), [8 * vectors[0], vectors[5], 9 * vectors[0]])


def test_more_additions_than_are_compared_one_by_one_make_a_new_engine():
    ids, vectors = cloud(GROWS_UP_TO + 3000, 4)
    grown = build_index(ids[:1000], vectors[:1000], "flat")
    for start in range(1000, len(ids), 11_000):
        grown.add(ids[start : start + 11_000], vectors[start : start + 11_000])
    for query in vectors[:10]:
        assert grown.search(query, 10).ids.tolist() == exact(ids, vectors, query, 10)
    assert len(grown) == len(ids)


def test_after_many_removals_as_many_come_as_are_left(kind: str):
    ids, vectors = cloud()
    index = build_index(ids, vectors, kind)
    index.remove(ids[7:])
    assert set(index.search(vectors[0], 10).ids.tolist()) == set(ids[:7].tolist())


def test_a_half_written_index_is_refused(kind: str, tmp_path: Path):
    ids, vectors = cloud()
    build_index(ids, vectors, kind).save(tmp_path)
    for name in [one.name for one in tmp_path.iterdir()]:
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BadIndex, match="build it again"):
            load_index(tmp_path)
        (tmp_path / name).write_bytes(whole)
    (tmp_path / "index.json").write_text((tmp_path / "index.json").read_text().replace('"format": 2', '"format": 99'))
    with pytest.raises(BadIndex, match="format 99"):
        load_index(tmp_path)


def test_the_kind_follows_the_size():
    ids, vectors = cloud(25_000, 4)
    assert build_index(ids[:100], vectors[:100]).kind == "flat"
    assert build_index(ids, vectors).kind == "hnsw"


@pytest.mark.parametrize("query", [np.zeros(3), np.full(16, np.nan), np.full(16, np.inf)])
def test_a_query_of_another_length_or_without_numbers_is_refused(query: np.ndarray):
    with pytest.raises(BadValue, match="finite"):
        build_index(*cloud(50)).search(query, 1)


def test_bad_vectors_are_refused():
    ids, vectors = cloud(50)
    with pytest.raises(BadValue, match="twice"):
        build_index(np.zeros(50), vectors)
    with pytest.raises(BadValue, match="one vector an id"):
        build_index(ids[:3], vectors)
    with pytest.raises(BadValue, match="not finite"):
        build_index(ids, np.where(np.arange(50)[:, None] == 3, np.nan, vectors))
    with pytest.raises(BadValue, match="kind"):
        build_index(ids, vectors, "clever")
    with pytest.raises(BadValue, match="give 16"):
        build_index(ids, vectors).add(np.array([1]), np.ones((1, 3)))
