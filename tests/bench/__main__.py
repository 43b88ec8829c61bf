"""`make bench`: answers a second, memory, start and training, beside a stock Rasa bot; one table at the end.

``make bench ARGS="--peer"`` measures the bot of `rasa init` in the same run; ``--train`` and
``--setup`` add a training and a set-up from nothing (the latter takes minutes).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from shop.settings import ROOT, Settings, load_settings
from tests.bench import bots, foresight, load, timings
from tests.bench.report import Row, memory_rows, print_table, rows_of

WANTED = {
    "p50 at 1 user": "≤ 30 ms",
    "messages/s at 32 users": "≥ 60",
    "Rasa server, resident": "≤ 1024 MB",
    timings.HEARING.format(50): "≤ 12 ms",
    timings.HEARING.format(95): "≤ 25 ms",
    timings.ADDED: "≤ 250 MB",
    timings.JDDC60: "≥ 80 %",
    timings.GOLD: "≥ 78 %",
    **foresight.WANTED,
}


def main() -> int:
    """Measure and print; 1 when an answer was wrong."""
    options = _options()
    os.chdir(ROOT)
    settings = load_settings()
    logs = (settings.data_dir / "bench").absolute()
    logs.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    levels: dict[str, list[load.Level]] = {}
    if options.only != "stock":
        levels["ours"] = _load_ours(bots.our_settings(settings), options, logs, rows)
    if options.peer or options.only == "stock":
        levels["stock"] = _load_stock(options, logs, rows)
    for name, measured in levels.items():
        rows[:0] = rows_of(name, measured)
    if options.train:
        rows += timings.training()
    if options.setup:
        rows += timings.setup()
    if options.evaluate:
        rows += timings.evaluations(options.diet)
        rows += foresight.evaluations(bots.our_settings(settings))
    print_table(rows, WANTED)
    wrong = [
        f"{name}, {level.users} users: {one}" for name, some in levels.items() for level in some for one in level.errors
    ]
    print("".join(f"  wrong: {one}\n" for one in wrong[:10]), end="")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--users", type=int, nargs="+", default=list(load.LEVELS), help="customers at once, a level each"
    )
    parser.add_argument("--seconds", type=float, default=load.LEVEL_S, help="at most so long a level")
    parser.add_argument("--messages", type=int, default=load.LEVEL_MESSAGES, help="at most so many messages a level")
    parser.add_argument("--peer", action="store_true", help="measure the bot of `rasa init` too")
    parser.add_argument("--only", choices=("ours", "stock"), help="measure one of the two")
    parser.add_argument("--lines", action="store_true", help="print the time of each line of the script")
    parser.add_argument("--train", action="store_true", help="time a training from nothing")
    parser.add_argument("--setup", action="store_true", help="time `make setup` in a fresh clone")
    parser.add_argument(
        "--evaluate", action="store_true", help="add the figures of nlp.evaluate and of analytics (minutes)"
    )
    parser.add_argument("--diet", action="store_true", help="with --evaluate: train stock Rasa's DIET too (17 minutes)")
    return parser.parse_args()


def _load_ours(settings: Settings, options: argparse.Namespace, logs: Path, rows: list[Row]) -> list[load.Level]:
    bots.build_demo(settings)
    tokens = _tokens(settings, max(options.users))
    print("→ starting our bot", flush=True)
    return _load(bots.start_ours(settings, logs / "ours"), "ours", tokens, options, rows)


def _load_stock(options: argparse.Namespace, logs: Path, rows: list[Row]) -> list[load.Level]:
    project = bots.make_stock(logs, logs / "stock-init.log")
    print("→ starting the stock bot", flush=True)
    return _load(bots.start_stock(project, logs / "stock-run"), "stock", None, options, rows)


def _load(
    bot: bots.Bot, name: str, tokens: list[str] | None, options: argparse.Namespace, rows: list[Row]
) -> list[load.Level]:
    try:
        lines, levels = load.script(name), []
        asyncio.run(load.measure(bot.address, lines, 2, tokens, seconds=3, messages=40))  # warm-up
        for users in options.users:
            before = bot.cpu_s()
            level = asyncio.run(load.measure(bot.address, lines, users, tokens, options.seconds, options.messages))
            count = len(level.times_ms) + len(level.errors) + users  # the first of each customer is not timed
            level.cpu_ms = {part: (used - before[part]) * 1000 / count for part, used in bot.cpu_s().items()}
            print(
                f"  {name}: {users} users, {len(level.times_ms)} messages: p50 {level.p50:.1f} ms, "
                f"p95 {level.p95:.1f} ms, {level.rate:.1f}/s, {len(level.errors)} errors, load {level.busy:.1f}, "
                f"CPU a message: {', '.join(f'{part} {used:.1f} ms' for part, used in level.cpu_ms.items())}",
                flush=True,
            )
            if options.lines:
                for say, times in sorted(level.by_line.items()):
                    print(f"    {say}: {sorted(times)[len(times) // 2]:.1f} ms", flush=True)
            levels.append(level)
        rows += memory_rows(name, bot)
        return levels
    finally:
        bot.stop()


def _tokens(settings: Settings, count: int) -> list[str]:
    """Signed tokens of customers who have orders."""
    from sqlalchemy import select

    from shop.front import open_shop
    from shop.models import Order

    shop = open_shop(settings)
    with shop.database.read() as session:
        found = session.execute(select(Order.customer_id).distinct().order_by(Order.customer_id).limit(count)).scalars()
        return [shop.identity.issue_token(one) for one in found]


if __name__ == "__main__":
    sys.exit(main())
