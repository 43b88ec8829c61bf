"""Proof that a shop's rows agree with each other: every query counts what is wrong, so 0 is right.

The queries hold for the demo shop as it was made and after any change that the
services make; they run on SQLite and PostgreSQL alike.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text

from shop.models.base import UtcTime

_PAID_IN = "(SELECT COALESCE(SUM(amount_fen), 0) FROM payment WHERE payment.order_id = orders.id)"
_PAID_BACK = "(SELECT COALESCE(SUM(refunded_fen), 0) FROM payment WHERE payment.order_id = orders.id)"
_SETTLED = """(SELECT COALESCE(SUM(amount_fen), 0) FROM aftersale_case
               WHERE order_id = orders.id AND state = 'done' AND kind IN ('return', 'refund'))"""
_MOVED = """SELECT sku_id, warehouse_id,
                   SUM(CASE WHEN kind IN ('receive', 'ship', 'return', 'adjust') THEN quantity ELSE 0 END) AS units,
                   SUM(CASE kind WHEN 'reserve' THEN quantity WHEN 'release' THEN -quantity
                                 WHEN 'ship' THEN quantity ELSE 0 END) AS kept
            FROM stock_movement GROUP BY sku_id, warehouse_id"""

CHECKS: dict[str, str] = {
    "an order's goods are its lines": """
        SELECT COUNT(*) FROM orders WHERE goods_fen <>
            (SELECT COALESCE(SUM(quantity * price_fen), -1) FROM order_line WHERE order_id = orders.id)""",
    "goods less discount plus shipping is the total": """
        SELECT COUNT(*) FROM orders
        WHERE total_fen <> goods_fen - discount_fen + shipping_fen OR discount_fen < 0 OR discount_fen > goods_fen""",
    "what was paid and not given back is the total less what cases settled": f"""
        SELECT COUNT(*) FROM orders WHERE paid_at IS NOT NULL AND state <> 'cancelled'
        AND {_PAID_IN} - {_PAID_BACK} <> total_fen - {_SETTLED}""",
    "a cancelled order keeps no money": f"""
        SELECT COUNT(*) FROM orders WHERE state = 'cancelled' AND {_PAID_IN} <> {_PAID_BACK}""",
    "no money came for an unpaid order": f"SELECT COUNT(*) FROM orders WHERE paid_at IS NULL AND {_PAID_IN} > 0",
    "the moments of an order fit its state": """
        SELECT COUNT(*) FROM orders WHERE NOT (
            (state = 'pending_payment' AND paid_at IS NULL AND cancelled_at IS NULL AND shipped_at IS NULL) OR
            (state = 'paid' AND paid_at IS NOT NULL AND shipped_at IS NULL AND cancelled_at IS NULL) OR
            (state = 'shipped' AND shipped_at IS NOT NULL AND delivered_at IS NULL AND cancelled_at IS NULL) OR
            (state = 'delivered' AND delivered_at IS NOT NULL AND completed_at IS NULL AND cancelled_at IS NULL) OR
            (state = 'completed' AND completed_at IS NOT NULL AND cancelled_at IS NULL) OR
            (state = 'cancelled' AND cancelled_at IS NOT NULL AND shipped_at IS NULL))""",
    "the moments of an order rise and none lies ahead": """
        SELECT COUNT(*) FROM orders WHERE created_at > :now OR paid_at < created_at OR paid_at > :now
            OR shipped_at < paid_at OR shipped_at > :now OR delivered_at < shipped_at OR delivered_at > :now
            OR completed_at < delivered_at OR completed_at > :now OR cancelled_at < created_at
            OR cancelled_at < paid_at OR cancelled_at > :now""",
    "an order has a parcel once it is shipped, and not before": """
        SELECT COUNT(*) FROM orders
        WHERE (shipped_at IS NOT NULL) <> EXISTS (SELECT 1 FROM shipment WHERE order_id = orders.id)""",
    "a parcel arrived when its order did": """
        SELECT COUNT(*) FROM shipment JOIN orders ON orders.id = shipment.order_id
        WHERE (shipment.state = 'delivered') <> (orders.delivered_at IS NOT NULL)
           OR (shipment.delivered_at IS NULL) <> (orders.delivered_at IS NULL)""",
    "no scan lies ahead or before the parcel": """
        SELECT COUNT(*) FROM tracking_event JOIN shipment ON shipment.id = tracking_event.shipment_id
        WHERE tracking_event.at > :now OR tracking_event.at < shipment.shipped_at
           OR tracking_event.at > shipment.delivered_at""",
    "the movements explain what is on the shelves and what is kept": f"""
        SELECT COUNT(*) FROM stock LEFT JOIN ({_MOVED}) AS moved
            ON moved.sku_id = stock.sku_id AND moved.warehouse_id = stock.warehouse_id
        WHERE stock.on_hand <> COALESCE(moved.units, 0) OR stock.reserved <> COALESCE(moved.kept, 0)""",
    "what is kept is what open orders wait for": """
        SELECT COUNT(*) FROM (SELECT sku_id, SUM(reserved) AS kept FROM stock GROUP BY sku_id) AS shelf
        WHERE kept <> (SELECT COALESCE(SUM(quantity), 0) FROM order_line JOIN orders ON orders.id = order_id
                       WHERE order_line.sku_id = shelf.sku_id AND orders.state IN ('pending_payment', 'paid'))""",
    "no shelf was ever below nothing": """
        SELECT COUNT(*) FROM (
            SELECT SUM(quantity) OVER (PARTITION BY sku_id, warehouse_id ORDER BY at, id) AS level
            FROM stock_movement WHERE kind IN ('receive', 'ship', 'return', 'adjust')) AS history
        WHERE level < 0""",
    "a line's price is the price of its day": """
        SELECT COUNT(*) FROM order_line JOIN orders ON orders.id = order_line.order_id
        WHERE order_line.price_fen <> (SELECT price_fen FROM price_change
            WHERE price_change.sku_id = order_line.sku_id AND price_change.at <= orders.created_at
            ORDER BY price_change.at DESC LIMIT 1)""",
    "a SKU costs what its last price change says": """
        SELECT COUNT(*) FROM sku WHERE price_fen <> (SELECT price_fen FROM price_change
            WHERE price_change.sku_id = sku.id AND price_change.at <= :now ORDER BY price_change.at DESC LIMIT 1)""",
    "nothing was bought before it was sold or its customer came": """
        SELECT COUNT(*) FROM order_line JOIN orders ON orders.id = order_line.order_id
        JOIN sku ON sku.id = order_line.sku_id JOIN product ON product.id = sku.product_id
        JOIN customer ON customer.id = orders.customer_id
        WHERE orders.created_at < product.created_at OR orders.created_at < customer.created_at""",
    "as many coupons are claimed as are held, and no more than there are": """
        SELECT COUNT(*) FROM coupon WHERE claimed > total
            OR claimed <> (SELECT COUNT(*) FROM customer_coupon WHERE coupon_id = coupon.id)""",
    "a used coupon is the discount of an order in its time": """
        SELECT COUNT(*) FROM customer_coupon JOIN coupon ON coupon.id = coupon_id
        JOIN orders ON orders.id = order_id
        WHERE orders.customer_id <> customer_coupon.customer_id OR orders.discount_fen > coupon.off_fen
           OR orders.created_at < coupon.starts_at OR orders.created_at > coupon.ends_at
           OR orders.goods_fen < coupon.threshold_fen""",
    "a discount comes from a coupon": """
        SELECT COUNT(*) FROM orders WHERE discount_fen > 0 AND state <> 'cancelled'
            AND NOT EXISTS (SELECT 1 FROM customer_coupon WHERE order_id = orders.id)""",
    "a case is its customer's and its last event says its state": """
        SELECT COUNT(*) FROM aftersale_case JOIN orders ON orders.id = aftersale_case.order_id
        WHERE orders.customer_id <> aftersale_case.customer_id OR orders.delivered_at > aftersale_case.created_at
           OR aftersale_case.updated_at > :now OR aftersale_case.state <> (SELECT state FROM case_event
              WHERE case_id = aftersale_case.id ORDER BY case_event.at DESC, case_event.id DESC LIMIT 1)""",
    "an invoice is of a paid order and over no more than was paid": f"""
        SELECT COUNT(*) FROM invoice JOIN orders ON orders.id = invoice.order_id
        WHERE orders.paid_at IS NULL OR invoice.requested_at < orders.paid_at OR invoice.amount_fen > {_PAID_IN}
           OR (invoice.state = 'issued' AND (invoice.number IS NULL OR invoice.issued_at > :now))""",
    "a review's stars and sentiment agree": """
        SELECT COUNT(*) FROM review WHERE sentiment IS NOT NULL AND sentiment <>
            CASE WHEN stars <= 2 THEN 'neg' WHEN stars = 3 THEN 'neu' ELSE 'pos' END""",
    "a review is of what its customer got": """
        SELECT COUNT(*) FROM review JOIN order_line ON order_line.id = review.order_line_id
        JOIN orders ON orders.id = order_line.order_id JOIN sku ON sku.id = order_line.sku_id
        WHERE sku.product_id <> review.product_id OR orders.customer_id <> review.customer_id
           OR orders.delivered_at IS NULL OR review.at < orders.delivered_at OR review.at > :now""",
    "behaviour is kept only of those who consented": """
        SELECT COUNT(*) FROM behaviour_event JOIN customer ON customer.id = behaviour_event.customer_id
        WHERE NOT customer.consent OR behaviour_event.at > :now""",
    "who bought something had it in the cart": """
        SELECT COUNT(*) FROM (
            SELECT customer_id, product_id FROM behaviour_event WHERE kind = 'buy' AND customer_id IS NOT NULL
            EXCEPT
            SELECT customer_id, product_id FROM behaviour_event WHERE kind = 'cart') AS missing""",
    "a customer has one default address": """
        SELECT COUNT(*) FROM customer WHERE
            (SELECT COUNT(*) FROM address WHERE customer_id = customer.id AND is_default) > 1""",
}


def find_faults(session: Any, now: datetime) -> dict[str, int]:
    """The rules that do not hold, each with the number of rows that break it; empty for a sound shop."""
    faults = {}
    for rule, query in CHECKS.items():
        statement = text(query)
        if ":now" in query:
            statement = statement.bindparams(bindparam("now", now, UtcTime))
        count = int(session.execute(statement).scalar() or 0)
        if count:
            faults[rule] = count
    return faults
