"""A person is forgotten: the one place that knows everywhere where somebody's words and data stand.

    python -m shop.erasure customer ID [--open-orders]     a customer with all their conversations
    python -m shop.erasure talk SENDER                     one conversation of a guest

What the shop must keep for its books stays without a person: orders with goods,
sums, province and city; invoices without name and address; handoffs without words.
"""

from __future__ import annotations

import argparse
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any, Sequence

from sqlalchemy import delete, or_, select, update

from shop import models
from shop.errors import NotFound, ShopError, WrongState
from shop.handoff_rows import lock_talk
from shop.signals import signal
from shop.states import HandoffState, OrderState

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)
OPEN_ORDERS = (OrderState.PENDING_PAYMENT.value, OrderState.PAID.value, OrderState.SHIPPED.value)
NOBODY = "-"
_TALK_TABLES = (
    models.TrackerChunk,
    models.DeskNote,
    models.TalkSignal,
    models.ChannelOutbox,
    models.ChannelPeer,
)
"""Tables whose rows of a conversation are deleted whole."""


class Erasure:
    """Forgets people."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def customer(self, customer_id: int, open_orders: bool = False) -> int:
        """Forget a customer with all their conversations; returns how many these were.

        Args:
            customer_id: Whom.
            open_orders: Forget them although orders are under way, which then nobody can deliver.

        Raises:
            NotFound: there is no such customer (any more).
            WrongState: orders are under way; ``facts["count"]`` says how many.
        """
        with self._shop.database.change() as session:
            held = _hold(session, _senders(session, customer_id), set())
            row = session.get(models.Customer, customer_id, with_for_update=True)
            if row is None or row.erased_at is not None:
                raise NotFound("there is no such customer", customer_id=customer_id)
            under_way = select(models.Order.id).where(
                models.Order.customer_id == customer_id, models.Order.state.in_(OPEN_ORDERS)
            )
            count = len(session.execute(under_way).all())
            if count and not open_orders:
                raise WrongState(f"{count} orders are under way; settle them first", count=count)
            senders = _senders(session, customer_id)  # nobody links or claims one more while the row is held
            _hold(session, senders, held)
            others = _of_others(session, senders, customer_id)
            self._announce(session)
            mine = [one for one in senders if one not in others]
            _callbacks(session, mine)
            _pictures(session, self._shop.clock(), mine, [customer_id], everywhere=True)
            self._talks(session, mine)
            self._part(session, others, customer_id)
            self._books(session, customer_id)
            self._account(session, row)
        self._purge_files()
        log.info("a customer was erased with %d conversations", len(senders))
        return len(senders)

    def talk(self, sender_id: str) -> None:
        """Forget one conversation: its words, pictures, notes, and where to reach it."""
        with self._shop.database.change() as session:
            _hold(session, [sender_id], set())
            self._announce(session)
            _callbacks(session, [sender_id])
            talk = models.Conversation
            query = select(talk.owner_id, talk.linked_id).where(talk.sender_id == sender_id)
            known = session.execute(query).first() or ()
            _pictures(session, self._shop.clock(), [sender_id], [one for one in known if one is not None])
            self._talks(session, [sender_id])
        self._purge_files()

    def _announce(self, session: Any) -> None:
        """Let open desks look again at what they show; nothing tells who it was.

        Written before signals are deleted: SQLite gives the id of a deleted newest row again, and no feed would see it.
        """
        signal(self._shop, session, NOBODY, "erased")

    def _talks(self, session: Any, senders: Sequence[str]) -> None:
        """Delete conversations whole."""
        message, keys = models.Message, models.IdempotencyKey
        for sender in senders:
            mine = select(message.id).where(message.sender_id == sender)
            _run(session, update(message).where(message.reply_to.in_(mine)).values(reply_to=None))
            _run(session, delete(message).where(message.sender_id == sender))
            for table in _TALK_TABLES:
                _run(session, delete(table).where(table.sender_id == sender))
            _run(session, delete(models.VerifyTry).where(models.VerifyTry.subject == f"sender:{sender}"))
            _run(session, delete(keys).where(keys.key.contains(f":{sender}:", autoescape=True)))
            codes = update(keys).where(keys.operation == "link", keys.result == {"sender": sender})
            _run(session, codes.values(result={"sender": NOBODY}))  # the row stays: a code that was used is not free
            mark = self._shop.cipher.fingerprint(f"inbox:{sender}")[:32]
            _run(session, delete(models.ChannelValue).where(models.ChannelValue.key == f"inbox:contact:{mark}"))
        _run(session, delete(models.Ticket).where(models.Ticket.sender_id.in_(senders)))
        self._blank(session, models.Handoff.sender_id.in_(senders))
        _run(session, delete(models.Conversation).where(models.Conversation.sender_id.in_(senders)))

    def _part(self, session: Any, senders: Sequence[str], customer_id: int) -> None:
        """Conversations that are somebody else's now: only the customer's own handoffs and tickets go."""
        talk, ticket, handoff = models.Conversation, models.Ticket, models.Handoff
        link = update(talk).where(talk.sender_id.in_(senders), talk.linked_id == customer_id)
        _run(session, link.values(linked_id=None, linked_until=None))
        _run(session, delete(ticket).where(ticket.sender_id.in_(senders), ticket.customer_id == customer_id))
        self._blank(session, handoff.sender_id.in_(senders) & (handoff.customer_id == customer_id))

    def _blank(self, session: Any, which: Any) -> None:
        """Handoffs stay for the figures, without words and without whose they were."""
        for row in session.execute(select(models.Handoff).where(which)).scalars().all():
            if row.state != HandoffState.CLOSED.value:
                row.state, row.closed_at, row.close_reason = HandoffState.CLOSED.value, self._shop.clock(), "erased"
            row.sender_id, row.customer_id = f"erased-{row.id}", None
            row.comment_sealed = row.summary = None
            _run(session, delete(models.ChannelValue).where(models.ChannelValue.key == f"inbox:{row.id}"))

    def _books(self, session: Any, customer_id: int) -> None:
        """Orders, invoices and cases stay without a person."""
        cipher = self._shop.cipher
        orders = select(models.Order.id).where(models.Order.customer_id == customer_id)
        cases = select(models.AfterSaleCase.id).where(models.AfterSaleCase.customer_id == customer_id)
        nobody = cipher.seal_json({"name": NOBODY, "phone": "", "street": ""})
        change, invoice, case = models.OrderChange, models.Invoice, models.AfterSaleCase
        blank = {"receiver_sealed": nobody, "note_sealed": None, "deliver_on": None, "district": ""}
        _run(session, update(models.Order).where(models.Order.customer_id == customer_id).values(**blank))
        _run(session, update(change).where(change.order_id.in_(orders)).values(detail_sealed=None))
        blank = {"title_sealed": cipher.seal(NOBODY), "tax_number_sealed": None, "email_sealed": None, "url": None}
        _run(session, update(invoice).where(invoice.order_id.in_(orders)).values(**blank))
        blank = {"description_sealed": None, "wanted_spec": None}
        _run(session, update(case).where(case.customer_id == customer_id).values(**blank))
        _run(session, delete(models.CaseProof).where(models.CaseProof.case_id.in_(cases)))

    def _account(self, session: Any, row: Any) -> None:
        """The account itself, addresses, behaviour and lists that were shown."""
        review = models.Review  # its stars and mood stay with the product
        _run(session, update(review).where(review.customer_id == row.id).values(customer_id=None, text=""))
        for table in (models.Address, models.BehaviourEvent, models.CustomerCoupon, models.WorkAccount):
            _run(session, delete(table).where(table.customer_id == row.id))
        shown = models.Impression
        _run(session, update(shown).where(shown.customer_id == row.id).values(customer_id=None))
        row.name_sealed = row.phone_sealed = row.email_sealed = row.phone_hash = None
        row.consent = row.marketing = False
        row.erased_at = self._shop.clock()

    def _purge_files(self) -> None:
        """Delete the pictures whose rows the transaction let run out; what fails here, housekeeping does."""
        try:
            self._shop.uploads.purge()
        except ShopError as error:
            log.warning("erased pictures wait for the next purge: %s", type(error).__name__)


def _run(session: Any, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))


def _hold(session: Any, senders: Sequence[str], held: set[str]) -> set[str]:
    """Lock conversations in one order, before any customer's row, as every change of one does."""
    for sender in sorted(set(senders) - held):
        lock_talk(session, sender)
    return held | set(senders)


def _callbacks(session: Any, senders: Sequence[str]) -> None:
    """Forget what stands in line: from now on no turn of it writes, and one that just does has ended.

    Before all else: a conversation at its first message has no row yet that could be held.
    """
    _run(session, delete(models.ChannelInbox).where(models.ChannelInbox.sender_id.in_(senders)))


def _of_others(session: Any, senders: Sequence[str], customer_id: int) -> list[str]:
    """Those of the conversations that are, or are also, another customer's by now."""
    talk = models.Conversation
    others = or_(talk.owner_id != customer_id, talk.linked_id != customer_id)  # NULL is nobody
    query = select(talk.sender_id).where(talk.sender_id.in_(senders), others)
    return sorted(session.execute(query).scalars())


def _pictures(
    session: Any, now: datetime, senders: Sequence[str], customers: Sequence[int], everywhere: bool = False
) -> None:
    """Let pictures run out, so that ``Uploads.purge`` deletes file and row: a crash leaves no file without a row.

    Args:
        session: The transaction.
        now: The moment from which they are past their days.
        senders: Whose pictures.
        customers: Whose cases lose these proofs; others keep theirs with its picture. Empty: nobody is known, all do.
        everywhere: Also what proves the customers' cases from other conversations.
    """
    upload, proof, case = models.Upload, models.CaseProof, models.AfterSaleCase
    ids = set(session.execute(select(upload.id).where(upload.sender_id.in_(senders))).scalars())
    cases = select(case.id).where(case.customer_id.in_(customers))
    if everywhere:
        ids |= set(session.execute(select(proof.upload_id).where(proof.case_id.in_(cases))).scalars())
    for one in sorted(ids):
        gone = delete(proof).where(proof.upload_id == one)
        _run(session, gone.where(proof.case_id.in_(cases)) if customers else gone)
        _run(session, update(upload).where(upload.id == one).values(sender_id=NOBODY))
        kept = select(proof.upload_id).where(proof.upload_id == one)
        _run(session, update(upload).where(upload.id == one, upload.id.not_in(kept)).values(expires_at=now))


def _senders(session: Any, customer_id: int) -> list[str]:
    """Every conversation of a customer: opened by their token, linked by a proof, or known by a handoff or ticket."""
    talk = models.Conversation
    found = set(
        session.execute(
            select(talk.sender_id).where(or_(talk.owner_id == customer_id, talk.linked_id == customer_id))
        ).scalars()
    )
    for table in (models.Handoff, models.Ticket):
        found |= set(session.execute(select(table.sender_id).where(table.customer_id == customer_id)).scalars())
    return sorted(found)


def main(arguments: list[str] | None = None) -> int:
    """See the module's text."""
    from shop.front import open_shop

    parser = argparse.ArgumentParser(prog="python -m shop.erasure", description=__doc__)
    parser.add_argument("what", choices=("customer", "talk"))
    parser.add_argument("who")
    parser.add_argument("--open-orders", action="store_true", help="although orders are under way")
    asked = parser.parse_args(arguments)
    shop = open_shop()
    try:
        if asked.what == "talk":
            shop.erasure.talk(asked.who)
        else:
            shop.erasure.customer(int(asked.who), asked.open_orders)
    except (ShopError, ValueError) as error:
        raise SystemExit(str(error)) from error
    print("erased")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
