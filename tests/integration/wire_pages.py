"""The page that a FakeWire serves: how to find its parts, and some cards to show."""

from __future__ import annotations

import time

from playwright.sync_api import Page

EVIL = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>"\'>&amp;'


def part(page: Page, place: str):
    return page.locator(f"xiaoer-chat {place}")


def field(page: Page):
    return part(page, ".writing textarea")


def wait_for(page: Page, found, within_ms: int = 60_000):
    end = time.monotonic() + within_ms / 1000
    while not (there := found()) and time.monotonic() < end:
        page.wait_for_timeout(50)
    return there


CARDS = [
    {"title": f"屿客 Note {n} 5G 手机", "price": "¥1299 起", "badge": "有货", "lines": ["大电池护眼直屏", "评分 4.8（231 条评价）"],
     "buttons": [{"title": "看详情", "payload": f"屿客 Note {n}"}]}
    for n in range(1, 6)
]  # fmt: skip
