"""Simulated Telegram and Slack."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.channels.crypt import slack_signature
from tests.fakes.platform import Delivery, FakePlatform, Sent

TELEGRAM = {"access_token": "110201543:secret-telegram", "webhook_secret": "secret-webhook"}
SLACK = {"slack_token": "xoxb-secret-slack", "slack_signing_secret": "secret-signing"}


class FakeTelegram(FakePlatform):
    def credentials(self) -> dict[str, Any]:
        return {**TELEGRAM, "api_url": self.url, "retry_s": 0.2}

    def routes(self) -> list[web.RouteDef]:
        base = "/bot{token}"
        return [
            web.post(f"{base}/sendMessage", self._send),
            web.post(f"{base}/getFile", self._find),
            web.post(f"{base}/sendPhoto", self._photo),
            web.get("/file/bot{token}/{file}", self._file),
        ]

    def _check(self, request: web.Request) -> None:
        if request.match_info["token"] != TELEGRAM["access_token"]:
            raise web.HTTPUnauthorized

    async def _send(self, request: web.Request) -> web.Response:
        self._check(request)
        message = await request.json()
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = {one["text"]: one["callback_data"] for row in rows for one in row}
        self.note(Sent(str(message["chat_id"]), message, "\n".join([message["text"], *buttons]), buttons))
        self.calls.append((request.path.rpartition("/")[2], 0))
        return web.json_response({"ok": True, "result": {}})

    async def _photo(self, request: web.Request) -> web.Response:
        self._check(request)
        to, picture = str((await request.post())["chat_id"]), await self.take_picture(request, "photo")
        self.note(Sent(to, {}, "", picture=self.media[picture]))
        return web.json_response({"ok": True, "result": {}})

    async def _find(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response({"ok": True, "result": {"file_path": (await request.json())["file_id"]}})

    async def _file(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.Response(body=self.media[request.match_info["file"]])

    def message(self, customer: str, kind: str, **fields: Any) -> dict[str, Any]:
        person = {"id": int(customer), "is_bot": False}
        made = {"from": person, "chat": {"id": int(customer), "type": "private"}, "date": int(time.time()), **fields}
        return {"update_id": next(self.ids), "message": made}

    def say(self, customer: str, text: str, **_: Any) -> Delivery:
        return self.push(self.message(customer, "text", text=text))

    def show(self, customer: str, picture: bytes) -> Delivery:
        file = f"f{next(self.ids)}"
        self.media[file] = picture
        return self.push(
            self.message(customer, "photo", photo=[{"file_id": "small"}, {"file_id": file, "file_size": 9}])
        )

    def follow(self, customer: str, code: str = "") -> Delivery:
        return self.say(customer, f"/start {code}".strip())

    def press(self, customer: str, title: str) -> Delivery:
        for one in reversed(self.to(customer)):
            if title in one.buttons:
                pressed = {
                    "id": "p1",
                    "from": {"id": int(customer)},
                    "message": {"chat": {"id": int(customer), "type": "private"}},
                }
                return self.push(
                    {"update_id": next(self.ids), "callback_query": {**pressed, "data": one.buttons[title]}}
                )
        raise AssertionError(title)

    def push(self, message: dict[str, Any], **sealed: Any) -> Delivery:
        return self.run(self.deliver(lambda: self.sealed(message, **sealed), lambda status, _: status == 200))

    def sealed(self, update: dict[str, Any], token: str = TELEGRAM["webhook_secret"]) -> Any:
        return "POST", {"json": update, "headers": {"X-Telegram-Bot-Api-Secret-Token": token}}


class FakeSlack(FakePlatform):
    limit_s = 3.0

    def __init__(self) -> None:
        super().__init__()
        self.lengths: dict[str, int] = {}

    def credentials(self) -> dict[str, Any]:
        return {**SLACK, "api_url": self.url, "retry_s": 0.2}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/chat.postMessage", self._send),
            web.get("/files/{file}", self._file),
            web.post("/api/files.getUploadURLExternal", self._place),
            web.post("/upload/{file}", self._put),
            web.post("/api/files.completeUploadExternal", self._complete),
        ]

    def _is_known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {SLACK['slack_token']}"

    async def _send(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"ok": False, "error": "invalid_auth"})
        message = await request.json()
        words, buttons = message["text"], {}
        if message.get("blocks"):
            words = message["blocks"][0]["text"]["text"]
            buttons = {one["text"]["text"]: one["value"] for one in message["blocks"][1]["elements"]}
        self.calls.append((request.path, 0))
        self.note(Sent(message["channel"].removeprefix("D"), message, "\n".join([words, *buttons]), buttons))
        return web.json_response({"ok": True})

    async def _file(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.Response(status=401)
        return web.Response(body=self.media[request.match_info["file"]])

    async def _place(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"ok": False, "error": "invalid_auth"})
        form = await request.post()
        file = f"F{next(self.ids)}"
        self.lengths[file] = int(str(form["length"]))
        return web.json_response({"ok": True, "upload_url": f"{self.url}/upload/{file}", "file_id": file})

    async def _put(self, request: web.Request) -> web.Response:
        raw = await request.read()
        assert len(raw) == self.lengths[request.match_info["file"]]
        self.media[request.match_info["file"]] = raw
        return web.Response(text="OK")

    async def _complete(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.json_response({"ok": False, "error": "invalid_auth"})
        asked = await request.json()
        for one in asked["files"]:
            self.note(Sent(asked["channel_id"].removeprefix("D"), asked, "", picture=self.media[one["id"]]))
        return web.json_response({"ok": True})

    def message(self, customer: str, kind: str, **fields: Any) -> dict[str, Any]:
        event = {
            "type": "message", "channel_type": "im", "user": customer, "channel": f"D{customer}",
            "ts": str(time.time()), **fields,
        }  # fmt: skip
        return {"type": "event_callback", "event_id": f"Ev{next(self.ids)}", "event": event}

    def prove(self, **more: Any) -> Delivery:
        event = {"type": "url_verification", "challenge": "echo-123"}
        return self.run(self.deliver_once(lambda: self.sealed(event, **more)))

    def say(self, customer: str, text: str, **_: Any) -> Delivery:
        return self.push(self.message(customer, "text", text=text))

    def show(self, customer: str, picture: bytes) -> Delivery:
        file = f"f{next(self.ids)}"
        self.media[file] = picture
        files = [{"mimetype": "image/png", "url_private_download": f"{self.url}/files/{file}"}]
        return self.push(self.message(customer, "file", subtype="file_share", text="", files=files))

    def follow(self, customer: str, code: str = "") -> Delivery:
        return self.say(customer, code or "你好")

    def press(self, customer: str, title: str) -> Delivery:
        for one in reversed(self.to(customer)):
            if title in one.buttons:
                stamp = str(time.time())
                action = {"type": "button", "value": one.buttons[title], "action_ts": stamp, "text": {"text": title}}
                payload = {
                    "type": "block_actions", "user": {"id": customer}, "channel": {"id": f"D{customer}"},
                    "trigger_id": str(next(self.ids)), "actions": [action],
                }  # fmt: skip
                return self.push(payload)
        raise AssertionError(title)

    def push(self, message: dict[str, Any], **sealed: Any) -> Delivery:
        return self.run(self.deliver(lambda: self.sealed(message, **sealed), lambda status, _: status == 200))

    def sealed(self, event: dict[str, Any], at: float | None = None, token: str = SLACK["slack_signing_secret"]) -> Any:
        kind = "application/json"
        body = json.dumps(event).encode()
        if event.get("type") == "block_actions":
            kind, body = "application/x-www-form-urlencoded", urlencode({"payload": json.dumps(event)}).encode()
        stamp = str(int(at or time.time()))
        headers = {
            "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": slack_signature(stamp, token, body),
            "Content-Type": kind,
        }  # fmt: skip
        return "POST", {"data": body, "headers": headers}
