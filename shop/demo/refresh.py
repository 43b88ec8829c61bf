"""Keeps an old demo shop young: what was open moves on, new orders come.

New orders repeat those of 52 weeks before (same weekday, season, customer and
taste) at today's prices. So a shop that was built three days ago has unpaid,
paid and shipped orders again, and last month is never empty.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from tqdm import tqdm

from shop import policy, sales_days
from shop.demo.content import Content, load_content
from shop.demo.showcase import CUSTOMER, FRESH_ACTS, UNPAID, play_showcase
from shop.demo.stage import HOUR, WAY, Receiver, Stage, way
from shop.demo.stamp import read_stamp, write_stamp
from shop.errors import OutOfStock, ShopError
from shop.events import Behaviour
from shop.front import Shop
from shop.models import Coupon, Incoming, Order, OrderLine, Product, Shipment, Sku
from shop.planned_prices import take_effect
from shop.states import OrderState, ShipmentState

YEAR = timedelta(days=364)
MOST = 300
"""At most so many orders are repeated, spread over the time that passed."""
_DAY = timedelta(days=1)
_STALE = timedelta(hours=18)
_RESTED = timedelta(minutes=10)


def refresh(shop: Shop, *, quiet: bool = False) -> dict[str, int]:
    """Bring a demo shop up to now.

    Returns:
        How many orders expired, moved on and came; empty when nothing was to do or the shop is no demo shop.
    """
    stamp = read_stamp(shop.settings)
    if stamp is None or stamp.state != "built":
        return {}
    now, since = shop.clock(), datetime.fromisoformat(stamp.refreshed_at)
    if now - since < _RESTED:
        return {}
    content = load_content()
    stage = Stage(shop, content)
    take_effect(shop)
    done = {"expired": shop.orders.expire_unpaid(), "moved": _move_on(stage, since, quiet)}
    done["new"] = len(_showcase(shop, content, now - since))  # before the restock: its orders are the oldest
    _restock(stage, since)
    done["new"] += _repeat(stage, since, quiet) + place_unpaid(stage)
    _prolong_coupons(shop, content, now)
    sales_days.refresh(shop)
    write_stamp(shop.settings, replace(stamp, refreshed_at=now.isoformat()))
    return done


def _showcase(shop: Shop, content: Content, passed: timedelta) -> list[str]:
    """The demo customer's fresh orders anew after a day, else only the unpaid one."""
    if passed > _STALE:
        return play_showcase(shop, content, (*FRESH_ACTS, UNPAID))
    open_ones = shop.orders.list(CUSTOMER, states=[OrderState.PENDING_PAYMENT], limit=1)
    return [] if open_ones else play_showcase(shop, content, (UNPAID,))


def _restock(stage: Stage, since: datetime) -> None:
    """Put on the shelf what was expected by now; it came at the beginning of the time that passed."""
    then = stage.at(since)
    with stage.shop.database.change() as session:
        due = select(Incoming).where(Incoming.expected_at <= stage.now, Incoming.received_at.is_(None))
        for row in session.execute(due.order_by(Incoming.sku_id)).scalars():
            then.stock.receive(session, row.sku_id, row.warehouse_id, row.quantity, f"I{row.id}")
            row.received_at = since


def place_unpaid(stage: Stage, count: int = 5) -> int:
    """Some customers' latest completed baskets once more, ordered in the last minutes and unpaid."""
    with stage.shop.database.read() as session:
        query = select(Order).where(Order.state == OrderState.COMPLETED.value, Order.customer_id != CUSTOMER)
        latest = session.execute(query.order_by(Order.completed_at.desc(), Order.id).limit(4 * count)).scalars()
        baskets = {order.customer_id: order for order in latest}
    made = 0
    for old in baskets.values():
        lines = _still_sold(stage, old)
        if made == count or not lines:
            continue
        at = stage.now - timedelta(minutes=1 + 3 * made)
        to = Receiver(old.receiver_sealed, old.province, old.city, old.district)
        try:
            stage.place(old.customer_id, [(sku_id, quantity) for sku_id, quantity, _ in lines], to, at)
        except OutOfStock:
            continue
        made += 1
    return made


def _prolong_coupons(shop: Shop, content: Content, now: datetime) -> None:
    """Let the coupons that run today run on as long as they would in a new shop."""
    with shop.database.change() as session:
        for one in content.words["coupons"]:
            if one["from"] <= 0 < one["to"]:
                ends = policy.day_start(now) + one["to"] * _DAY
                session.execute(
                    update(Coupon).where(Coupon.code == one["code"], Coupon.ends_at < ends).values(ends_at=ends)
                )


def _move_on(stage: Stage, since: datetime, quiet: bool) -> int:
    """Ship what is paid, deliver what is on its way, complete what was delivered, each in its time."""
    open_states = [OrderState.PAID.value, OrderState.SHIPPED.value, OrderState.DELIVERED.value]
    refused = select(Shipment.order_id).where(Shipment.state == ShipmentState.RETURNED.value)
    with stage.shop.database.read() as session:
        query = select(Order.number, Order.state, Order.paid_at, Order.shipped_at, Order.delivered_at)
        rows = session.execute(
            query.where(Order.state.in_(open_states), Order.id.not_in(refused)).order_by(Order.id)
        ).all()
        query = select(Order.number, Shipment.eta).join(Shipment, Shipment.order_id == Order.id)
        etas = {number: eta for number, eta in session.execute(query.where(Order.state == "shipped")) if eta}
    moved = 0
    for row in tqdm(rows, desc="  open orders", unit="", disable=quiet, leave=False, delay=1):
        sent, arrived = row.shipped_at, row.delivered_at
        before = moved
        try:
            if row.paid_at is not None and sent is None and row.paid_at + 30 * HOUR <= stage.now:
                sent = max(row.paid_at + 20 * HOUR, since)
                stage.send(row.number, sent)
                moved = before + 1
            eta = etas.get(row.number) or (sent + WAY if sent else None)
            if sent is not None and arrived is None and eta is not None and max(eta, since) <= stage.now:
                arrived = max(eta, since, sent + HOUR)
                stage.arrive(row.number, sent, arrived)
                moved = before + 1
            if arrived is not None and arrived + 7 * _DAY <= stage.now and row.number:
                stage.step(row.number, OrderState.COMPLETED, max(arrived + 7 * _DAY, since))
                moved = before + 1
        except ShopError:
            continue  # a conversation changed it meanwhile, or the shelf is empty: it stays as it is
    return moved


def _repeat(stage: Stage, since: datetime, quiet: bool) -> int:
    """The orders of 52 weeks before, once more."""
    begin = max(since, stage.now - timedelta(days=60))
    with stage.shop.database.read() as session:
        query = select(Order).where(
            Order.created_at > begin - YEAR, Order.created_at <= stage.now - YEAR, Order.customer_id != CUSTOMER
        )
        before = list(session.execute(query.order_by(Order.created_at, Order.id)).scalars())
    step = max(1, -(-len(before) // MOST))
    made = 0
    for old in tqdm(before[::step], desc="  new orders", unit="", disable=quiet, leave=False, delay=1):
        made += _again(stage, old)
    return made


def _again(stage: Stage, old: Order) -> int:
    """One order once more, as far as its steps lie in the past; 0 if it is out of stock."""
    lines = _still_sold(stage, old)
    if not lines:
        return 0
    at = old.created_at + YEAR
    try:
        number = stage.place(
            old.customer_id,
            [(sku_id, quantity) for sku_id, quantity, _ in lines],
            Receiver(old.receiver_sealed, old.province, old.city, old.district),
            at,
        )
    except OutOfStock:
        return 0
    _note_behaviour(stage.shop, old, lines, at)
    try:
        _steps(stage, number, old)
    except OutOfStock:
        pass
    return 1


def _steps(stage: Stage, number: str, old: Order) -> None:
    def due(moment: datetime | None) -> bool:
        return moment is not None and moment + YEAR <= stage.now

    if due(old.paid_at):
        stage.step(number, OrderState.PAID, old.paid_at + YEAR)
    if due(old.cancelled_at):
        stage.step(number, OrderState.CANCELLED, old.cancelled_at + YEAR, reason=old.cancel_reason or "other")
        return
    if not due(old.shipped_at):
        return
    sent = old.shipped_at + YEAR
    eta = old.delivered_at + YEAR if old.delivered_at else sent + WAY
    stage.send(number, sent, eta)
    if due(old.delivered_at):
        stage.arrive(number, sent, eta)
        if due(old.completed_at):
            stage.step(number, OrderState.COMPLETED, old.completed_at + YEAR)
        return
    passed = [name for name in way(sent, eta) if name[1] <= stage.now]
    out = bool(passed) and passed[-1][0] == "out"
    stage.scan(number, passed, ShipmentState.OUT_FOR_DELIVERY if out else None)


def _still_sold(stage: Stage, old: Order) -> list[tuple[int, int, int]]:
    """(SKU id, quantity, product id) of an order's lines that are still sold."""
    query = (
        select(OrderLine.sku_id, OrderLine.quantity, Product.id)
        .join(Sku, Sku.id == OrderLine.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(OrderLine.order_id == old.id, Product.on_sale == 1)
    )
    with stage.shop.database.read() as session:
        return [(sku, quantity, product) for sku, quantity, product in session.execute(query)]


def _note_behaviour(shop: Shop, old: Order, lines: list[tuple[int, int, int]], at: datetime) -> None:
    """The views, carts and purchases of a repeated order; dropped by the service without consent."""
    events = []
    kinds = [("view", 300), ("cart", 90)] + ([("buy", 0)] if old.paid_at else [])
    for _, _, product in lines:
        for kind, ahead in kinds:
            events.append(Behaviour(old.customer_id, f"n{old.id:x}", kind, product, at=at - timedelta(seconds=ahead)))
    shop.events.record_many(events)
