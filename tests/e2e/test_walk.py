"""One impatient customer walks through every flow; at the end exactly the right rows have changed."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pytest
from PIL import Image, ImageDraw

from actions.texts import day
from shop.states import CaseKind, CaseState, OrderState
from tests.e2e.harness import BotServer, Talk
from tests.e2e.scene import COMPANY, NAME, NEW_STREET, PHONE, SECRETS, TAX, Scene
from tests.e2e.snapshot import difference, snapshot

TALKING = {"conversation", "message", "tracker_chunk", "idempotency_key"}
"""Tables that every talk writes to."""
TURNS = 60


def look_around(talk: Talk, scene: Scene) -> None:
    talk.say("在不").offers("我的订单", "查物流")
    talk.say("你是机器人吧").has("机器人")
    found = talk.say("有没有蓝牙耳机啊")
    assert {card["title"] for card in found.cards} == {"声悦降噪蓝牙耳机", "声悦入门蓝牙耳机"}
    first = found.cards[0]
    talk.say("第一个多少钱").has(first["title"], first["price"])
    talk.say("声悦降噪蓝牙耳机有货没").has("黑色", "白色")
    talk.say("白色的呢").has("30 件")
    talk.say("云步轻便跑鞋43码啥时候补货").has("40 件", day(_expected(scene, "shoes")))
    talk.say("那它是什么料子的").has("飞织网布")
    talk.say("声悦降噪蓝牙耳机和声悦入门蓝牙耳机哪个好").has("¥299", "¥99", "30小时", "12小时")
    cheap = talk.say("100以内的耳机有吗")
    assert [card["title"] for card in cheap.cards] == ["声悦入门蓝牙耳机"]
    talk.say("碎花连衣裙红色L还有吗").has("19 件")
    talk.say("蓝色L的碎花连衣裙呢有货吗").has("没货")


def cancel_one(talk: Talk, scene: Scene) -> None:
    shown = talk.say("我的订单到哪了")
    assert len(shown.cards) == 5
    talk.say("第二个").has(scene.number("dress"), "发")
    talk.say("那把它取消吧").has(scene.number("dress")).offers("不想要了")
    interrupted = talk.say("你们发什么快递")
    assert len(interrupted.sentences) == 2, "an answer, and the question again"
    interrupted.has(scene.number("dress"), "原因")
    talk.say("不想要了").has(scene.number("dress"), "¥129").offers("确认", "不用了")
    talk.press("确认").has("已取消", "¥129")
    talk.say("取消成功没").has(scene.number("dress"), "取消", "¥129")


def follow_parcels(talk: Talk, scene: Scene) -> None:
    (parcel,) = scene.shop.orders.get(scene.customer.id, scene.number("moving")).shipments
    talk.say(f"查下物流{scene.number('moving')}").has("顺丰速运", "已揽收", parcel.tracking_number)
    talk.say("快第到哪了").has(parcel.tracking_number)
    talk.say("啥时候能到啊").has("预计", day(parcel.eta))
    talk.say("催发或啊 急死了").has("催")
    talk.say("再催催").has("已经帮您催过")
    talk.say("电热毯的物流怎么一直不动").has("登记催查", "已揽收")


def change_orders(talk: Talk, scene: Scene) -> None:
    shoes, mugs = scene.number("shoes"), scene.number("mugs")
    talk.say(f"{shoes}这单改个地址").has("地址")
    talk.say("杭州西湖区").has("不完整")
    talk.say("算了").has("没有")
    talk.say(f"改下收或地址 {shoes}").has("地址")
    talk.say(f"浙江省杭州市余杭区{NEW_STREET}").has(NEW_STREET, shoes)
    again = talk.say("运费多少")
    again.has(NEW_STREET)
    talk.say("是的").has(f"余杭区{NEW_STREET}")
    talk.say("帮我备注一下：放丰巢柜").has("放丰巢柜", shoes)
    talk.say("好").has("备注好了")
    talk.say("这单周六下午送行不行").has("周六下午", shoes)
    talk.say("可以").has("周六下午", "登记")
    talk.say(f"{mugs}改成2个").has("3 → 2")
    talk.say("确认").has("¥78", "¥39")
    talk.say("这单颜色换成绿色的吧").has("白色 → 绿色")
    talk.say("嗯嗯").has("总价不变", "¥78")


def open_cases(talk: Talk, scene: Scene) -> None:
    talk.say("蓝色那条连衣裙买大了 想退货").has("青禾碎花连衣裙")
    _until(talk, {"原因": "尺码不合适", "几件": "退一件"}, "¥129")
    talk.say("确认").has("退货", "AS", "¥129")
    talk.say("跑鞋穿两天就开胶了").has("云步轻便跑鞋").offers("换货")
    talk.press("换货").has("照片")
    talk.say("拍好了你看", attachments=[talk.bot.shop.uploads.put(talk.sender, picture()).id]).has("换货", "质量")
    talk.say("确认").has("换货", "AS")
    talk.say(f"{scene.number('lines')}少发了一个东西").has("哪一件")
    talk.say("马克杯").has("补发", "山居陶瓷马克杯")
    talk.say("对").has("补发", "AS")
    assert len(talk.say("收到的杯子碎了").cards) == 2
    talk.say("第一个").has("山居陶瓷马克杯").offers("退货", "换货", "退款")
    talk.say("退钱就行").has("照片").offers("没有照片")
    talk.say("没拍照片").has("退款", "¥39", "不用寄回")
    talk.say("嗯").has("退款", "AS", "¥39")
    assert len(talk.say("声悦入门蓝牙耳机发错货了").cards) == 2
    talk.say("第一个").offers("退货", "换货", "退款")
    talk.press("换货").has("照片")
    talk.press("没有照片").has("换货", "发错货")
    talk.say("可以").has("换货", "AS")


def ask_about_cases(talk: Talk, scene: Scene) -> None:
    assert len(talk.say("退款到哪一步了").cards) == 2
    talk.say("最后一个").has("退货", "青禾碎花连衣裙", "审核")
    assert len(talk.say("售后进度").cards) == 5
    talk.say("第三个").has("补发", "山居陶瓷马克杯", "审核")
    talk.say("换货的那个不换了 帮我撤销").has("售后单")
    talk.say("第四个").has("撤销", "云步轻便跑鞋").offers("确认")
    talk.say("嗯").has("已经撤销")


def ask_for_invoices(talk: Talk, scene: Scene) -> None:
    talk.say(f"{scene.number('old')}给我开个发票").has("抬头").offers("个人")
    talk.press("个人").has("¥299", "个人")
    talk.say("对的").has("¥299")
    talk.say(f"{scene.number('worn')}也要开发票").has("抬头")
    talk.say(COMPANY).has("税号")
    talk.say("税号12345678").has("税号")
    talk.say(TAX).has(COMPANY, TAX, "¥259")
    talk.say("确认").has(COMPANY, "¥259")
    talk.say("看下我的发票").has(scene.number("old"), scene.number("worn"), COMPANY)


def leave(talk: Talk, scene: Scene) -> None:
    talk.say("我是什么会员 有多少积分").has("银卡会员", "320")
    talk.say("有优惠券领吗").has("满 ¥200 减 ¥30")
    place = f"第 {len(scene.shop.handoffs.waiting('any')) + 1} 位"
    talk.say("转人工").has(place)
    talk.say("人工呢 怎么还没来").has(place)
    talk.say("不等了").has("退出")
    talk.say("谢了 拜拜")


def _until(talk: Talk, replies: dict[str, str], wanted: str) -> None:
    """Answer whatever is asked, until the confirmation shows."""
    for _ in range(len(replies)):
        asked = talk.turns[-1].text
        reply = next((reply for question, reply in replies.items() if question in asked), None)
        if reply is None:
            break
        talk.say(reply)
    talk.turns[-1].has(wanted).offers("确认")


def _expected(scene: Scene, name: str) -> Any:
    stock = scene.shop.stock.availability(scene.products[name].code, size="43")
    assert stock.restock_at is not None
    return stock.restock_at


def picture() -> bytes:
    """A photo on which something is to be seen."""
    photo, out = Image.new("RGB", (640, 480), (200, 190, 180)), io.BytesIO()
    drawn = ImageDraw.Draw(photo)
    drawn.rounded_rectangle((140, 180, 520, 330), 60, fill=(40, 60, 120), outline="black", width=6)
    for at in range(160, 500, 20):
        drawn.line((at, 190, at + 40, 320), fill=(230, 120, 60), width=4)
    photo.save(out, "JPEG")
    return out.getvalue()


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_walk_through_all_flows_changes_what_it_should_and_nothing_else(bot: BotServer, scene: Scene):
    before = snapshot(bot.shop.database)
    talk = bot.customer(scene.customer)
    for part in (
        look_around,
        cancel_one,
        follow_parcels,
        change_orders,
        open_cases,
        ask_about_cases,
        ask_for_invoices,
        leave,
    ):
        part(talk, scene)
    assert len(talk.turns) >= TURNS
    changes = difference(before, snapshot(bot.shop.database))

    assert set(changes) == TALKING | {
        "orders", "order_line", "order_change", "payment", "stock", "stock_movement", "aftersale_case", "case_event",
        "case_proof", "upload", "invoice", "coupon", "customer_coupon", "handoff", "handoff_step", "talk_signal",
    }  # fmt: skip
    assert [name for name, change in changes.items() if change.removed] == []
    the_orders_changed(changes, scene)
    the_cases_are_there(changes, scene)
    the_papers_are_there(changes, scene)
    the_talk_is_kept(changes, talk, scene)


def the_orders_changed(changes: dict[str, Any], scene: Scene) -> None:
    orders, ids = changes["orders"], {role: (order.id,) for role, order in scene.orders.items()}
    assert not orders.added
    assert set(orders.changed) == {ids["dress"], ids["shoes"], ids["mugs"]}
    dress, shoes, mugs = (orders.changed[ids[role]] for role in ("dress", "shoes", "mugs"))
    assert set(dress) == {"state", "cancelled_at", "cancel_reason", "version"}
    assert (dress["state"][1], dress["cancel_reason"][1]) == (OrderState.CANCELLED.value, "unwanted")
    assert set(shoes) == {"district", "receiver_sealed", "note_sealed", "deliver_on", "version"}
    assert shoes["district"] == ("西湖区", "余杭区")
    receiver = scene.shop.cipher.open_json(shoes["receiver_sealed"][1])
    assert receiver == {"name": NAME, "phone": PHONE, "street": NEW_STREET}
    assert scene.shop.cipher.open(shoes["note_sealed"][1]) == "放丰巢柜"
    assert "周六下午" in shoes["deliver_on"][1]
    assert {name: mugs[name] for name in mugs if name != "version"} == {
        "goods_fen": (11700, 7800), "total_fen": (11700, 7800),
    }  # fmt: skip

    (line,) = changes["order_line"].changed.values()
    green = scene.products["mug"].skus[1]
    assert (line["quantity"], line["spec"], line["sku_id"][1]) == ((3, 2), ("白色", "绿色"), green.id)
    trail = [(row["order_id"], row["kind"]) for row in changes["order_change"].added.values()]
    roles = [("dress", "cancel"), ("moving", "urge"), ("stuck", "investigate"), ("shoes", "address"), ("shoes", "note"),
             ("shoes", "schedule"), ("mugs", "line"), ("mugs", "line")]  # fmt: skip
    assert sorted(trail) == sorted((scene.orders[role].id, kind) for role, kind in roles)

    refunds = {row["refunded_fen"] for row in changes["payment"].changed.values()}
    assert refunds == {(0, 12900), (0, 3900)}
    moved = {key[0]: row["reserved"][1] - row["reserved"][0] for key, row in changes["stock"].changed.items()}
    stock = {row.sku_id: row.id for row in _stock(scene)}
    assert moved == {
        stock[scene.products["dress"].skus[0].id]: -1,
        stock[scene.products["mug"].skus[0].id]: -3,
        stock[green.id]: 2,
    }


def the_cases_are_there(changes: dict[str, Any], scene: Scene) -> None:
    roles = {order.id: role for role, order in scene.orders.items()}
    cases = {roles[row["order_id"]]: row for row in changes["aftersale_case"].added.values()}
    assert {role: (row["kind"], row["reason"], row["quantity"], row["amount_fen"]) for role, row in cases.items()} == {
        "two": (CaseKind.RETURN.value, "wrong_size", 1, 12900),
        "worn": (CaseKind.EXCHANGE.value, "quality", 1, 0),
        "lines": (CaseKind.RESEND.value, "missing_item", 1, 0),
        "broken": (CaseKind.REFUND.value, "damaged", 1, 3900),
        "wrong": (CaseKind.EXCHANGE.value, "wrong_item", 1, 0),
    }
    assert {role for role, row in cases.items() if row["state"] != CaseState.SUBMITTED.value} == {"worn"}
    assert cases["worn"]["state"] == CaseState.WITHDRAWN.value
    assert cases["lines"]["order_line_id"] == scene.orders["lines"].lines[0].id
    assert scene.shop.cipher.open(cases["broken"]["description_sealed"]) == "收到的杯子碎了"
    (proof,) = changes["case_proof"].added.values()
    assert proof["case_id"] == cases["worn"]["id"]
    assert len(changes["case_event"].added) == len(cases) + 1


def the_papers_are_there(changes: dict[str, Any], scene: Scene) -> None:
    opened = scene.shop.cipher.open
    papers = {row["order_id"]: row for row in changes["invoice"].added.values()}
    assert set(papers) == {scene.orders["old"].id, scene.orders["worn"].id}
    personal, company = papers[scene.orders["old"].id], papers[scene.orders["worn"].id]
    assert (personal["kind"], personal["amount_fen"], personal["tax_number_sealed"]) == ("personal", 29900, None)
    assert (company["kind"], company["amount_fen"]) == ("company", 25900)
    assert (opened(company["title_sealed"]), opened(company["tax_number_sealed"])) == (COMPANY, TAX)
    (coupon,) = changes["coupon"].changed.values()
    assert coupon == {"claimed": (0, 1)}
    (held,) = changes["customer_coupon"].added.values()
    assert held["customer_id"] == scene.customer.id
    (handoff,) = changes["handoff"].added.values()
    assert (handoff["state"], handoff["customer_id"]) == ("closed", scene.customer.id)


def the_talk_is_kept(changes: dict[str, Any], talk: Talk, scene: Scene) -> None:
    messages = list(changes["message"].added.values())
    assert {row["sender_id"] for row in messages} == {talk.sender}
    assert len([row for row in messages if row["direction"] == "in"]) == len(talk.turns)
    assert not changes["message"].changed
    made = Counter(row["operation"] for row in changes["idempotency_key"].added.values())
    assert made == Counter(
        cancel=1, change_address=1, add_note=1, schedule=1, modify_line=2, urge=2, investigate=1, open_case=5,
        withdraw_case=1, request_invoice=2, claim=1,
    )  # fmt: skip
    (conversation,) = changes["conversation"].added.values()
    assert (conversation["owner_id"], conversation["linked_id"]) == (scene.customer.id, None)
    dump = repr(changes)
    assert [secret for secret in SECRETS if secret in dump] == []


def _stock(scene: Scene) -> list[Any]:
    from sqlalchemy import select

    from shop.models import Stock

    with scene.shop.database.read() as session:
        return list(session.execute(select(Stock)).scalars())
