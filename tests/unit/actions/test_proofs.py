"""Pictures at the after-sale form's question for a proof: kept for people to judge by, never looked up as goods."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image, ImageFilter
from sqlalchemy import select

from actions.aftersale import CaseForm, StartCase, SubmitCase
from actions.faq import Faq
from shop.errors import NotFound
from shop.models import CaseProof
from shop.states import OrderState
from tests.unit.actions.fakes import entity, run, tracker
from tests.unit.actions.test_pictures import TALK, sent
from vision.finder import wire_finder

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ASKED = "utter_question_case_proof"


class NeverLooks:
    """An eye that no proof may reach."""

    def find(self, *_given, **_more):
        raise AssertionError("a proof was looked up as a product")


@pytest.fixture
def state(shop, build):
    """The form's state when it has asked for a picture of what is broken."""
    wire_finder(shop, NeverLooks())
    customer = build.customer()
    shop.identity.link(TALK, customer.id, "web")
    product = build.product("茶壶", stock=5)
    number = build.order(customer, product.skus[0], state=OrderState.DELIVERED).number
    line = shop.orders.get(customer.id, number).lines[0].id
    return {
        "case_order": number, "case_kind": "refund", "case_line": line, "case_reason": "damaged", "case_quantity": 1,
        "case_wanted": None, "case_proof": None, "case_story": "收到就是碎的", "confirm": None,
        "requested_slot": "case_proof",
    }  # fmt: skip


def at_proof(state, *pictures, text="[图片]", intent="search_by_image", **more):
    return tracker(text, intent, slots=state, form="case_form", attachments=pictures, **more)


def blurred(shop):
    pixels = np.kron(np.random.default_rng(3).integers(90, 160, (4, 4, 3)), np.ones((80, 80, 1))).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(30)).save(out, "JPEG", quality=90)
    return shop.uploads.put(TALK, out.getvalue()).id


def test_a_picture_at_the_question_for_one_becomes_a_proof_of_the_case(shop, state):
    photo = sent(shop, 1)
    said = run(CaseForm(shop), at_proof(state, photo))
    assert (said.slots["case_proof"], said.slots["requested_slot"]) == ([photo], "confirm")
    opened = run(SubmitCase(shop), tracker("确认", "affirm", slots={**state, **said.slots, "confirm": True}))
    assert "utter_case_opened_refund" in opened.names
    with shop.database.read() as session:
        assert session.execute(select(CaseProof.upload_id)).scalars().all() == [photo]


def test_a_blurred_proof_is_refused_with_the_sentence_and_asked_for_again(shop, state):
    said = run(CaseForm(shop), at_proof(state, blurred(shop)))
    assert said.names == ["utter_image_blurred", ASKED]
    assert (said.slots["case_proof"], said.slots["requested_slot"]) == (None, "case_proof")


def test_the_clear_one_of_two_proofs_is_kept(shop, state):
    photo = sent(shop, 1)
    said = run(CaseForm(shop), at_proof(state, blurred(shop), photo))
    assert said.names[0] == "utter_image_blurred"
    assert (said.slots["case_proof"], said.slots["requested_slot"]) == ([photo], "confirm")


def test_an_indecent_proof_is_refused_and_deleted_and_asked_for_again(shop, state):
    shop.settings = dataclasses.replace(shop.settings, unsafe_pictures_from=0.000001)
    photo = sent(shop, 1)
    said = run(CaseForm(shop), at_proof(state, photo))
    assert said.names == ["utter_image_unsafe", ASKED]
    assert (said.slots["case_proof"], said.slots["requested_slot"]) == (None, "case_proof")
    with pytest.raises(NotFound):
        shop.uploads.get(photo)


def test_a_question_in_between_is_answered_and_the_form_takes_the_picture_afterwards(shop, state):
    asks = {"text": "包邮吗", "intent": "ask_shipping_fee"}
    left = run(CaseForm(shop), at_proof(state, **asks))
    assert (left.messages, left.slots) == ([], {})  # Rasa lets the rules have such a turn
    answered = run(Faq(shop), at_proof(state, **asks))
    assert answered.messages
    assert answered.next == "case_form"
    again = run(CaseForm(shop), at_proof({**state, **answered.slots}, **asks, rejected=True))
    assert again.names == [ASKED]
    photo = sent(shop, 1)
    said = run(CaseForm(shop), at_proof({**state, **answered.slots, **again.slots}, photo))
    assert (said.slots["case_proof"], said.slots["requested_slot"]) == ([photo], "confirm")


def test_a_blurred_photo_that_comes_with_the_complaint_is_no_proof_and_one_is_asked_for(shop, state):
    photos = [blurred(shop)]
    words = tracker("收到就是碎的", "damaged_item", entity("reason", "damaged", "碎的"), attachments=photos)
    begun = run(StartCase(shop), words)
    assert begun.names == ["utter_image_blurred"]
    assert begun.slots["case_proof"] is None
    started = run(CaseForm(shop), tracker("收到就是碎的", "damaged_item", slots=begun.slots, attachments=photos))
    assert "utter_image_blurred" not in started.names
    assert started.slots.get("case_proof") is None


def test_a_second_case_of_the_same_goods_is_told_that_one_is_open(shop, state):
    slots = {**state, "confirm": True}
    run(SubmitCase(shop), tracker("确认", "affirm", slots={**slots, "case_proof": []}))
    again = run(StartCase(shop), tracker("我要退货", "return_goods"))
    assert again.names == ["utter_error_already_open"], "the window is not over"
