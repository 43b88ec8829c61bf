"""The tables of the shop, one module a topic.

Columns that end in ``_sealed`` are ciphertext; columns that end in ``_fen`` are
money; all times are UTC.
"""

from shop.models.aftersale import AfterSaleCase, CaseEvent, CaseProof
from shop.models.base import Base, utc_now
from shop.models.catalogue import Brand, Category, Picture, PriceChange, Product, Review, Sku
from shop.models.channels import ChannelInbox, ChannelOutbox, ChannelPeer, ChannelValue
from shop.models.desk import Agent, AgentAudit, AgentSession, CannedReply, DeskNote, HandoffStep, TalkSignal, Ticket
from shop.models.orders import Invoice, Order, OrderChange, OrderLine, Payment, Shipment, TrackingEvent
from shop.models.people import Address, BehaviourEvent, Coupon, Customer, CustomerCoupon
from shop.models.reports import GoodsDay, OrderDay, RollUp, SalesTouch, VisitDay, WorkAccount
from shop.models.shown import Impression
from shop.models.stock import Incoming, Stock, StockMovement, Supplier, SupplierSku, Warehouse
from shop.models.talk import Conversation, Handoff, IdempotencyKey, Message, TrackerChunk, Unanswered, Upload, VerifyTry

__all__ = [
    "Address",
    "AfterSaleCase",
    "Agent",
    "AgentAudit",
    "AgentSession",
    "Base",
    "BehaviourEvent",
    "Brand",
    "CannedReply",
    "CaseEvent",
    "CaseProof",
    "Category",
    "ChannelInbox",
    "ChannelOutbox",
    "ChannelPeer",
    "ChannelValue",
    "Conversation",
    "Coupon",
    "Customer",
    "CustomerCoupon",
    "DeskNote",
    "GoodsDay",
    "Handoff",
    "HandoffStep",
    "IdempotencyKey",
    "Impression",
    "Incoming",
    "Invoice",
    "Message",
    "Order",
    "OrderChange",
    "OrderDay",
    "OrderLine",
    "Payment",
    "Picture",
    "PriceChange",
    "Product",
    "Review",
    "RollUp",
    "SalesTouch",
    "Shipment",
    "Sku",
    "Stock",
    "StockMovement",
    "Supplier",
    "SupplierSku",
    "TalkSignal",
    "Ticket",
    "TrackerChunk",
    "TrackingEvent",
    "Unanswered",
    "Upload",
    "VerifyTry",
    "VisitDay",
    "Warehouse",
    "WorkAccount",
    "utc_now",
]
