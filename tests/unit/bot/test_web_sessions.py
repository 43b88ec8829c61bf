"""Which conversation a browser may see."""

from __future__ import annotations

import pytest

from bot.channels.web_sessions import after_id, may_see, open_session
from shop.errors import BadToken
from shop.models import Customer


@pytest.fixture
def ann(build):
    return build.add(Customer(code="ann"))


@pytest.fixture
def bob(build):
    return build.add(Customer(code="bob"))


def test_a_browser_comes_back_to_its_conversation(shop):
    first = open_session(shop, None, None)
    assert open_session(shop, first.proof, None).sender_id == first.sender_id
    assert may_see(shop, first.proof, None) == first.sender_id


@pytest.mark.parametrize("proof", ["w-1", "w-1.abc", 5, {}, "x" * 1000])
def test_a_made_up_session_gets_a_fresh_conversation(shop, proof):
    assert open_session(shop, proof, None).sender_id not in str(proof)
    with pytest.raises(BadToken):
        may_see(shop, proof, None)


def test_a_guest_who_logs_in_keeps_the_conversation(shop, ann):
    guest = open_session(shop, None, None)
    known = open_session(shop, guest.proof, shop.identity.issue_token(ann.id))
    assert (known.sender_id, known.token) == (guest.sender_id, "ok")


def test_who_logs_in_after_another_guest_has_proved_who_they_are_gets_a_conversation_of_their_own(shop, ann, bob):
    guest = open_session(shop, None, None)
    shop.identity.link(guest.sender_id, bob.id, "web")
    assert open_session(shop, guest.proof, shop.identity.issue_token(ann.id)).sender_id != guest.sender_id
    assert open_session(shop, guest.proof, shop.identity.issue_token(bob.id)).sender_id == guest.sender_id


def test_who_logs_out_or_changes_leaves_the_customers_conversation(shop, ann, bob):
    mine = open_session(shop, None, shop.identity.issue_token(ann.id))
    for token in (None, shop.identity.issue_token(bob.id), shop.identity.issue_token(ann.id, hours=-1)):
        assert open_session(shop, mine.proof, token).sender_id != mine.sender_id
        with pytest.raises(BadToken):
            may_see(shop, mine.proof, token)
    assert open_session(shop, mine.proof, shop.identity.issue_token(ann.id)).sender_id == mine.sender_id


def test_a_bad_token_is_told(shop):
    assert open_session(shop, None, "forged").token == "bad"
    assert open_session(shop, None, shop.identity.issue_token(999)).token == "bad"
    assert open_session(shop, None, None).token == "none"


def test_a_session_says_who_speaks(shop):
    opened = open_session(shop, None, None)
    assert opened.speaker == "bot"
    shop.handoffs.request(opened.sender_id, None, "asked")
    assert open_session(shop, opened.proof, None).speaker == "waiting"


@pytest.mark.parametrize(
    ("raw", "read"), [(7, 7), (0, 0), (-1, 0), (2**31, 0), (10**30, 0), (True, 0), ("7", 0), (None, 0)]
)
def test_a_history_is_asked_for_after_a_message_that_can_be(shop, raw, read):
    assert after_id(raw) == read
    assert shop.messages.history("nobody", after_id(raw)) == []
