"""Every error that a service raises, as one tree.

    ShopError
    ├── BadSetting            a setting is unknown or mistyped (stops the start)
    ├── Unavailable           a part outside is down: try again later
    │   ├── DatabaseDown
    │   └── BadIndex          a stored index or model is damaged, half-written or of another version
    ├── Refused               the request was understood and may not be done
    │   ├── NotFound          no such thing, or not this customer's: they read the same
    │   │   ├── OrderNotFound
    │   │   ├── ProductNotFound
    │   │   ├── CaseNotFound
    │   │   └── Erased        the talk was erased while this was under way
    │   ├── NotIdentified     the caller has not proved who they are
    │   ├── TooManyTries      wrong proofs were given too often
    │   ├── WrongState        the order or case is past that step
    │   │   ├── CannotCancel
    │   │   ├── CannotChange
    │   │   ├── CannotReturn
    │   │   └── CannotInvoice
    │   ├── OutOfStock        the wanted SKU is not there in that quantity
    │   ├── AlreadyOpen       the same case, invoice or coupon exists already
    │   ├── LastAdmin         nobody would be left to manage the desk
    │   └── ConcurrentChange  somebody else changed it at the same moment
    ├── BadValue              a value has not the form it must have
    │   ├── BadAddress
    │   ├── BadTaxNumber
    │   ├── BadQuantity
    │   └── BadPicture
    └── BadToken              a token is forged, expired or for something else

Messages are for engineers: what was wrong, the value, the mend. They carry no
personal data. ``actions/base.py`` turns each class into a Chinese reply.
"""

from __future__ import annotations

from typing import Any


class ShopError(Exception):
    """Root of all errors of the services; ``facts`` fill the customer's reply."""

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message or type(self).__name__)
        self.facts = facts


class BadSetting(ShopError):
    """A setting is unknown or mistyped."""

    def __init__(self, key: str, value: str, mend: str) -> None:
        super().__init__(f"{key}={value!r}: {mend}", key=key)


class Unavailable(ShopError):
    """A part outside is down; the same request may work later."""


class DatabaseDown(Unavailable):
    """The database does not answer."""


class BadIndex(Unavailable):
    """A stored index or model is missing, damaged, half-written or of another version."""


class Refused(ShopError):
    """The request was understood and may not be done."""


class NotFound(Refused):
    """There is no such thing, or it is not this customer's."""


class OrderNotFound(NotFound):
    """No order of that number belongs to this customer."""


class ProductNotFound(NotFound):
    """No product fits the words."""


class CaseNotFound(NotFound):
    """This customer has no such after-sale case."""


class Erased(NotFound):
    """The conversation was erased while this was under way: nothing of it is kept."""


class NotIdentified(Refused):
    """The caller has not proved who they are."""


class TooManyTries(Refused):
    """Wrong proofs were given too often; wait."""


class WrongState(Refused):
    """The order or case is past the step that was asked for."""


class CannotCancel(WrongState):
    """The order has left, arrived, or is cancelled already."""


class CannotChange(WrongState):
    """Address, lines or note are fixed once the order has left."""


class CannotReturn(WrongState):
    """Not delivered yet, or the window is over."""


class CannotInvoice(WrongState):
    """The order is unpaid or cancelled."""


class OutOfStock(Refused):
    """The wanted SKU is not there in that quantity."""


class AlreadyOpen(Refused):
    """The same case, invoice or coupon exists already."""


class LastAdmin(Refused):
    """The desk would be left without an admin at work."""


class ConcurrentChange(Refused):
    """Somebody else changed the same row at the same moment; ask again."""


class BadValue(ShopError):
    """A value has not the form it must have."""


class BadAddress(BadValue):
    """An address lacks its province, city, district or street."""


class BadTaxNumber(BadValue):
    """A tax number fails its check digit or length."""


class BadQuantity(BadValue):
    """A quantity is not a whole number in the allowed range."""


class BadPicture(BadValue):
    """An upload is no picture, too large, or damaged."""


class BadToken(ShopError):
    """A token is forged, expired, or meant for something else."""
