"""A simulated DingTalk: signed callbacks, a webhook for each session, batch send."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.channels.crypt import dingtalk_sign
from tests.fakes.platform import Delivery, FakePlatform, Sent

SECRETS = {"app_secret": "secret-dingtalk-0123456789"}


class FakeDingTalk(FakePlatform):
    def __init__(self) -> None:
        super().__init__()
        self.session_s = 3600.0  # life of a session's webhook
        self.by_webhook = 0

    def credentials(self) -> dict[str, Any]:
        return {"app_key": "dingkey", **SECRETS, "robot_code": "dingrobot", "api_url": self.url, "retry_s": 0.2}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1.0/oauth2/accessToken", self._token),
            web.post("/robot/session/{customer}", self._session),
            web.post("/v1.0/robot/oToMessages/batchSend", self._batch),
            web.post("/v1.0/robot/messageFiles/download", self._download),
            web.get("/files/{code}", self._file),
            web.post("/media/upload", self._upload),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked != {"appKey": "dingkey", "appSecret": SECRETS["app_secret"]}:
            return web.json_response({"code": "invalidClientIdOrSecret"}, status=400)
        return web.json_response({"accessToken": self.new_token(), "expireIn": int(self.token_life_s)})

    def _is_known(self, request: web.Request) -> bool:
        good = self.token_is_good(request.headers.get("x-acs-dingtalk-access-token"))
        self.calls.append((request.path, 0 if good else 401))
        return good

    async def _session(self, request: web.Request) -> web.Response:
        message = await request.json()
        if float(request.query["until"]) < time.time():
            return web.json_response({"errcode": 300001, "errmsg": "session is not exist"})
        self.by_webhook += 1
        self.note(_shown(request.match_info["customer"], message["msgtype"], message[message["msgtype"]]))
        return web.json_response({"errcode": 0})

    async def _batch(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"code": "InvalidAuthentication"}, status=400)
        asked = await request.json()
        assert asked["robotCode"] == "dingrobot"
        name, param = asked["msgKey"], json.loads(asked["msgParam"])
        for one in asked["userIds"]:
            if name == "sampleImageMsg":
                self.note(Sent(one, param, "", picture=self.media[param["photoURL"]]))
            elif name == "sampleText":
                self.note(_shown(one, "text", param))
            elif name == "sampleMarkdown":
                self.note(_shown(one, "markdown", param))
            elif name == "sampleActionCard":
                buttons = [{"title": param["singleTitle"], "actionURL": param["singleURL"]}]
                self.note(_shown(one, "actionCard", {**param, "btns": buttons}))
            else:
                count = int(name.removeprefix("sampleActionCard"))
                buttons = [
                    {"title": param[f"actionTitle{at}"], "actionURL": param[f"actionURL{at}"]}
                    for at in range(1, count + 1)
                ]
                self.note(_shown(one, "actionCard", {**param, "btns": buttons}))
        return web.json_response({"processQueryKey": "k"})

    async def _upload(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return web.json_response({"errcode": 40014})
        return web.json_response({"errcode": 0, "media_id": await self.take_picture(request, "media", "@up")})

    async def _download(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"code": "InvalidAuthentication"}, status=400)
        return web.json_response({"downloadUrl": f"{self.url}/files/{(await request.json())['downloadCode']}"})

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.media[request.match_info["code"]], content_type="image/png")

    def message(self, customer: str, kind: str, **fields: Any) -> dict[str, Any]:
        until = time.time() + self.session_s
        return {
            "msgId": f"msg{next(self.ids)}", "msgtype": kind, "senderId": f"$:{customer}", "senderStaffId": customer,
            "conversationType": "1", "conversationId": f"cid{customer}", "robotCode": "dingrobot",
            "createAt": int(time.time() * 1000), "sessionWebhook": f"{self.url}/robot/session/{customer}?until={until}",
            "sessionWebhookExpiredTime": int(until * 1000), **fields,
        }  # fmt: skip

    def say(self, customer: str, text: str, **fields: Any) -> Delivery:
        return self.push(self.message(customer, "text", text={"content": text}, **fields))

    def show(self, customer: str, picture: bytes) -> Delivery:
        code = f"c{next(self.ids)}"
        self.media[code] = picture
        return self.push(self.message(customer, "picture", content={"downloadCode": code}))

    def follow(self, customer: str, code: str = "") -> Delivery:
        return self.say(customer, code or "你好")

    def press(self, customer: str, title: str) -> Delivery:
        for one in reversed(self.to(customer)):
            if title in one.buttons:
                return self.say(customer, one.buttons[title])
        raise AssertionError(title)

    def push(self, message: dict[str, Any], **sealed: Any) -> Delivery:
        return self.run(self.deliver(lambda: self.sealed(message, **sealed), lambda status, _: status == 200))

    def sealed(self, message: dict[str, Any], at: float | None = None, token: str = SECRETS["app_secret"]) -> Any:
        stamp = str(int((at or time.time()) * 1000))
        headers = {"timestamp": stamp, "sign": dingtalk_sign(stamp, token), "Content-Type": "application/json"}
        return "POST", {"data": json.dumps(message).encode(), "headers": headers}


def _shown(to: str, kind: str, content: dict[str, Any]) -> Sent:
    if kind == "text":
        return Sent(to, content, content["content"])
    if kind == "markdown":
        return Sent(to, content, content["text"].replace("  \n", "\n"))
    buttons = {one["title"]: unquote(one["actionURL"].split("content=")[1]) for one in content["btns"]}
    return Sent(to, content, "\n".join([content["text"].replace("  \n", "\n"), *buttons]), buttons)
