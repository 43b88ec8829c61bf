"""Nothing of a person is left after the erasure, in no table, whatever the column."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from PIL import Image
from sqlalchemy import select

from shop import models
from shop.errors import BadToken, NotFound, WrongState
from shop.states import OrderState
from shop.trackers import Chunk
from tests.remains import rows_with

PHONE = "13987654321"
WORDS = f"请打 {PHONE} 找欧阳小敏"
SENDER, GUEST = "wechat:o-person", "w-guest"
NOT_OF_CUSTOMERS = {
    "supplier": "the shop's own contacts",
    "unanswered": "masked before it is kept, without a sender",
    "channel_value": "tokens of the platforms",
    "agent_audit": "what agents did; subjects are ids of the shop's",
}
"""Tables with sealed text or a customer's id that hold nothing of a customer's, and why."""


@pytest.fixture
def person(shop, build):
    """A customer whose phone stands in every table that can hold words of a person, and in two conversations."""
    product = build.product(stock=9)
    customer = build.customer("欧阳小敏", PHONE)
    order = build.order(customer, product.skus[0], state=OrderState.DELIVERED, ago=timedelta(days=1))
    seal = shop.cipher.seal
    now = shop.clock()
    for sender in (SENDER, GUEST):
        first, _ = shop.messages.record_in(sender, "wechat", {"text": WORDS}, "m1")
        shop.messages.record_out(sender, {"text": WORDS}, first)
    shop.identity.claim(SENDER, customer.id, "wechat")
    shop.identity.link(GUEST, customer.id, "web")
    ann = shop.agents.add("ann", "ann", "long enough")
    view = shop.handoffs.request(SENDER, customer.id, "asked")
    shop.handoffs.accept(view.id, ann.name, ann.id)
    shop.desk.speak(SENDER, ann, {"text": WORDS}, "c1")
    shop.desk.note(SENDER, ann.id, WORDS)
    shop.handoffs.close(view.id)
    shop.handoffs.rate(SENDER, view.id, 3, WORDS)
    shop.handoffs.request(GUEST, customer.id, "asked")  # still waits
    shop.tickets.leave(SENDER, customer.id, WORDS, PHONE)
    ticket = shop.tickets.all("open")[0]
    shop.tickets.settle(ticket["id"], ann.id, WORDS)
    shop.outbox.post("wechat", SENDER, [{"text": WORDS}], key="k")
    shop.signals.send(SENDER, "typing", {"name": WORDS})
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(picture, "PNG")
    upload = shop.uploads.put(SENDER, picture.getvalue())
    case = shop.aftersale.open(
        customer.id, order.number, "return", "quality", description=WORDS, proofs=[upload.id], key=f"{SENDER}:m1:case"
    )
    with shop.database.change() as session:
        kept = session.execute(select(models.AfterSaleCase).where(models.AfterSaleCase.number == case.number)).scalar()
        kept.wanted_spec = WORDS
        row = session.get(models.Order, order.id)
        row.receiver_sealed = shop.cipher.seal_json({"name": "欧阳小敏", "phone": PHONE, "street": WORDS})
        row.note_sealed, row.deliver_on = seal(WORDS), PHONE
        session.get(models.Customer, customer.id).email_sealed = seal(f"{PHONE}@example.com")
        session.add_all([
            models.Address(customer_id=customer.id, name_sealed=seal(WORDS), phone_sealed=seal(PHONE), province="x",
                           city="y", street_sealed=seal(WORDS)),
            models.OrderChange(order_id=order.id, kind="note", detail_sealed=seal(WORDS)),
            models.Invoice(order_id=order.id, kind="personal", title_sealed=seal(WORDS), email_sealed=seal(PHONE),
                           tax_number_sealed=seal(PHONE), amount_fen=1, url=f"https://x/{PHONE}"),
            models.Review(product_id=product.id, customer_id=customer.id, stars=1, text=WORDS, at=now),
            models.BehaviourEvent(customer_id=customer.id, kind="search", query=WORDS, at=now),
            models.TrackerChunk(sender_id=SENDER, events=1, body_sealed=seal(WORDS)),
            models.ChannelInbox(channel="wechat", external_id="e1", sender_id=SENDER, body_sealed=seal(WORDS)),
            models.ChannelPeer(sender_id=SENDER, channel="wechat", address_sealed=seal(PHONE),
                               choices_sealed=seal(WORDS)),
            models.Impression(list_id="l", customer_id=customer.id, product_id=product.id, place="chat", position=1,
                              propensity=1.0, variant="v", version="1", reason="r"),
            models.WorkAccount(customer_id=customer.id, agent_id=ann.id),
            models.VerifyTry(subject=f"sender:{GUEST}"),
        ])  # fmt: skip
    return customer


def test_the_test_knows_every_table_that_can_hold_words_of_a_person(shop, person):
    """A new table with sealed text, a sender or a customer must be planted above, or named with its reason."""
    able = {
        table.name
        for table in models.Base.metadata.sorted_tables
        if any(one.name.endswith("_sealed") or one.name in ("sender_id", "customer_id") for one in table.c)
    }
    assert able - set(NOT_OF_CUSTOMERS) - {"customer_coupon"} <= rows_with(
        shop, PHONE, SENDER, GUEST, f'"customer_id": {person.id}'
    )


def test_after_an_erasure_no_table_holds_the_person_and_no_file_their_picture(shop, person):
    (file,) = (shop.settings.data_dir / "uploads").rglob("*.jpg")
    assert shop.erasure.customer(person.id) == 2
    assert rows_with(shop, PHONE, "欧阳小敏", SENDER, GUEST) == set()
    assert rows_with(shop, shop.cipher.fingerprint(PHONE)) == set()
    assert not file.exists()
    with pytest.raises(NotFound):
        shop.customers.facts(person.id)
    with pytest.raises(NotFound):
        shop.erasure.customer(person.id)


def test_what_the_books_need_stays_without_the_person(shop, person):
    shop.erasure.customer(person.id)
    with shop.database.read() as session:
        order = session.execute(select(models.Order)).scalar()
        handoffs = session.execute(select(models.Handoff).order_by(models.Handoff.id)).scalars().all()
        assert order.total_fen > 0
        assert session.execute(select(models.Invoice.amount_fen)).scalar() == 1
        assert [one.state for one in handoffs] == ["closed", "closed"]
        assert (handoffs[0].rating, handoffs[1].close_reason) == (3, "erased")
        assert session.execute(select(models.Impression.customer_id)).scalars().all() == [None]


def test_others_keep_what_is_theirs(shop, person, build):
    other = build.customer("别人", "13711112222")
    shop.messages.record_in("other", "web", {"text": "13711112222"})
    shop.identity.claim("other", other.id, "web")
    shop.handoffs.request("other", other.id, "asked")
    before = rows_with(shop, "13711112222")
    shop.erasure.customer(person.id)
    assert rows_with(shop, "13711112222") == before
    assert shop.handoffs.speaker("other") == "waiting"


def test_a_conversation_that_is_anothers_now_loses_only_what_was_the_persons(shop, person, build):
    other = build.customer("别人", "13711112222")
    shop.messages.record_in("shared", "web", {"text": "13711112222"})
    shop.identity.link("shared", person.id, "web")
    view = shop.handoffs.request("shared", person.id, "asked")
    shop.handoffs.close(view.id)
    shop.tickets.leave("shared", person.id, WORDS, PHONE)
    shop.identity.link("shared", other.id, "web")
    theirs = shop.handoffs.request("shared", other.id, "asked")
    assert shop.erasure.customer(person.id) == 3
    assert len(shop.messages.history("shared")) >= 1
    assert shop.identity.who("shared") == other.id
    assert shop.handoffs.get(theirs.id).customer_id == other.id
    assert shop.handoffs.get(view.id).sender_id == f"erased-{view.id}"
    assert rows_with(shop, PHONE) == set()


def test_a_proof_of_anothers_case_stays_with_its_picture(shop, person, build):
    other = build.customer("别人", "13711112222")
    order = build.order(other, build.product(stock=9).skus[0], state=OrderState.DELIVERED, ago=timedelta(days=1))
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "blue").save(picture, "PNG")
    upload = shop.uploads.put(SENDER, picture.getvalue())
    shop.aftersale.open(other.id, order.number, "return", "quality", proofs=[upload.id], key="other:case")
    shop.erasure.customer(person.id)
    with shop.database.read() as session:
        assert session.execute(select(models.CaseProof.upload_id)).scalars().all() == [upload.id]
    assert len(list((shop.settings.data_dir / "uploads").rglob("*.jpg"))) == 1
    assert rows_with(shop, SENDER) == set()


def test_no_link_code_and_no_value_of_an_agents_inbox_names_the_person_any_more(shop, person):
    code = shop.link_codes.issue(person.id)
    shop.link_codes.redeem(code, SENDER, "wechat")
    handoff = shop.handoffs.request(SENDER, person.id, "asked")
    mark = shop.cipher.fingerprint(f"inbox:{SENDER}")[:32]
    shop.shared_values.put(f"inbox:{handoff.id}", "there")
    shop.shared_values.put(f"inbox:contact:{mark}", "contact")
    shop.shared_values.put("inbox:contact:another", "contact")
    shop.erasure.customer(person.id)
    assert shop.shared_values.names("inbox:") == ["contact:another"]
    assert "idempotency_key" not in rows_with(shop, SENDER)


def test_who_was_erased_is_linked_to_nothing(shop, person):
    shop.erasure.customer(person.id)
    for attach in (shop.identity.link, shop.identity.claim):
        with pytest.raises(BadToken):
            attach("new", person.id, "web")
    assert shop.identity.who("new") is None


def test_a_picture_whose_file_cannot_be_deleted_now_is_deleted_by_the_next_purge(shop, person):
    (file,) = (shop.settings.data_dir / "uploads").rglob("*.jpg")
    kept = file.read_bytes()
    file.unlink()
    file.mkdir()  # no file: can't be unlinked
    shop.erasure.customer(person.id)
    assert rows_with(shop, SENDER) == set()
    file.rmdir()
    file.write_bytes(kept)
    assert shop.uploads.purge() == 1
    assert not file.exists()


def test_orders_under_way_are_settled_first_unless_told_otherwise(shop, person, build):
    product = build.product()
    build.order(person, product.skus[0], state=OrderState.PAID)
    with pytest.raises(WrongState) as caught:
        shop.erasure.customer(person.id)
    assert caught.value.facts["count"] == 1
    shop.erasure.customer(person.id, open_orders=True)
    assert rows_with(shop, PHONE) == set()


def test_a_guests_conversation_is_forgotten_alone(shop, person):
    shop.erasure.talk(GUEST)
    assert shop.messages.history(GUEST) == []
    assert shop.messages.history(SENDER)
    assert shop.customers.facts(person.id)


def test_what_a_turn_under_way_says_does_not_come_back_after_the_erasure(shop):
    """The answers, the tracker and the erasure at one moment: whichever comes first, nothing is left."""
    with ThreadPoolExecutor(3) as threads:
        for place in range(40):
            sender = f"w-{place}"
            asked, _ = shop.messages.record_in(sender, "web", {"text": WORDS})
            works = (
                partial(shop.messages.record_answers, sender, [{"text": WORDS}], asked, unless_agent=True),
                partial(shop.trackers.append, sender, [Chunk(True, None, [{"text": WORDS}])], 0, asked),
                partial(shop.erasure.talk, sender),
            )
            start = threading.Barrier(len(works))
            running = [threads.submit(_together, start, work) for work in works]
            assert [one.exception(60) for one in running] == [None] * 3, place
            assert rows_with(shop, sender, WORDS) == set(), place


def _together(start, work):
    start.wait(60)
    return work()
