"""The desk over a web server alone, without a bot: talks are made in the shop. For what happens in the page only."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from shop.front import Shop, open_shop
from shop.settings import Settings
from tests.builders import Builder
from tests.integration.browser import web_server
from web.app import create_app

PASSWORD = "a long password"
STAFF = (("mei", "agent"), ("qiang", "agent"), ("boss", "admin"))


class DeskAlone:
    """A shop with two agents (mei, qiang) and an admin (boss), and the address of its web server."""

    def __init__(self, shop: Shop, address: str) -> None:
        self.shop, self.address, self.build = shop, address, Builder(shop)
        self.staff = {login: shop.agents.add(login, login, PASSWORD, role=role) for login, role in STAFF}
        self._talks = 0

    def talk(self, *words: str, holder: str | None = None, customer: int | None = None) -> str:
        """A conversation with these words of the customer's; waiting, or with an agent. Its sender id."""
        self._talks += 1
        sender = f"talk-{self._talks}"
        for word in words:
            self.shop.messages.record_in(sender, "web", {"text": word})
        if customer is not None:
            self.shop.identity.claim(sender, customer, "web")
        view = self.shop.handoffs.request(sender, customer, "asked")
        if holder is not None:
            self.shop.handoffs.accept(view.id, holder, self.staff[holder].id)
        return sender


@contextmanager
def desk_server(folder: Path) -> Iterator[DeskAlone]:
    """Started, and stopped at the end."""
    settings = Settings(
        data_dir=folder, secret_key="a secret for tests only", service_hours="0:00-24:00", auto_assign=False
    )
    shop = open_shop(settings)
    shop.database.create_all()
    with web_server(create_app(shop)) as address:
        yield DeskAlone(shop, address)
    shop.database.dispose()
