"""Settings: one table, read strictly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shop.errors import BadSetting
from shop.settings import ROOT, Settings, load_settings


def read(tmp_path: Path, environ: dict[str, str] | None = None, env_file: str | None = None) -> Settings:
    path = tmp_path / ".env"
    if env_file is not None:
        path.write_text(env_file, encoding="utf-8")
    return load_settings(environ or {}, path)


def test_without_any_setting_the_defaults_hold(tmp_path: Path):
    assert read(tmp_path) == Settings()


def test_a_setting_of_the_environment_is_read_in_its_kind(tmp_path: Path):
    settings = read(
        tmp_path, {"XIAOER_WEB_PORT": "9000", "XIAOER_ACTION_TIMEOUT_S": "2.5", "XIAOER_DATA_DIR": "/srv/x"}
    )
    assert (settings.web_port, settings.action_timeout_s, settings.data_dir) == (9000, 2.5, Path("/srv/x"))


def test_a_setting_of_the_env_file_is_read(tmp_path: Path):
    assert read(tmp_path, env_file='XIAOER_SHOP_NAME="老王 茶铺" # 店名\n').shop_name == "老王 茶铺"


def test_the_environment_wins_over_the_env_file(tmp_path: Path):
    assert read(tmp_path, {"XIAOER_WEB_PORT": "1"}, "XIAOER_WEB_PORT=2\n").web_port == 1


def test_keys_of_other_programs_are_left_alone(tmp_path: Path):
    assert read(tmp_path, {"PATH": "/bin", "RASA_PORT": "x"}, "OTHER=1\n") == Settings()


def test_an_unknown_key_is_refused_with_the_one_that_was_meant(tmp_path: Path):
    with pytest.raises(BadSetting, match=r"XIAOER_WEBPORT=.* did you mean XIAOER_WEB_PORT\?"):
        read(tmp_path, {"XIAOER_WEBPORT": "1"})


def test_a_secret_under_a_mistyped_name_is_not_shown(tmp_path: Path):
    with pytest.raises(BadSetting, match="XIAOER_SECRET_KEY") as caught:
        read(tmp_path, {"XIAOER_SECRETKEY": "nobody may read this"})
    assert "nobody" not in str(caught.value)


def test_an_unknown_key_like_no_other_is_refused_without_a_guess(tmp_path: Path):
    with pytest.raises(BadSetting) as caught:
        read(tmp_path, {"XIAOER_QQQQQQQQQQQQQQQQ": "1"})
    assert "did you mean" not in str(caught.value)


def test_an_unknown_key_in_the_env_file_is_refused_too(tmp_path: Path):
    with pytest.raises(BadSetting, match="XIAOER_WEB_PROT"):
        read(tmp_path, env_file="XIAOER_WEB_PROT=1\n")


@pytest.mark.parametrize("value", ["eighty", "", "80.5"])
def test_a_value_of_the_wrong_kind_is_refused_with_an_example(tmp_path: Path, value: str):
    with pytest.raises(BadSetting, match=r"XIAOER_WEB_PORT=.*must be a int, like 8080"):
        read(tmp_path, {"XIAOER_WEB_PORT": value})


def test_the_database_is_a_file_in_the_data_folder_unless_an_address_is_given(tmp_path: Path):
    assert read(tmp_path, {"XIAOER_DATA_DIR": "/srv/x"}).database_address == "sqlite:////srv/x/shop.db"
    address = "postgresql://localhost/shop"
    assert read(tmp_path, {"XIAOER_DATABASE_URL": address}).database_address == address


def test_the_action_server_is_called_on_its_own_port_unless_an_address_is_given(tmp_path: Path):
    assert read(tmp_path, {"XIAOER_ACTION_PORT": "6000"}).action_address == "http://localhost:6000/webhook"
    assert read(tmp_path, {"XIAOER_ACTION_URL": "http://actions/webhook"}).action_address == "http://actions/webhook"


def test_origins_are_split_at_commas_and_default_to_this_machine(tmp_path: Path):
    assert read(tmp_path, {"XIAOER_ALLOWED_ORIGINS": "https://a.cn, https://b.cn,"}).origins == [
        "https://a.cn",
        "https://b.cn",
    ]
    assert read(tmp_path, {"XIAOER_WEB_PORT": "81"}).origins == ["http://127.0.0.1:81", "http://localhost:81"]


def test_a_mistyped_setting_stops_a_program_with_one_sentence(tmp_path: Path):
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.stop"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "XIAOER_WEB_PROT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.strip().splitlines() == [
        "XIAOER_WEB_PROT='…': there is no such setting; did you mean XIAOER_WEB_PORT?"
    ]
