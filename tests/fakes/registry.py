"""The simulators by channel, each with the class that credentials.yml names."""

from __future__ import annotations

from tests.fakes.wechat import FakeWeChat

FAKES = {
    "wechat": ("bot.channels.wechat.WeChatInput", FakeWeChat),
}
