"""The simulators by channel, each with the class that credentials.yml names."""

from __future__ import annotations

from tests.fakes.dingtalk import FakeDingTalk
from tests.fakes.feishu import FakeFeishu
from tests.fakes.wechat import FakeWeChat
from tests.fakes.wecom import FakeWeCom, FakeWeComKf
from tests.fakes.western import FakeSlack, FakeTelegram

FAKES = {
    "wechat": ("bot.channels.wechat.WeChatInput", FakeWeChat),
    "wecom": ("bot.channels.wecom.WeComInput", FakeWeCom),
    "wecom_kf": ("bot.channels.wecom_kf.WeComKfInput", FakeWeComKf),
    "dingtalk": ("bot.channels.dingtalk.DingTalkInput", FakeDingTalk),
    "feishu": ("bot.channels.feishu.FeishuInput", FakeFeishu),
    "telegram": ("bot.channels.telegram.TelegramInput", FakeTelegram),
    "slack": ("bot.channels.slack.SlackInput", FakeSlack),
}
