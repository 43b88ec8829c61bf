"""Who may speak for whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from sqlalchemy import func, select

from shop.errors import BadToken, NotIdentified, ShopError, TooManyTries
from shop.models import Customer, VerifyTry


@pytest.fixture
def ann(shop, build):
    return build.add(Customer(code="ann", phone_sealed=shop.cipher.seal("13800001234")))


@pytest.fixture
def bob(shop, build):
    return build.add(Customer(code="bob", phone_sealed=shop.cipher.seal("13900005678")))


@pytest.fixture
def order(build, ann):
    return build.order(customer=ann)


def test_a_token_names_its_customer(shop, ann):
    assert shop.identity.read_token(shop.identity.issue_token(ann.id)) == ann.id


def test_an_expired_token_is_refused(shop, ann):
    with pytest.raises(BadToken):
        shop.identity.read_token(shop.identity.issue_token(ann.id, hours=-1))


@pytest.mark.parametrize("token", [None, 7, "", "a.b.c", "x" * 5000, ["list"], "令牌"])
def test_what_is_no_token_is_refused(shop, token):
    with pytest.raises(BadToken):
        shop.identity.read_token(token)


def test_a_token_signed_with_another_key_or_with_none_is_refused(shop, ann):
    claims = jwt.decode(shop.identity.issue_token(ann.id), options={"verify_signature": False})
    for forged in (
        jwt.encode(claims, "another key of thirty-two letters!", algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
    ):
        with pytest.raises(BadToken):
            shop.identity.read_token(forged)


def test_an_assertion_is_no_token_and_a_token_is_no_assertion(shop, ann):
    with pytest.raises(BadToken):
        shop.identity.read_token(shop.identity.issue_assertion("talk", ann.id))
    with pytest.raises(BadToken):
        shop.identity.read_assertion("talk", shop.identity.issue_token(ann.id))


def test_an_assertion_holds_for_its_own_conversation_only(shop, ann):
    assertion = shop.identity.issue_assertion("talk", ann.id)
    assert shop.identity.who("talk", assertion) == ann.id
    assert shop.identity.who("another", assertion) is None


def test_a_guest_is_nobody_even_with_a_forged_assertion(shop):
    assert shop.identity.who("talk", None) is None
    assert shop.identity.who("talk", "forged") is None


def test_the_right_order_and_phone_tail_link_a_conversation(shop, ann, order):
    assert shop.identity.prove("talk", f" {order.number} ", "1234") == ann.id
    assert shop.identity.who("talk") == ann.id
    assert shop.identity.who("another") is None


def test_a_link_ends_after_its_days(shop, ann, order, clock):
    shop.identity.prove("talk", order.number, "1234")
    clock.on(days=shop.settings.link_days, seconds=1)
    assert shop.identity.who("talk") is None


def test_unlinking_forgets_at_once(shop, ann):
    shop.identity.link("talk", ann.id, "shell")
    shop.identity.unlink("talk")
    assert shop.identity.who("talk") is None


def test_an_unknown_order_and_a_wrong_phone_read_the_same(shop, ann, bob, order):
    said = []
    for number, tail in ((order.number, "5678"), ("20990101000000", "1234"), (order.number, "一二三四"), ("", "")):
        with pytest.raises(NotIdentified) as error:
            shop.identity.prove(f"talk {number} {tail}", number, tail)
        said.append((str(error.value), error.value.facts))
    assert len({str(one) for one in said}) == 1


def test_wrong_tries_of_a_sender_are_limited_over_many_orders(shop, clock):
    for place in range(shop.settings.verify_tries):
        with pytest.raises(NotIdentified):
            shop.identity.prove("talk", f"no such order {place}", "1234")
    with pytest.raises(TooManyTries):
        shop.identity.prove("talk", "yet another", "1234")
    clock.on(hours=1, seconds=1)
    with pytest.raises(NotIdentified):
        shop.identity.prove("talk", "yet another", "1234")


def test_wrong_tries_for_an_order_are_limited_over_many_senders(shop, ann, order):
    for place in range(shop.settings.verify_tries):
        with pytest.raises(NotIdentified):
            shop.identity.prove(f"talk{place}", order.number, "0000")
    with pytest.raises(TooManyTries):
        shop.identity.prove("fresh", order.number, "1234")


def test_many_wrong_tries_at_once_do_not_pass_the_limit(shop, ann, order):
    def one(place: int) -> str:
        try:
            shop.identity.prove("talk", order.number, f"{place:04d}")
        except ShopError as error:
            return type(error).__name__
        return "found"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(one, range(24)))
    assert outcomes.count("NotIdentified") <= shop.settings.verify_tries
    assert "found" not in outcomes


def test_old_tries_are_swept_away(shop, clock):
    with pytest.raises(NotIdentified):
        shop.identity.prove("talk", "none", "1234")
    clock.on(hours=2)
    with pytest.raises(NotIdentified):
        shop.identity.prove("other", "none at all", "1234")
    with shop.database.read() as session:
        assert session.execute(select(func.count()).select_from(VerifyTry)).scalar() == 2


def test_an_erased_customer_is_not_identified(shop, build, ann, order, clock):
    with shop.database.change() as session:
        session.get(Customer, ann.id).erased_at = clock()
    with pytest.raises(NotIdentified):
        shop.identity.prove("talk", order.number, "1234")
    with pytest.raises(BadToken):
        shop.identity.claim("talk", ann.id, "web")


def test_the_first_token_owns_a_conversation_and_a_second_does_not(shop, ann, bob):
    assert shop.identity.claim("talk", ann.id, "web")
    assert shop.identity.claim("talk", ann.id, "web")
    assert not shop.identity.claim("talk", bob.id, "web")
    assert shop.identity.owner("talk") == ann.id


def test_a_session_comes_back_to_its_own_conversation_only(shop):
    session = shop.identity.sign_session("w-1")
    assert shop.identity.read_session(session) == "w-1"
    for forged in (
        "w-1",
        "w-1.",
        "\ud800.a",
        "a.\udcff",
        "w-2." + session.split(".")[1],
        None,
        5,
        "." + session.split(".")[1],
    ):
        with pytest.raises(BadToken):
            shop.identity.read_session(forged)
