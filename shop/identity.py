"""Who may speak for whom: signed tokens, internal assertions, proven links.

Three ways lead from a conversation to a customer:

* the shop's page hands its widget a **token** (signed, with an expiry);
* the gate turns a checked token into an **assertion** for the conversation, which
  travels in each message's metadata, so that no client can forge it; both are
  read once and remembered until they expire, for every message brings them again;
* a customer without a token proves an order number and the last four digits of
  their phone, which **links** the conversation for some days.

An order that does not exist, one that is somebody else's and a wrong phone
read the same, cost the same work and count alike. So does an order of a work
account: what stands on a parcel's label must not open the whole shop's figures,
so such an account speaks by token or by a channel's own link only.
"""

from __future__ import annotations

import hmac
import re
import time
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jwt
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from shop.errors import BadToken, NotIdentified, TooManyTries
from shop.models import Conversation, Customer, Order, VerifyTry, WorkAccount

if TYPE_CHECKING:
    from shop.front import Shop

TOKEN_AUDIENCE = "xiaoer-customer"
ASSERTION_AUDIENCE = "xiaoer-assertion"
ASSERTION_LIFE = timedelta(hours=1)  # at most; it is made anew each half of that
TRY_WINDOW = timedelta(hours=1)
_ALGORITHM = "HS256"


class Identity:
    """Issues and reads proofs of identity; see the module's docstring."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._settings = shop.settings
        self._cipher = shop.cipher
        self._now = shop.clock

    def issue_token(self, customer_id: int, hours: float | None = None) -> str:
        """A token that the shop's page gives to its widget; valid ``hours`` (default: the setting)."""
        life = timedelta(hours=self._settings.token_hours if hours is None else hours)
        return self._sign({"aud": TOKEN_AUDIENCE, "sub": str(customer_id)}, life)

    def read_token(self, token: Any) -> int:
        """The customer that a token speaks for.

        Raises:
            BadToken: it is no token, forged, expired, or for something else.
        """
        return int(self._read(token, TOKEN_AUDIENCE)["sub"])

    def issue_assertion(self, sender_id: str, customer_id: int) -> str:
        """An internal statement that a message of this conversation speaks for this customer."""
        half = ASSERTION_LIFE.total_seconds() / 2
        return _assertion(sender_id, customer_id, int((time.time() // half) * half), self._cipher.token_key)

    def read_assertion(self, sender_id: str, assertion: Any) -> int:
        """The customer that an assertion names.

        Raises:
            BadToken: it is forged, expired, or for another conversation.
        """
        claims = self._read(assertion, ASSERTION_AUDIENCE)
        if not hmac.compare_digest(str(claims.get("snd", "")).encode(), sender_id.encode()):
            raise BadToken("the assertion belongs to another conversation; send the message through the gate")
        return int(claims["sub"])

    def sign_session(self, sender_id: str) -> str:
        """What a browser shows to come back to its conversation: the id and proof that we made it."""
        return f"{sender_id}.{self._cipher.fingerprint(f'session:{sender_id}')[:32]}"

    def read_session(self, session: Any) -> str:
        """The conversation that a browser may come back to.

        Raises:
            BadToken: we did not hand out this session.
        """
        sender_id, _, proof = session.rpartition(".") if isinstance(session, str) else ("", "", "")
        expected = self._cipher.fingerprint(f"session:{sender_id}")[:32]
        if not sender_id or not hmac.compare_digest(expected.encode(), proof.encode("utf-8", "replace")):
            raise BadToken("no session of ours; ask for a new one")
        return sender_id

    def who(self, sender_id: str, assertion: Any = None) -> int | None:
        """The customer behind a message: the assertion's, else the conversation's live link, else None."""
        if assertion:
            try:
                return self.read_assertion(sender_id, assertion)
            except BadToken:
                pass  # a stale or forged assertion proves nothing; a link may still
        with self._database.read() as session:
            row = session.execute(
                select(Conversation.linked_id, Conversation.linked_until).where(Conversation.sender_id == sender_id)
            ).first()
        if row is None or row.linked_id is None or row.linked_until is None or row.linked_until <= self._now():
            return None
        return int(row.linked_id)

    def owner(self, sender_id: str) -> int | None:
        """The customer whose token opened the conversation, if any."""
        with self._database.read() as session:
            found = session.execute(select(Conversation.owner_id).where(Conversation.sender_id == sender_id)).scalar()
        return None if found is None else int(found)

    def claim(self, sender_id: str, customer_id: int, channel: str) -> bool:
        """Make a token's customer the owner of a conversation that has none.

        What was said in a conversation that another customer has proved to be
        theirs stays theirs, even when the proof has run out.

        Returns:
            Whether the conversation is theirs now; False if it is somebody else's.

        Raises:
            BadToken: there is no such customer (any more).
        """
        with self._database.change() as session:
            row = _conversation(session, sender_id, channel)
            _need(session, customer_id)
            if row.owner_id is None and row.linked_id in (None, customer_id):
                row.owner_id = customer_id
            return bool(row.owner_id == customer_id)

    def prove(self, sender_id: str, order_number: str, phone_tail: str, channel: str = "chat") -> int:
        """Link a conversation to the customer of an order whose phone ends in four given digits.

        The phone is the customer's own, not the receiver's: the receiver of a
        gift must not see the giver's orders.

        Raises:
            NotIdentified: no such order, the digits are not its customer's, or a work account's.
            TooManyTries: too many wrong tries within the hour, by this sender or for this order.
        """
        number = re.sub(r"\s+", "", str(order_number)).upper()[:60]
        tail = re.sub(r"\s+", "", str(phone_tail))[:20]
        now = self._now()
        subjects = (f"sender:{sender_id}", f"order:{number}")
        with self._database.change() as session:
            conversation = _conversation(session, sender_id, channel)  # its row lock serialises a sender's tries
            customer = session.execute(  # and the order's row lock those for an order
                select(Customer)
                .join(Order, Order.customer_id == Customer.id)
                .where(Order.number == number)
                .with_for_update(of=Order)
            ).scalar()
            if self._exhausted(session, subjects, now):
                outcome: int | None = -1
            else:
                outcome = self._match(customer, tail, _is_for_work(session, customer))
            if outcome is None:
                session.execute(insert(VerifyTry), [{"subject": subject, "at": now} for subject in subjects])
            elif outcome >= 0:
                conversation.linked_id = outcome
                conversation.linked_until = now + timedelta(days=self._settings.link_days)
            session.execute(delete(VerifyTry).where(VerifyTry.at < now - TRY_WINDOW))
        if outcome is None:
            raise NotIdentified("order number and phone tail do not belong together")
        if outcome < 0:
            raise TooManyTries(f"{self._settings.verify_tries} wrong tries within an hour; wait")
        return outcome

    def link(self, sender_id: str, customer_id: int, channel: str) -> None:
        """Link a conversation whose channel is trusted to know the customer (a shell, a bound messenger).

        Raises:
            BadToken: there is no such customer (any more).
        """
        until = self._now() + timedelta(days=self._settings.link_days)
        with self._database.change() as session:
            row = _conversation(session, sender_id, channel)
            _need(session, customer_id)
            row.linked_id, row.linked_until = customer_id, until

    def unlink(self, sender_id: str) -> None:
        """Forget a conversation's link; harmless when there is none."""
        with self._database.change() as session:
            session.execute(
                update(Conversation)
                .where(Conversation.sender_id == sender_id)
                .values(linked_id=None, linked_until=None)
            )

    def _exhausted(self, session: Any, subjects: tuple[str, str], now: datetime) -> bool:
        counts = session.execute(
            select(func.count())
            .where(VerifyTry.subject.in_(subjects), VerifyTry.at > now - TRY_WINDOW)
            .group_by(VerifyTry.subject)
        ).scalars()
        return any(count >= self._settings.verify_tries for count in counts)

    def _match(self, customer: Any, tail: str, is_for_work: bool) -> int | None:
        """The customer's id if the digits are right and enough; the same work with and without a customer."""
        sealed = customer.phone_sealed if customer is not None else None
        phone = self._cipher.open(sealed or self._cipher.seal("")) or ""
        expected = phone[-4:] if len(phone) >= 4 else "----"
        right = hmac.compare_digest(expected.encode(), tail.encode("utf-8", "replace"))
        is_enough = customer is not None and customer.erased_at is None and not is_for_work
        return int(customer.id) if right and is_enough else None

    def _sign(self, claims: dict[str, Any], life: timedelta) -> str:
        now = datetime.now(timezone.utc)  # PyJWT checks against the real clock
        return _signed({**claims, "iat": now, "exp": now + life}, self._cipher.token_key)

    def _read(self, token: Any, audience: str) -> dict[str, Any]:
        if not isinstance(token, str) or len(token) > 2000:
            raise BadToken("a token must be a text of at most 2000 characters")
        try:
            claims = _claims(token, audience, self._cipher.token_key)
            if claims["exp"] <= time.time():
                raise jwt.ExpiredSignatureError
        except (jwt.InvalidTokenError, ValueError) as error:
            raise BadToken(f"the token is not valid here: {type(error).__name__}; issue a new one") from error
        return claims


def _signed(claims: dict[str, Any], key: Any) -> str:
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


@lru_cache(maxsize=4096)
def _assertion(sender_id: str, customer_id: int, begin: int, key: Any) -> str:
    claims = {"aud": ASSERTION_AUDIENCE, "sub": str(customer_id), "snd": sender_id}
    return _signed({**claims, "iat": begin, "exp": begin + int(ASSERTION_LIFE.total_seconds())}, key)


@lru_cache(maxsize=4096)
def _claims(token: str, audience: str, key: Any) -> dict[str, Any]:
    """What a token says that is ours and was not expired when it was first read; what is refused is not kept."""
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=[_ALGORITHM], audience=audience, options={"require": ["exp", "sub", "aud"]}
    )
    int(claims["sub"])
    return claims


def _need(session: Any, customer_id: int) -> None:
    """See to it that a customer is there and stays until the transaction ends: an erasure waits, or was faster.

    Raises:
        BadToken: there is no such customer (any more).
    """
    query = select(Customer.id).where(Customer.id == customer_id, Customer.erased_at.is_(None))
    if session.execute(query.with_for_update(read=True, key_share=True)).scalar() is None:
        raise BadToken("the customer does not exist; issue a new token")


def _is_for_work(session: Any, customer: Any) -> bool:
    query = select(WorkAccount.customer_id).where(WorkAccount.customer_id == (customer.id if customer else -1))
    return session.execute(query).scalar() is not None


def _conversation(session: Any, sender_id: str, channel: str) -> Any:
    """The conversation's row, locked; made when it is not there."""
    query = select(Conversation).where(Conversation.sender_id == sender_id).with_for_update()
    row = session.execute(query).scalar()
    if row is None:
        try:
            with session.begin_nested():
                session.add(Conversation(sender_id=sender_id, channel=channel[:12]))
        except IntegrityError:
            pass  # another request was faster
        row = session.execute(query).scalar()
    return row
