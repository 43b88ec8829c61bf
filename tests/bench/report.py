"""The table at the end of `make bench`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from tests.bench.bots import Bot
from tests.bench.load import Level


@dataclass(frozen=True)
class Row:
    """One figure of one bot."""

    what: str
    bot: str
    figure: str
    busy: str = ""


def rows_of(name: str, levels: list[Level]) -> list[Row]:
    """The figures of the load levels."""
    rows: list[Row] = []
    for level in levels:
        users, busy = f"{level.users} user{'s' * (level.users > 1)}", f"{level.busy:.1f}"
        rows += [
            Row(f"p50 at {users}", name, f"{level.p50:.1f} ms", busy),
            Row(f"p95 at {users}", name, f"{level.p95:.1f} ms", busy),
            Row(f"messages/s at {users}", name, f"{level.rate:.1f}", busy),
            Row(f"CPU a message at {users}", name, f"{sum(level.cpu_ms.values()):.1f} ms", busy),
            Row(
                f"wrong answers at {users}",
                name,
                f"{len(level.errors)} of {len(level.times_ms) + len(level.errors)}",
                busy,
            ),
        ]
    return rows


def memory_rows(name: str, bot: Bot) -> list[Row]:
    """The start and the resident memory after the load."""
    labels = {"rasa": "Rasa server", "actions": "action server", "web": "web server"}
    rows = [Row("start to ready, warm", name, f"{bot.ready_s:.1f} s")]
    return rows + [Row(f"{labels[part]}, resident", name, f"{size} MB") for part, size in bot.memory_mb().items()]


def print_table(rows: list[Row], wanted: dict[str, str]) -> None:
    """Ours and stock side by side; the load average of the machine before each level beside it."""
    names = list(dict.fromkeys(row.bot for row in rows))
    lines = [["", *[cell for name in names for cell in (name, "(load)")], "to reach"]]
    for what in dict.fromkeys(row.what for row in rows):
        found = {row.bot: row for row in rows if row.what == what}
        cells = [
            cell for name in names for cell in ((found[name].figure, found[name].busy) if name in found else ("", ""))
        ]
        lines.append([what, *cells, wanted.get(what, "")])
    widths = [max(_width(line[at]) for line in lines) for at in range(len(lines[0]))]
    print()
    for line in lines:
        print("  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths)).rstrip())
    print()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
