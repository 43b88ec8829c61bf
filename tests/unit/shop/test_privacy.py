"""The secret key: made once, whole, and never taken for one when it is none."""

from __future__ import annotations

import threading

import pytest

from shop.errors import BadSetting
from shop.privacy import secret_key
from shop.settings import Settings


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    settings = Settings(data_dir=tmp_path / "new")
    made = secret_key(settings)
    assert len(made) == 64
    assert secret_key(settings) == made
    assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o077 == 0
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["secret.key"]


@pytest.mark.parametrize("left", ["", "\n", "0123456789"])
def test_a_file_that_a_crash_left_without_its_key_is_refused(tmp_path, left):
    (tmp_path / "secret.key").write_text(left)
    with pytest.raises(BadSetting, match="secret.key holds no key"):
        secret_key(Settings(data_dir=tmp_path))


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    begin, found = threading.Barrier(8), []

    def start():
        begin.wait()
        found.append(secret_key(Settings(data_dir=tmp_path)))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 8
    assert len(set(found)) == 1
