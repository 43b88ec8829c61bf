"""Inbox, outbox, peers, shared values and link codes, on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shop.channel_views import Callback
from shop.errors import BadToken
from shop.link_codes import looks_like_code
from shop.models import ChannelInbox, ChannelOutbox, ChannelPeer, Customer
from tests.demo_shops import count_rows


def take(shop, channel, external_id, sender_id, body):
    """Keep one callback."""
    return shop.inbox.take([Callback(channel, external_id, sender_id, body, {"peer": "a"})])[0]


def test_a_callback_is_kept_once_and_finished_once_with_its_answers(shop):
    row = take(shop, "wechat", "m1", "wechat:a", {"text": "你好"})
    assert row is not None
    assert take(shop, "wechat", "m1", "wechat:a", {"text": "你好"}) is None
    assert take(shop, "wecom", "m1", "wecom:a", {"text": "你好"}) is not None
    assert shop.inbox.finish(row, [{"text": "您好"}])
    assert not shop.inbox.finish(row, [{"text": "您好"}])
    (posted,) = shop.outbox.waiting("wechat:a")
    assert posted.bodies == [{"text": "您好"}]


def test_a_batch_keeps_what_is_new_once_and_its_customers_are_heard_with_it(shop):
    def of(channel, name, customer, room=0):
        return Callback(channel, name, f"{channel}:{customer}", {"text": name}, {"peer": customer}, room, 60.0)

    (old,) = shop.inbox.take([of("wechat", "m0", "a", 5)])
    assert shop.peers.spend("wechat:a")
    shop.outbox.post("wechat", "wechat:a", [{"text": "held"}])
    shop.outbox.hold("wechat:a")
    batch = [of("wechat", "m1", "a", 5), of("wecom", "m1", "a"), of("wechat", "m0", "a", 5), of("wechat", "m1", "a", 5)]
    ids = shop.inbox.take([*batch, of("wechat", "m2", "b", 3)])
    assert [one is None for one in ids] == [False, False, True, True, False]
    assert len({old, *ids} - {None}) == 4
    assert [shop.peers.get(one).room for one in ("wechat:a", "wechat:b", "wecom:a")] == [5, 3, None]
    assert shop.peers.get("wechat:b").address == {"peer": "b"}
    assert shop.outbox.due("wechat") == ["wechat:a"]
    again = of("wechat", "m3", "a")
    assert [one is None for one in shop.inbox.take([again, again])] == [False, True]


def test_processes_that_take_the_same_callbacks_at_once_take_each_once(shop):
    def take_all(order):
        callbacks = [Callback("wechat", f"m{at}", f"wechat:{at % 7}", {}, {"peer": "p"}, 5, 60.0) for at in order]
        return [one for at in range(0, 40, 8) for one in shop.inbox.take(callbacks[at : at + 8])]

    orders = [list(range(40)), list(range(39, -1, -1)), [at * 7 % 40 for at in range(40)]]
    with ThreadPoolExecutor(3) as threads:
        taken = [one for found in threads.map(take_all, orders) for one in found if one is not None]
    assert len(taken) == len(set(taken)) == 40


def test_an_id_that_was_given_before_keeps_no_answer_back(shop, clock):
    first = take(shop, "wechat", "m1", "wechat:a", {})
    assert shop.inbox.finish(first, [{"text": "a"}])
    clock.on(days=3)
    assert shop.inbox.purge() == 1
    again = take(shop, "wechat", "m2", "wechat:a", {})  # SQLite gives the newest row's id again
    assert shop.inbox.finish(again, [{"text": "b"}])
    assert [one.bodies[0]["text"] for one in shop.outbox.waiting("wechat:a")] == ["a", "b"]


def test_an_answer_to_a_row_that_was_erased_goes_to_nobody_else(shop, clock):
    mine = take(shop, "wechat", "m1", "wechat:a", {})
    shop.erasure.talk("wechat:a")
    other = take(shop, "wechat", "m2", "wechat:b", {})
    if shop.database.is_sqlite:
        assert other.id == mine.id  # given again
    clock.on(seconds=80)
    shop.inbox.extend([mine])
    assert not shop.inbox.finish(mine, [{"text": "a's own"}])
    assert shop.outbox.waiting("wechat:b") == []
    clock.on(seconds=11)
    assert [one.kept for one in shop.inbox.left_behind("wechat")] == [other]  # the lease was not extended
    assert shop.inbox.finish(other, [{"text": "b's own"}])
    assert [one.bodies for one in shop.outbox.waiting("wechat:b")] == [[{"text": "b's own"}]]


def test_what_a_process_left_is_taken_up_when_its_lease_ends_and_given_up_in_the_end(shop, clock):
    row = take(shop, "wechat", "m1", "wechat:a", {"text": "你好"})
    assert shop.inbox.left_behind("wechat") == []
    for _ in range(4):
        clock.on(seconds=91)
        assert [one.kept for one in shop.inbox.left_behind("wechat")] == [row]
        assert shop.inbox.left_behind("wechat") == []
    clock.on(seconds=60)
    shop.inbox.extend([row])
    clock.on(seconds=60)
    assert shop.inbox.left_behind("wechat") == []
    clock.on(seconds=60)
    (worn,) = shop.inbox.left_behind("wechat")  # tried too often: its customer is told
    assert worn.worn
    assert shop.inbox.finish(row, [{"text": "sorry"}])
    clock.on(seconds=91)
    assert shop.inbox.left_behind("wechat") == []


def test_a_clock_that_was_set_back_holds_no_lease_for_ever(shop, clock):
    take(shop, "wechat", "m1", "wechat:a", {"text": "你好"})
    assert shop.peers.lease("wechat:a")
    assert shop.shared_values.lease("t", 10)
    clock.on(hours=-5)
    assert len(shop.inbox.left_behind("wechat")) == 1
    assert shop.peers.lease("wechat:a")
    assert not shop.peers.lease("wechat:a")
    assert shop.shared_values.lease("t", 10)
    assert not shop.shared_values.lease("t", 10)


def test_old_callbacks_and_sent_messages_are_forgotten(shop, clock):
    shop.inbox.finish(take(shop, "wechat", "m1", "wechat:a", {}), [{"text": "a"}])
    shop.outbox.progress({shop.outbox.waiting("wechat:a")[0].id: 1}, [shop.outbox.waiting("wechat:a")[0].id])
    clock.on(days=3)
    assert shop.inbox.purge() == 1
    assert shop.outbox.purge() == 0
    clock.on(days=5)
    assert shop.outbox.purge() == 1


def test_a_customers_messages_go_in_order_and_the_first_holds_the_others_back(shop, clock):
    first = shop.outbox.post("wechat", "wechat:a", [{"text": "1"}])
    shop.outbox.post("wechat", "wechat:a", [{"text": "2"}])
    shop.outbox.post("wechat", "wechat:b", [{"text": "3"}])
    assert shop.outbox.due("wechat") == ["wechat:a", "wechat:b"]
    shop.outbox.postpone(first, 10, "retry 500")
    assert shop.outbox.due("wechat") == ["wechat:b"]
    assert shop.outbox.waiting("wechat:a") == []
    clock.on(seconds=11)
    assert [one.bodies[0]["text"] for one in shop.outbox.waiting("wechat:a")] == ["1", "2"]
    assert shop.outbox.waiting("wechat:a")[0].tries == 1


def test_dead_letters_are_seen_and_can_be_sent_again(shop):
    row = shop.outbox.post("wechat", "wechat:a", [{"text": "1"}], "campaign", "k")
    assert shop.outbox.post("wechat", "wechat:a", [{"text": "1"}], "campaign", "k") is None
    shop.outbox.bury(row, "dead 40003")
    (letter,) = shop.outbox.dead_letters()
    assert (letter.id, letter.error, letter.bodies) == (row, "dead 40003", [{"text": "1"}])
    assert shop.outbox.counts() == {"wechat": {"dead": 1}}
    assert shop.outbox.revive(row)
    assert not shop.outbox.revive(row)
    assert shop.outbox.due("wechat") == ["wechat:a"]


def test_held_messages_go_when_the_customer_writes_again(shop):
    shop.outbox.post("wechat", "wechat:a", [{"text": "1"}])
    shop.outbox.hold("wechat:a")
    assert shop.outbox.due("wechat") == []
    take(shop, "wechat", "m1", "wechat:a", {"text": "2"})
    assert shop.outbox.due("wechat") == ["wechat:a"]


def test_what_waited_too_long_becomes_a_dead_letter(shop, clock):
    for origin in ("bot", "agent"):
        shop.outbox.post("wechat", "wechat:a", [{"text": origin}], origin)
    shop.outbox.hold("wechat:a")
    clock.on(days=2, seconds=1)
    shop.outbox.purge()
    assert [one.origin for one in shop.outbox.dead_letters()] == ["bot"]
    clock.on(days=5)
    shop.outbox.purge()
    assert [(one.origin, one.error) for one in shop.outbox.dead_letters()] == [
        ("agent", "waited too long"), ("bot", "waited too long"),
    ]  # fmt: skip
    take(shop, "wechat", "m1", "wechat:a", {"text": "2"})
    assert shop.outbox.due("wechat") == []


def test_a_customer_who_writes_at_the_last_moment_is_not_held_back(shop, clock):
    def wrote(name):
        shop.inbox.take([Callback("wechat", name, "wechat:a", {}, {"peer": "a"}, 1, 1000.0)])

    wrote("m1")
    seen = shop.peers.get("wechat:a")
    shop.outbox.post("wechat", "wechat:a", [{"text": "1"}])
    assert shop.peers.spend("wechat:a")
    clock.on(seconds=1)
    wrote("m2")  # between the sender's look, which found no room, and its decision to hold
    shop.peers.close_window("wechat:a", seen.heard_at)
    assert not shop.outbox.hold("wechat:a")
    assert shop.outbox.due("wechat") == ["wechat:a"]
    shop.peers.close_window("wechat:a", shop.peers.get("wechat:a").heard_at)
    assert shop.outbox.hold("wechat:a")
    assert shop.outbox.due("wechat") == []


def test_a_window_is_counted_and_a_smaller_one_does_not_shrink_it(shop, clock):
    heard, get = shop.peers.heard, shop.peers.get
    heard("wechat:a", "wechat", {"peer": "a"}, 5, 1000)
    assert [shop.peers.spend("wechat:a") for _ in range(2)] == [True, True]
    assert get("wechat:a").room == 3
    heard("wechat:a", "wechat", {"peer": "a"}, 3, 60)
    assert get("wechat:a").room == 3
    assert shop.peers.spend("wechat:a")
    heard("wechat:a", "wechat", {"peer": "a"}, 3, 60)  # more room than was left
    assert get("wechat:a").room == 3
    assert [shop.peers.spend("wechat:a") for _ in range(4)] == [True, True, True, False]
    heard("wechat:a", "wechat", {"peer": "a"}, 5, 1000)
    shop.peers.give_back("wechat:a")
    clock.on(seconds=1001)
    assert get("wechat:a").room == 0
    assert not shop.peers.spend("wechat:a")


def test_a_platform_without_a_limit_takes_any_number(shop):
    shop.peers.heard("slack:a", "slack", {"peer": "a"})
    assert shop.peers.get("slack:a").room is None
    assert all(shop.peers.spend("slack:a") for _ in range(20))
    assert shop.peers.get("slack:nobody") is None


def test_numbers_mean_what_was_offered_last(shop):
    shop.peers.heard("slack:a", "slack", {"peer": "a"})
    shop.peers.offer("slack:a", {"1": "x"}, True)
    shop.peers.offer("slack:a", {"2": {"rate": 1, "stars": 2}}, False)
    assert [shop.peers.choice("slack:a", one) for one in "123"] == ["x", {"rate": 1, "stars": 2}, None]
    shop.peers.offer("slack:a", {}, True)
    assert shop.peers.choice("slack:a", "1") is None


def test_one_process_at_a_time_writes_to_a_customer(shop, clock):
    shop.peers.heard("slack:a", "slack", {"peer": "a"})
    assert shop.peers.lease("slack:a")
    assert not shop.peers.lease("slack:a")
    shop.peers.free("slack:a")
    assert shop.peers.lease("slack:a")
    clock.on(seconds=61)
    assert shop.peers.lease("slack:a")


def test_shared_values_expire_and_are_renewed_by_one(shop, clock):
    values = shop.shared_values
    assert values.get("t") is None
    assert values.lease("t", 10)
    assert not values.lease("t", 10)
    values.put("t", "secret", 100)
    assert values.get("t") == "secret"
    assert values.lease("t", 10)
    clock.on(seconds=101)
    assert values.get("t") is None
    values.put("t", "for ever")
    clock.on(days=1000)
    assert values.get("t") == "for ever"


def test_a_used_code_is_no_new_one_with_other_spare_bits_in_its_last_letter(shop, build):
    ann = build.add(Customer(code="ann"))
    code = shop.link_codes.issue(ann.id)
    assert shop.link_codes.redeem(code, "wechat:a", "wechat") == ann.id
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        with pytest.raises(BadToken):
            shop.link_codes.redeem(code[:-1] + last, "wechat:b", "wechat")


def test_a_link_code_works_once_for_minutes_and_nobody_can_make_one(shop, build, clock):
    ann = build.add(Customer(code="ann"))
    code = shop.link_codes.issue(ann.id)
    assert looks_like_code(code)
    assert len(code) <= 64 - len("qrscene_")
    assert shop.link_codes.redeem(code, "wechat:a", "wechat") == ann.id
    assert shop.identity.who("wechat:a") == ann.id
    assert shop.link_codes.redeem(code, "wechat:a", "wechat") == ann.id  # a callback that is taken up again
    for bad in (code, code[:-1] + ("A" if code[-1] != "A" else "B"), "L1" + "A" * 27, "", "L1é" + "A" * 26):
        with pytest.raises(BadToken):
            shop.link_codes.redeem(bad, "wechat:b", "wechat")
    late = shop.link_codes.issue(ann.id)
    clock.on(minutes=16)
    with pytest.raises(BadToken):
        shop.link_codes.redeem(late, "wechat:b", "wechat")
    assert shop.identity.who("wechat:b") is None


def test_a_link_code_of_a_customer_who_was_erased_is_none(shop, build):
    ann = build.add(Customer(code="ann"))
    code = shop.link_codes.issue(ann.id)
    shop.erasure.customer(ann.id)
    with pytest.raises(BadToken):
        shop.link_codes.redeem(code, "wechat:a", "wechat")
    with pytest.raises(BadToken):
        shop.link_codes.issue(ann.id)
    assert shop.identity.who("wechat:a") is None


def test_erasing_a_conversation_leaves_nothing(shop):
    take(shop, "slack", "m", "slack:a", {})
    shop.outbox.post("slack", "slack:a", [{"text": "1"}])
    shop.peers.heard("slack:a", "slack", {"peer": "a"})
    tables = [ChannelInbox, ChannelOutbox, ChannelPeer]
    assert [count_rows(shop, one) for one in tables] == [1, 1, 1]
    shop.erasure.talk("slack:a")
    assert [count_rows(shop, one) for one in tables] == [0, 0, 0]
