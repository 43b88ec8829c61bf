"""A small shop with one customer whose orders stand in every state, and a stranger's order.

Everything personal in it is written nowhere else, so that a log can be searched for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from shop.front import Shop
from shop.models import Incoming, Order, Shipment
from shop.states import OrderState
from tests.builders import Builder

NAME, PHONE, STREET = "欧阳晓峰", "13700012345", "凤起东路8号3幢502"
OTHER_NAME, OTHER_PHONE, OTHER_STREET = "诸葛文静", "15900067890", "龙阳大道77号"
NEW_STREET, COMPANY, TAX = "文一西路969号3幢", "杭州云栖望远科技有限公司", "91330106MA2CFLDG4R"
SECRETS = (NAME, PHONE, STREET, OTHER_NAME, OTHER_PHONE, OTHER_STREET, NEW_STREET, COMPANY, TAX)
"""What must stand in no log: the first six are stored, the others are said in talks."""


@dataclass
class Scene:
    """The rows that tests speak of; an order by its role."""

    shop: Shop
    build: SceneBuilder
    customer: Any
    stranger: Any
    orders: dict[str, Any]
    products: dict[str, Any]

    def number(self, role: str) -> str:
        """An order's number."""
        return str(self.orders[role].number)

    def newcomer(self, *states: OrderState) -> tuple[Any, list[Any]]:
        """Another customer of the same personal data, with a paid order of two mugs or orders in these states."""
        customer = self.build.customer(NAME, PHONE)
        sku = self.products["mug"].skus[0]
        wanted = states or (OrderState.PAID,)
        orders = [
            self.build.order(customer, sku, state=state, quantity=2, ago=timedelta(hours=2 + place))
            for place, state in enumerate(wanted)
        ]
        return customer, orders


class SceneBuilder(Builder):
    """Makes the scene's people, goods and orders."""

    def people(self) -> tuple[Any, Any]:
        """The customer and the stranger."""
        first = self.customer(NAME, PHONE, level=1, points=320, balance_fen=0, consent=0)
        return first, self.customer(OTHER_NAME, OTHER_PHONE)

    def goods(self) -> dict[str, Any]:
        """Six products of four categories."""
        home, qing, shengyue = self.warehouse(), self.brand("青禾"), self.brand("声悦")
        phones = self.category("蓝牙耳机", ["耳机", "无线耳机"], "earphone")
        dress, shoes = self.category("连衣裙", ["裙子"], "dress"), self.category("跑步鞋", ["跑鞋", "运动鞋"], "shoes")
        mug, blanket = self.category("马克杯", ["杯子", "水杯"], "mug"), self.category("电热毯", [], "blanket")
        made = {
            "dress": self.product(
                "青禾碎花连衣裙", category=dress, brand=qing, warehouse=home, price_fen=12900, stock=[20, 20, 20, 0],
                options=[("红色", "M"), ("红色", "L"), ("蓝色", "M"), ("蓝色", "L")], attributes={"面料": "纯棉", "版型": "修身"},
            ),
            "shoes": self.product(
                "云步轻便跑鞋", category=shoes, brand=self.brand("云步"), warehouse=home, price_fen=25900, stock=[9, 9, 0],
                options=[("黑色", "41"), ("黑色", "42"), ("黑色", "43")], attributes={"鞋面": "飞织网布"},
            ),
            "earphone": self.product(
                "声悦降噪蓝牙耳机", category=phones, brand=shengyue, warehouse=home, price_fen=29900, stock=30,
                options=[("黑色", ""), ("白色", "")], attributes={"续航": "30小时", "防水": "IPX5"},
            ),
            "cheap": self.product(
                "声悦入门蓝牙耳机", category=phones, brand=shengyue, warehouse=home, price_fen=9900, stock=3,
                options=[("白色", "")], attributes={"续航": "12小时", "防水": "IPX4"},
            ),
            "mug": self.product(
                "山居陶瓷马克杯", category=mug, brand=self.brand("山居"), warehouse=home, price_fen=3900, stock=5000,
                options=[("白色", ""), ("绿色", "")], attributes={"容量": "350毫升"},
            ),
            "blanket": self.product(
                "暖屋双人电热毯", category=blanket, brand=self.brand("暖屋"), warehouse=home, price_fen=19900, stock=0,
                options=[("灰色", "1.8米")], attributes={"功率": "120瓦"},
            ),
        }  # fmt: skip
        for name, days in (("shoes", 6), ("blanket", 10)):
            expected = self.shop.clock() + timedelta(days=days)
            sku = made[name].skus[-1].id
            self.add(Incoming(sku_id=sku, warehouse_id=home.id, quantity=40, expected_at=expected))
        return made

    def sales(self, customer: Any, stranger: Any, goods: dict[str, Any]) -> dict[str, Any]:
        """Orders of the customer in every state, newest first, and one of the stranger."""
        sku = {name: product.skus for name, product in goods.items()}
        hours = lambda count: timedelta(hours=count)  # noqa: E731
        made = {
            "pending": self.order(
                customer, sku["cheap"][0], state=OrderState.PENDING_PAYMENT, ago=timedelta(minutes=5)
            ),
            "dress": self.order(customer, sku["dress"][0], ago=hours(2)),
            "shoes": self.order(customer, sku["shoes"][1], ago=hours(5)),
            "mugs": self.order(customer, sku["mug"][0], quantity=3, ago=hours(8)),
            "moving": self.order(customer, sku["earphone"][0], state=OrderState.SHIPPED, ago=hours(30)),
            "stuck": self.order(customer, sku["blanket"][0], state=OrderState.SHIPPED, ago=hours(100), stuck=True),
            "two": self.order(customer, sku["dress"][2], state=OrderState.DELIVERED, quantity=2, ago=hours(40)),
            "worn": self.order(customer, sku["shoes"][0], state=OrderState.DELIVERED, ago=hours(50)),
            "lines": self.order(customer, sku["mug"][1], sku["cheap"][0], state=OrderState.DELIVERED, ago=hours(60)),
            "broken": self.order(customer, sku["mug"][1], state=OrderState.DELIVERED, ago=hours(45)),
            "wrong": self.order(customer, sku["cheap"][0], state=OrderState.DELIVERED, ago=hours(55)),
            "old": self.order(customer, sku["earphone"][1], state=OrderState.COMPLETED, ago=hours(24 * 40)),
            "gone": self.order(customer, sku["mug"][1], state=OrderState.CANCELLED, ago=hours(24 * 50)),
            "foreign": self.order(stranger, sku["dress"][1], ago=hours(3)),
        }
        eta = self.shop.clock() + timedelta(days=1)
        with self.shop.database.change() as session:
            session.execute(update(Shipment).where(Shipment.order_id == made["moving"].id).values(eta=eta))
            for role, order in made.items():
                person = (OTHER_NAME, OTHER_PHONE, OTHER_STREET) if role == "foreign" else (NAME, PHONE, STREET)
                sealed = self.shop.cipher.seal_json(dict(zip(("name", "phone", "street"), person, strict=True)))
                session.execute(update(Order).where(Order.id == order.id).values(receiver_sealed=sealed))
        return made


def build_scene(shop: Shop) -> Scene:
    """Make the scene in an empty database."""
    build = SceneBuilder(shop)
    customer, stranger = build.people()
    goods = build.goods()
    build.coupon(name="满200减30", threshold_fen=20000, off_fen=3000)
    build.coupon(name="金卡专享", threshold_fen=0, off_fen=5000, min_level=3)
    return Scene(shop, build, customer, stranger, build.sales(customer, stranger, goods), goods)
