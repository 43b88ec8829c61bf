"""A simulated Feishu: encrypted and signed events, interactive cards, uuid against doubles."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from aiohttp import web

from bot.channels.crypt import feishu_encrypt, feishu_signature
from tests.fakes.platform import Delivery, FakePlatform, Sent

SECRETS = {
    "app_secret": "secret-feishu-0123456789",
    "verification_token": "secret-verification-token",
    "encrypt_key": "secret-encrypt-key",
}


class FakeFeishu(FakePlatform):
    limit_s = 3.0

    def __init__(self) -> None:
        super().__init__()
        self.uuids: set[str] = set()

    def credentials(self) -> dict[str, Any]:
        return {"app_id": "cli_1", **SECRETS, "api_url": self.url, "retry_s": 0.2}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/open-apis/auth/v3/tenant_access_token/internal", self._token),
            web.post("/open-apis/im/v1/messages", self._send),
            web.post("/open-apis/im/v1/images", self._upload),
            web.get("/open-apis/im/v1/messages/{message}/resources/{key}", self._resource),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked != {"app_id": "cli_1", "app_secret": SECRETS["app_secret"]}:
            return web.json_response({"code": 10014})
        return web.json_response({"code": 0, "tenant_access_token": self.new_token(), "expire": int(self.token_life_s)})

    def _is_known(self, request: web.Request) -> bool:
        good = self.token_is_good(request.headers.get("Authorization", "").removeprefix("Bearer "))
        self.calls.append((request.path, 0 if good else 99991663))
        return good

    async def _send(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"code": 99991663}, status=400)
        message = await request.json()
        assert request.query["receive_id_type"] == "open_id"
        if message["uuid"] not in self.uuids:  # a second one within the hour is taken and not shown
            self.uuids.add(message["uuid"])
            self.note(self._shown(message["receive_id"], message["msg_type"], json.loads(message["content"])))
        return web.json_response({"code": 0, "data": {"message_id": "om_x"}})

    async def _upload(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"code": 99991663}, status=400)
        assert (await request.post())["image_type"] == "message"
        return web.json_response({"code": 0, "data": {"image_key": await self.take_picture(request, "image")}})

    async def _resource(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"code": 99991663}, status=400)
        return web.Response(body=self.media[request.match_info["key"]], content_type="image/png")

    def _shown(self, to: str, kind: str, content: dict[str, Any]) -> Sent:
        if kind != "image":
            return _shown(to, kind, content)
        return Sent(to, content, "", picture=self.media[content["image_key"]])

    def message(self, customer: str, kind: str, **content: Any) -> dict[str, Any]:
        at = str(int(time.time() * 1000))
        message_id = f"om_{next(self.ids)}"
        return {
            "schema": "2.0",
            "header": self._header("im.message.receive_v1"),
            "event": {
                "sender": {"sender_id": {"open_id": customer}, "sender_type": "user"},
                "message": {
                    "message_id": message_id, "chat_type": "p2p", "message_type": kind, "create_time": at,
                    "content": json.dumps(content),
                },
            },
        }  # fmt: skip

    def _header(self, kind: str) -> dict[str, Any]:
        at = str(int(time.time() * 1000))
        token = SECRETS["verification_token"]
        return {"event_id": f"ev{next(self.ids)}", "event_type": kind, "create_time": at, "token": token}

    def prove(self, **more: Any) -> Delivery:
        token = more.get("token", SECRETS["verification_token"])
        event = {"type": "url_verification", "challenge": "echo-123", "token": token}
        return self.run(self.deliver_once(lambda: self.sealed(event)))

    def say(self, customer: str, text: str, **_: Any) -> Delivery:
        return self.push(self.message(customer, "text", text=text))

    def show(self, customer: str, picture: bytes) -> Delivery:
        key = f"img_{next(self.ids)}"
        self.media[key] = picture
        return self.push(self.message(customer, "image", image_key=key))

    def follow(self, customer: str, code: str = "") -> Delivery:
        return self.say(customer, code or "你好")

    def press(self, customer: str, title: str) -> Delivery:
        for one in reversed(self.to(customer)):
            if title in one.buttons:
                event = {"operator": {"open_id": customer}, "action": {"tag": "button", "value": one.buttons[title]}}
                header = self._header("card.action.trigger")
                return self.push({"schema": "2.0", "header": header, "event": event})
        raise AssertionError(title)

    def push(self, message: dict[str, Any], **sealed: Any) -> Delivery:
        return self.run(self.deliver(lambda: self.sealed(message, **sealed), lambda status, _: status == 200))

    def sealed(self, event: dict[str, Any], at: float | None = None, token: str = SECRETS["encrypt_key"]) -> Any:
        body = json.dumps({"encrypt": feishu_encrypt(SECRETS["encrypt_key"], json.dumps(event).encode())}).encode()
        stamp, nonce = str(int(at or time.time())), secrets.token_hex(5)
        headers = {
            "X-Lark-Request-Timestamp": stamp, "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": feishu_signature(stamp, nonce, token, body), "Content-Type": "application/json",
        }  # fmt: skip
        return "POST", {"data": body, "headers": headers}


def _shown(to: str, kind: str, content: dict[str, Any]) -> Sent:
    if kind == "text":
        return Sent(to, content, content["text"])
    words, buttons = [], {}
    for element in content["elements"]:
        if element["tag"] == "div":
            words.append(element["text"]["content"])
        for one in element.get("actions", []):
            buttons[one["text"]["content"]] = one["value"]
    return Sent(to, content, "\n".join([*words, *buttons]), buttons)
