"""Messages as each platform words them, for tests that speak to all of them alike."""

from __future__ import annotations

from typing import Any


def said(channel: str, text: str) -> dict[str, Any]:
    """The fields of a text message."""
    if channel == "dingtalk":
        return {"text": {"content": text}}
    return {("text" if channel in ("feishu", "telegram", "slack") else "Content"): text}


def callback_of(channel: str, platform: Any, customer: str, text: str) -> dict[str, Any]:
    """What a platform would deliver for a message; WeChat customer service only says that there is one."""
    if channel == "wecom_kf":
        return {"MsgType": "event", "Event": "kf_msg_or_event", "Token": "t", "OpenKfId": "wkShop", "CreateTime": 1}
    made: dict[str, Any] = platform.message(customer, "text", **said(channel, text))
    return made


def written_at(channel: str, platform: Any, customer: str, text: str, at: float) -> dict[str, Any]:
    """A message that the customer wrote at this moment (seconds since 1970), however late it comes."""
    if channel == "wecom_kf":
        made: dict[str, Any] = {**platform.message(customer, "text", content=text), "send_time": int(at)}
        return made
    if channel in ("wechat", "wecom"):
        return dict(platform.message(customer, "text", Content=text, CreateTime=int(at)))
    made = platform.message(customer, "text", **said(channel, text))
    if channel == "dingtalk":
        made["createAt"] = int(at * 1000)
    elif channel == "feishu":
        made["event"]["message"]["create_time"] = str(int(at * 1000))
    elif channel == "telegram":
        made["message"]["date"] = int(at)
    else:
        made["event"]["ts"] = str(at)
    return made


def post_once(platform: Any, message: dict[str, Any], **sealed: Any) -> Any:
    """Deliver a callback once, whatever comes back."""
    return platform.run(platform.deliver_once(lambda: platform.sealed(message, **sealed)))
