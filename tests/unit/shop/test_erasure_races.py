"""A turn that still runs while its talk is erased: whichever comes first, nothing of the person is left."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest
from PIL import Image

from shop.channel_views import Callback
from shop.errors import Erased, NotIdentified, ShopError
from shop.states import OrderState
from tests.remains import everything, rows_with

PHONE = "13987654321"
WORDS = f"请打 {PHONE} 找欧阳小敏"
ROUNDS = 12


@pytest.fixture
def picture():
    target = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(target, "PNG")
    return target.getvalue()


@pytest.fixture
def together():
    """Runs works at one moment, and fails where one fails in a way that is none of the shop's."""
    with ThreadPoolExecutor(8) as threads:

        def run(*works):
            start = threading.Barrier(len(works))
            running = [threads.submit(_started, start, work) for work in works]
            for one in running:
                one.result(60)

        yield run


def _started(start, work):
    start.wait(60)
    with suppress(ShopError):
        work()


def during(shop, sender, message, work):
    """As an action does it: in the turn of a kept message."""
    with shop.messages.while_kept(sender, message):
        work()


def turn(shop, build, sender, sku):
    """A customer in the turn of a message: (customer, what actions may write in it)."""
    customer = build.customer("欧阳小敏", PHONE)
    paid, done = (build.order(customer, sku, state=state) for state in (OrderState.PAID, OrderState.DELIVERED))
    message, _ = shop.messages.record_in(sender, "wechat", {"text": WORDS}, "m1")
    shop.identity.link(sender, customer.id, "wechat")
    key = f"{sender}:{message}:x"
    writes = (
        partial(shop.handoffs.request, sender, customer.id, "asked"),
        partial(shop.aftersale.open, customer.id, done.number, "return", "quality", description=WORDS, key=key),
        partial(shop.orders.add_note, customer.id, paid.number, WORDS, key=key),
        partial(shop.identity.prove, sender, done.number, "0000"),
        partial(shop.tickets.leave, sender, customer.id, WORDS, PHONE),
    )  # fmt: skip
    return customer, [partial(during, shop, sender, message, one) for one in writes]


def test_each_of_these_actions_writes_where_nobody_is_erased(shop, build):
    """Else the races below would be won by doing nothing."""
    _, writes = turn(shop, build, "wechat:o-1", build.product(stock=9).skus[0])
    for work in writes:
        before = everything(shop)
        with suppress(NotIdentified):  # wrong digits: the try is kept
            work()
        assert everything(shop) != before, work


def test_whatever_an_action_writes_while_the_customer_is_erased_is_not_left(shop, build, together):
    product = build.product(stock=9 * ROUNDS)
    for place in range(ROUNDS):
        sender = f"wechat:o-{place}"
        customer, writes = turn(shop, build, sender, product.skus[0])
        together(*writes, partial(shop.erasure.customer, customer.id, open_orders=True))
        assert rows_with(shop, sender, PHONE, "欧阳小敏") == set(), place


def test_a_callback_of_a_talk_that_is_erased_leaves_neither_words_nor_picture(shop, picture, together):
    """The first message of all: there is no conversation yet that an erasure could hold."""
    for place in range(ROUNDS):
        sender = f"wechat:o-{place}"
        callback = Callback("wechat", f"m{place}", sender, {"text": WORDS}, {"peer": sender})
        (kept,) = shop.inbox.take([callback])

        def answer(sender=sender, kept=kept, place=place):
            with shop.inbox.while_kept(kept):
                upload = shop.uploads.put(sender, picture)
                shop.messages.record_in(sender, "wechat", {"text": WORDS, "attachments": [upload.id]}, f"m{place}")
            shop.inbox.finish(kept, [{"text": WORDS}])

        together(answer, partial(shop.erasure.talk, sender))
        assert rows_with(shop, sender, WORDS) == set(), place
    shop.uploads.purge()
    assert list((shop.settings.data_dir / "uploads").rglob("*.jpg")) == []


def test_who_is_erased_takes_their_name_off_what_comes_without_a_message(shop, build, together):
    """A message left at the widget, a person who takes a talk: nobody knows any more whose it was."""
    for place in range(ROUNDS):
        sender, customer = f"w-{place}", build.customer("欧阳小敏", PHONE)
        shop.messages.record_in(sender, "web", {"text": "1"})
        together(
            partial(shop.handoffs.request, sender, customer.id, "asked"),
            partial(shop.erasure.customer, customer.id),
        )
        found = shop.handoffs.current(sender)
        assert found is None or found.customer_id is None, place


def test_after_the_erasure_a_turn_is_told_so_at_its_first_change(shop, build):
    customer = build.customer()
    message, _ = shop.messages.record_in("w-1", "web", {"text": WORDS})
    shop.erasure.talk("w-1")
    with shop.messages.while_kept("w-1", message), pytest.raises(Erased):
        shop.handoffs.request("w-1", customer.id, "asked")
    assert shop.handoffs.request("w-1", customer.id, "asked").new  # and what comes anew is no turn of it
