"""Training happens when a source of the model changed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.train import MODEL, fingerprint, is_trained, train


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("config.yml", "bot/domain/chat.yml", "nlp/tokens.py", "data/nlu/chat.yml", "data/faq/faq.yml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    return tmp_path


def trained(project: Path) -> None:
    (project / "models").mkdir(exist_ok=True)
    (project / "models" / f"{MODEL}.tar.gz").write_bytes(b"model")
    (project / "models" / f"{MODEL}.sources").write_text(fingerprint(project))


def test_a_model_of_the_same_sources_is_kept(project: Path, capsys: pytest.CaptureFixture[str]):
    trained(project)
    assert train(project) == 0
    assert "up to date" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["config.yml", "bot/domain/chat.yml", "nlp/tokens.py", "data/nlu/chat.yml"])
def test_a_changed_source_asks_for_training(project: Path, name: str):
    trained(project)
    (project / name).write_text("2")
    assert not is_trained(project)


def test_a_new_or_a_removed_source_asks_for_training(project: Path):
    trained(project)
    (project / "data/nlu/new.yml").write_text("1")
    assert not is_trained(project)
    trained(project)
    (project / "data/nlu/chat.yml").unlink()
    assert not is_trained(project)


def test_an_answer_of_the_shop_does_not_ask_for_training(project: Path):
    trained(project)
    (project / "data/faq/faq.yml").write_text("2")
    assert is_trained(project)


def test_compiled_python_does_not_ask_for_training(project: Path):
    trained(project)
    (project / "nlp/__pycache__").mkdir()
    (project / "nlp/__pycache__/tokens.pyc").write_bytes(b"1")
    assert is_trained(project)


def test_a_missing_model_asks_for_training_even_if_its_stamp_is_there(project: Path):
    trained(project)
    (project / "models" / f"{MODEL}.tar.gz").unlink()
    assert not is_trained(project)
