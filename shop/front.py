"""The one public door to the shop: ``open_shop()`` wires every service once."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Callable

from shop.database import Database, open_database
from shop.models.base import utc_now
from shop.privacy import Cipher, secret_key
from shop.settings import Settings, load_settings

if TYPE_CHECKING:
    from shop.aftersale import AfterSale
    from shop.agents import Agents
    from shop.catalogue import Catalogue
    from shop.customers import Customers
    from shop.desk import Desk
    from shop.elsewhere import Elsewhere
    from shop.erasure import Erasure
    from shop.events import Events
    from shop.faq_store import FaqStore
    from shop.handoffs import Handoffs
    from shop.identity import Identity
    from shop.impressions import Impressions
    from shop.inbox import Inbox
    from shop.invoices import Invoices
    from shop.link_codes import LinkCodes
    from shop.membership import Membership
    from shop.messages import Messages
    from shop.orders import Orders
    from shop.outbox import Outbox
    from shop.peers import Peers
    from shop.pictures import Pictures
    from shop.shared_values import SharedValues
    from shop.signals import Signals
    from shop.stock import StockLevels
    from shop.tickets import Tickets
    from shop.trackers import Trackers
    from shop.unanswered import UnansweredMessages
    from shop.uploads import Uploads


class Shop:
    """All services over one database; each is made when it is first used.

    ``clock`` gives the present moment (UTC); tests pass their own.
    """

    def __init__(
        self, settings: Settings, database: Database, cipher: Cipher, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.settings = settings
        self.database = database
        self.cipher = cipher
        self.clock = clock

    @cached_property
    def catalogue(self) -> Catalogue:
        """Products and their prices."""
        from shop.catalogue import Catalogue

        return Catalogue(self)

    @cached_property
    def stock(self) -> StockLevels:
        """What is on the shelves and what is coming."""
        from shop.stock import StockLevels

        return StockLevels(self)

    @cached_property
    def orders(self) -> Orders:
        """A customer's orders and what may be done to them."""
        from shop.orders import Orders

        return Orders(self)

    @cached_property
    def aftersale(self) -> AfterSale:
        """Returns, exchanges, refunds, repairs, resends."""
        from shop.aftersale import AfterSale

        return AfterSale(self)

    @cached_property
    def invoices(self) -> Invoices:
        """Invoices of orders."""
        from shop.invoices import Invoices

        return Invoices(self)

    @cached_property
    def membership(self) -> Membership:
        """Level, points, balance, coupons."""
        from shop.membership import Membership

        return Membership(self)

    @cached_property
    def customers(self) -> Customers:
        """Who a customer is, masked."""
        from shop.customers import Customers

        return Customers(self)

    @cached_property
    def erasure(self) -> Erasure:
        """Forgetting people."""
        from shop.erasure import Erasure

        return Erasure(self)

    @cached_property
    def identity(self) -> Identity:
        """Who may speak for whom."""
        from shop.identity import Identity

        return Identity(self)

    @cached_property
    def messages(self) -> Messages:
        """What was said."""
        from shop.messages import Messages

        return Messages(self)

    @cached_property
    def handoffs(self) -> Handoffs:
        """Who speaks: the bot or a person."""
        from shop.handoffs import Handoffs

        return Handoffs(self)

    @cached_property
    def agents(self) -> Agents:
        """Who works at the desk."""
        from shop.agents import Agents

        return Agents(self)

    @cached_property
    def desk(self) -> Desk:
        """What agents say, note and keep ready."""
        from shop.desk import Desk

        return Desk(self)

    @cached_property
    def elsewhere(self) -> Elsewhere:
        """Talks that a platform's own staff has."""
        from shop.elsewhere import Elsewhere

        return Elsewhere(self)

    @cached_property
    def tickets(self) -> Tickets:
        """Messages that were left when nobody could answer."""
        from shop.tickets import Tickets

        return Tickets(self)

    @cached_property
    def signals(self) -> Signals:
        """What other processes must hear of."""
        from shop.signals import Signals

        return Signals(self)

    @cached_property
    def trackers(self) -> Trackers:
        """Where Rasa's trackers are kept."""
        from shop.trackers import Trackers

        return Trackers(self)

    @cached_property
    def pictures(self) -> Pictures:
        """Pictures of what is on sale."""
        from shop.pictures import Pictures

        return Pictures(self)

    @cached_property
    def uploads(self) -> Uploads:
        """Pictures that customers sent."""
        from shop.uploads import Uploads

        return Uploads(self)

    @cached_property
    def inbox(self) -> Inbox:
        """Callbacks of the messaging channels."""
        from shop.inbox import Inbox

        return Inbox(self)

    @cached_property
    def outbox(self) -> Outbox:
        """What is on its way to customers of the messaging channels."""
        from shop.outbox import Outbox

        return Outbox(self)

    @cached_property
    def peers(self) -> Peers:
        """Customers at the other end of the messaging channels."""
        from shop.peers import Peers

        return Peers(self)

    @cached_property
    def link_codes(self) -> LinkCodes:
        """Codes by which the shop's page links a messenger to a customer."""
        from shop.link_codes import LinkCodes

        return LinkCodes(self)

    @cached_property
    def shared_values(self) -> SharedValues:
        """Tokens and reading positions that processes share."""
        from shop.shared_values import SharedValues

        return SharedValues(self)

    @cached_property
    def faq(self) -> FaqStore:
        """What the merchant answers to common questions."""
        from shop.faq_store import FaqStore

        return FaqStore(self)

    @cached_property
    def unanswered(self) -> UnansweredMessages:
        """What customers asked and nobody knew."""
        from shop.unanswered import UnansweredMessages

        return UnansweredMessages(self)

    @cached_property
    def impressions(self) -> Impressions:
        """Recommendations that were shown, and what came of them."""
        from shop.impressions import Impressions

        return Impressions(self)

    @cached_property
    def events(self) -> Events:
        """Behaviour, with consent."""
        from shop.events import Events

        return Events(self)


_shops: dict[str, Shop] = {}


def open_shop(settings: Settings | None = None) -> Shop:
    """The process's Shop for these settings (default: the environment's)."""
    settings = settings or load_settings()
    if settings.database_address not in _shops:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = open_database(settings.database_address)
        _shops[settings.database_address] = Shop(settings, database, Cipher(secret_key(settings)))
    return _shops[settings.database_address]
