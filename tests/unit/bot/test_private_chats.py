"""Telegram, Slack and DingTalk answer in private only: in a group everybody would read a member's orders."""

from __future__ import annotations

import pytest

from bot.channels import dingtalk, slack, telegram


def on_telegram(kind):
    chat = {"id": 7, "type": kind}
    person = {"id": 7, "is_bot": False}
    return (
        {"update_id": 1, "message": {"from": person, "chat": chat, "date": 1, "text": "hello"}},
        {"update_id": 2, "callback_query": {"from": person, "message": {"chat": chat}, "data": "1"}},
    )


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel", None])
def test_telegram_hears_private_chats_only(kind):
    assert [telegram.arrival_of(one) for one in on_telegram(kind)] == [None, None]
    assert [one.address for one in map(telegram.arrival_of, on_telegram("private"))] == [{"chat": 7}] * 2


def test_dingtalk_hears_single_chats_only():
    said = {"msgId": "m", "senderId": "s", "senderStaffId": "7", "msgtype": "text", "text": {"content": "hello"}}
    kinds = [dingtalk.arrival_of({**said, "conversationId": "c", "conversationType": one}).kind for one in "12"]
    assert kinds == ["text", "ignore"]


def event(**fields):
    return {"event_id": "e", "event": {"type": "message", "user": "U1", "ts": "1", "text": "hello", **fields}}


def test_slack_hears_direct_messages_only():
    assert slack.arrival_of(event(channel_type="im", channel="D1")).address == {"channel": "D1"}
    assert slack.arrival_of(event(channel_type="channel", channel="C1")) is None
    assert slack.arrival_of(event(type="app_mention", channel="C1")) is None


def test_slacks_buttons_work_in_direct_messages_only():
    def pressed(channel):
        action = {"type": "button", "value": "1", "action_ts": "1"}
        return slack.pressed_of({"user": {"id": "U1"}, "channel": {"id": channel}, "actions": [action]})

    assert pressed("D1").choice == "1"
    assert pressed("C1") is None
