"""`make simulate CHANNEL=wechat`: a messenger in this terminal, without an account of the platform.

A Rasa server of its own runs beside the bot that `make run` started: same shop,
same model, same action server; only the platform is simulated. Type what a
customer types. Lines that begin with a dash are what a platform or a person does
besides:

    -press TITLE     press an option        -picture FILE   send a picture
    -follow [CODE]   follow, with a code    -again          deliver the last line once more
    -expire          end the access token   -fault [N]      the next N API calls get HTTP 500
    -quit            leave (or Ctrl-D)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from deploy.environment import child_environment
from deploy.ports import answers, servers
from shop.errors import ShopError
from shop.settings import ROOT, load_settings
from tests.fakes.platform import FakePlatform, Sent
from tests.fakes.registry import FAKES
from tests.servers import free_port

CUSTOMER = "10086"
READY_WITHIN_S = 300.0
QUIET_S, PATIENCE_S = 1.2, 25.0


def main(channel: str) -> int:
    """Run the simulation; the exit code."""
    os.chdir(ROOT)
    if channel not in FAKES:
        print(f"There is no channel {channel!r}: take one of {', '.join(FAKES)}.", file=sys.stderr)
        return 2
    try:
        settings = load_settings()
    except ShopError as error:
        print(error, file=sys.stderr)
        return 2
    actions = next(one for one in servers(settings) if one.name == "actions")
    if not answers("127.0.0.1", actions):
        print("No action server answers: start the bot with `make run` in another terminal.", file=sys.stderr)
        return 1
    path, make = FAKES[channel]
    with make() as fake, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        credentials = Path(folder) / "credentials.yml"
        credentials.write_text(yaml.safe_dump({path: fake.credentials()}), encoding="utf-8")
        command = ["-m", "bot", "run", "--credentials", credentials, "--interface", "127.0.0.1", "--port", port]
        environment = child_environment(settings)
        command += ["--endpoints", environment["XIAOER_ENDPOINTS"]]
        with open(Path(folder) / "rasa.log", "wb") as log:
            rasa = subprocess.Popen(
                [sys.executable, *map(str, command)], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            fake.callback = f"http://127.0.0.1:{port}/webhooks/{channel}/callback"
            print(f"→ starting a Rasa server for the simulated {channel}…", flush=True)
            if not _ready(rasa, port, channel):
                print((Path(folder) / "rasa.log").read_text(errors="replace")[-2000:], file=sys.stderr)
                return 1
            print((__doc__ or "").split("\n\n", 2)[2])
            talk(fake)
        finally:
            rasa.terminate()
            rasa.wait(timeout=20)
    return 0


def _ready(rasa: subprocess.Popen[bytes], port: int, channel: str) -> bool:
    import urllib.request

    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and rasa.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/webhooks/{channel}/", timeout=2).close()
            return True
        except OSError:
            time.sleep(0.3)
    return False


def talk(fake: Any) -> None:
    """Read lines and show what comes back."""
    last: list[Any] = []
    shown = 0
    while True:
        try:
            line = input("> ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if line in ("-quit", "-q"):
            return
        word, _, rest = line.partition(" ")
        try:
            delivery = _do(fake, word, rest, line, last)
        except (AssertionError, OSError) as error:
            print(f"  {error}")
            continue
        if delivery is None:
            continue
        print(f"  (acknowledged with {delivery.status} after {delivery.seconds * 1000:.0f} ms)")
        shown = _show(fake, shown, QUIET_S if word == "-again" else PATIENCE_S)  # nothing new comes of a redelivery


def _do(fake: Any, word: str, rest: str, line: str, last: list[Any]) -> Any:
    if word == "-expire":
        fake.expire_tokens()
        return None
    if word == "-fault":
        fake.faults += [500] * int(rest or 1)
        return None
    if word == "-again":
        return last[-1]() if last else None
    deed = {
        "-press": lambda: fake.press(CUSTOMER, rest),
        "-picture": lambda: fake.show(CUSTOMER, Path(rest).read_bytes()),
        "-follow": lambda: fake.follow(CUSTOMER, rest),
    }.get(word)
    if deed is not None:
        return deed()
    if not line:
        return None
    deliver, made = FakePlatform.deliver, []

    def again() -> Any:
        return fake.run(deliver(fake, *made[-1]))

    async def remembered(*what: Any) -> Any:  # what was delivered, to be delivered once more
        made.append(what)
        return await deliver(fake, *what)

    fake.deliver = remembered
    try:
        done = fake.say(CUSTOMER, line)
    finally:
        del fake.deliver
    last[:] = [again]
    return done


def _show(fake: Any, shown: int, patience_s: float) -> int:
    """Print what the customer gets, until nothing has come for a while."""
    began = quiet = time.monotonic()
    while time.monotonic() - began < patience_s:
        sent: list[Sent] = fake.to(CUSTOMER)
        for one in sent[shown:]:
            print("  " + one.text.replace("\n", "\n  ") + "\n")
            quiet = time.monotonic()
        if len(sent) > shown:
            shown = len(sent)
        elif shown and time.monotonic() - quiet > QUIET_S and quiet > began:
            break
        time.sleep(0.05)
    return shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "wechat"))
