"""The servers' environment carries every setting, and the endpoints that hold under them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from honcho.environ import parse_procfile
from rasa.core.lock_store import LockStore, RedisLockStore
from rasa.utils.endpoints import read_endpoint_config

from deploy.environment import child_environment, endpoints_file
from shop.settings import ROOT, Settings, load_settings


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.yml"
    path.write_text("action_endpoint:\n  url: http://localhost:5055/webhook\n  enable_selective_domain: true\n")
    return path


def test_the_endpoints_file_is_taken_as_it_is_while_it_is_right(tmp_path: Path, source: Path):
    assert endpoints_file(Settings(data_dir=tmp_path), source) == source


def test_another_action_port_changes_only_the_address(tmp_path: Path, source: Path):
    changed = endpoints_file(Settings(data_dir=tmp_path / "data", action_port=6055), source)
    assert changed != source
    assert yaml.safe_load(changed.read_text()) == {
        "action_endpoint": {"url": "http://localhost:6055/webhook", "enable_selective_domain": True}
    }


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("redis://cache", {"host": "cache", "port": 6379, "db": 0, "username": None, "password": None}),
        (
            "redis://ann:p%40ss@10.0.0.5:6380/3",
            {"host": "10.0.0.5", "port": 6380, "db": 3, "username": "ann", "password": "p@ss"},
        ),
    ],
)
def test_with_redis_rasa_keeps_its_locks_there(tmp_path: Path, source: Path, address: str, wanted: dict[str, object]):
    made = endpoints_file(Settings(data_dir=tmp_path / "data", redis_url=address), source)
    assert made.stat().st_mode & 0o077 == 0
    store = LockStore.create(read_endpoint_config(str(made), "lock_store"))
    assert isinstance(store, RedisLockStore)
    told = store.red.connection_pool.connection_kwargs
    assert {name: told.get(name) for name in wanted} == wanted


def test_the_environment_of_the_servers_gives_back_the_same_settings(tmp_path: Path):
    settings = Settings(data_dir=tmp_path, web_port=9001, shop_name="老王 茶铺", action_timeout_s=2.5)
    assert load_settings(child_environment(settings), env_file=None) == settings


def test_the_servers_tell_nothing_to_anyone_outside(tmp_path: Path):
    environment = child_environment(Settings(data_dir=tmp_path))
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"
    assert environment["PYTHONPATH"] == str(ROOT)


def test_the_action_server_is_open_to_this_machine_alone_unless_rasa_stands_elsewhere(tmp_path: Path):
    public = Settings(data_dir=tmp_path, bind_host="0.0.0.0")
    assert child_environment(public)["SANIC_HOST"] == "127.0.0.1"
    apart = Settings(data_dir=tmp_path, bind_host="0.0.0.0", action_url="http://actions:5055/webhook")
    assert child_environment(apart)["SANIC_HOST"] == "0.0.0.0"


def test_the_procfile_starts_rasa_from_a_folder_with_a_blank_in_its_name(tmp_path: Path):
    command = parse_procfile((ROOT / "Procfile").read_text()).processes["rasa"]
    start, words = "exec python -m bot", command.partition("exec python -m bot")[2]
    assert command.startswith(start)
    told = subprocess.run(
        f"printf '%s\\n'{words}",
        shell=True,
        env={"XIAOER_ENDPOINTS": "/my shop/endpoints.yml"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines()[:3] == ["run", "--endpoints", "/my shop/endpoints.yml"]
