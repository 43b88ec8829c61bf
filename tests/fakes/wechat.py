"""A simulated WeChat: signs, encrypts, redelivers, counts, and refuses as the real one does."""

from __future__ import annotations

import secrets
import time
from typing import Any

from aiohttp import web

from bot.channels.crypt import WeChatCrypt, wechat_signature
from bot.channels.flat_xml import read_xml, write_xml
from tests.fakes.platform import Delivery, FakePlatform, Sent

APP_ID = "wx1234567890abcdef"
SECRETS = {
    "app_secret": "secret-app-0123456789abcdef",
    "token": "secret-token-abc",
    "encoding_aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}


class FakeWeChat(FakePlatform):
    """``mode`` is plain, compatible or aes."""

    def __init__(self, mode: str = "aes") -> None:
        super().__init__()
        self.mode = mode
        self.crypt = WeChatCrypt(SECRETS["token"], SECRETS["encoding_aes_key"], APP_ID)
        self.menu: Any = None
        self.closes: dict[str, float] = {}  # customer → end of their window
        self.stable, self.stable_end = "", 0.0  # the token that is given until it ends
        self.forced: list[float] = []  # moments at which a new one was made by force
        self.force_every_s, self.forces = 30.0, 20

    def credentials(self) -> dict[str, Any]:
        given = {"app_id": APP_ID, **SECRETS, "api_url": self.url, "retry_s": 0.2, "mode": self.mode}
        if self.mode == "plain":
            given.pop("encoding_aes_key")
        return given

    # The API

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/cgi-bin/stable_token", self._token),
            web.post("/cgi-bin/message/custom/send", self._send),
            web.post("/cgi-bin/menu/create", self._menu),
            web.get("/cgi-bin/media/get", self._media),
            web.post("/cgi-bin/media/upload", self._upload),
        ]

    def _answer(self, request: web.Request, code: int, **more: Any) -> web.Response:
        self.calls.append((request.path, code))
        return web.json_response({"errcode": code, "errmsg": "", **more})

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked.get("appid") != APP_ID or asked.get("secret") != SECRETS["app_secret"]:
            return self._answer(request, 40125)
        now, by_force = time.monotonic(), asked.get("force_refresh") is True
        if by_force and len(self.forced) >= self.forces:
            return self._answer(request, 45009)
        if by_force and (not self.forced or now - self.forced[-1] >= self.force_every_s):
            self.tokens[self.stable] = 0.0
            self.forced.append(now)
            self.stable = ""
        if not self.stable or self.stable_end - now < 300:
            self.stable, self.stable_end = self.new_token(), now + self.token_life_s
        return self._answer(request, 0, access_token=self.stable, expires_in=int(self.stable_end - now))

    def expire_tokens(self) -> None:
        super().expire_tokens()
        self.stable = ""

    def revoke_tokens(self) -> None:
        """No token is taken any more, and the platform goes on giving the one of before."""
        super().expire_tokens()

    async def _send(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        message = await request.json()
        to = message["touser"]
        if self.closes.get(to, 0.0) < time.monotonic():
            return self._answer(request, 45015)
        if self.room[to] < 1:
            self.too_many += 1
            return self._answer(request, 45047)
        shown = self._shown(message)
        if len(shown.text.encode()) > 2048:
            return self._answer(request, 45002)
        self.room[to] -= 1
        self.note(shown)
        return self._answer(request, 0)

    async def _upload(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        assert request.query["type"] == "image"
        return self._answer(request, 0, media_id=await self.take_picture(request, "media"))

    async def _menu(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        self.menu = await request.json()
        return self._answer(request, 0)

    async def _media(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        found = self.media.get(request.query.get("media_id", ""))
        if found is None:
            return self._answer(request, 40007)
        self.calls.append((request.path, 0))
        return web.Response(body=found, content_type="image/png")

    def _shown(self, message: dict[str, Any]) -> Sent:
        if message["msgtype"] != "image":
            return _shown(message)
        return Sent(message["touser"], message, "", picture=self.media[message["image"]["media_id"]])

    # What customers do

    def message(self, customer: str, kind: str, **fields: Any) -> dict[str, Any]:
        """A message as WeChat words it; ``MsgId`` and ``CreateTime`` can be given."""
        made = {"ToUserName": "gh_shop", "FromUserName": customer, "CreateTime": int(time.time()), "MsgType": kind}
        if kind != "event":
            made["MsgId"] = str(next(self.ids))
        return {**made, **fields}

    def say(self, customer: str, text: str, **fields: Any) -> Delivery:
        return self.push(self.message(customer, "text", Content=text, **fields))

    def show(self, customer: str, picture: bytes) -> Delivery:
        media_id = f"m{next(self.ids)}"
        self.media[media_id] = picture
        return self.push(self.message(customer, "image", PicUrl=f"{self.url}/p", MediaId=media_id))

    def event(self, customer: str, event: str, key: str = "", **fields: Any) -> Delivery:
        return self.push(self.message(customer, "event", Event=event, EventKey=key, **fields))

    def follow(self, customer: str, code: str = "") -> Delivery:
        return self.event(customer, "subscribe", f"qrscene_{code}" if code else "")

    def press(self, customer: str, title: str) -> Delivery:
        """Press an option of the newest menu that shows it."""
        for one in reversed(self.to(customer)):
            if title in one.buttons:
                return self.push(self.message(customer, "text", Content=title, bizmsgmenuid=one.buttons[title]))
        raise AssertionError(f"{title} is on no button of {[one.buttons for one in self.to(customer)]}")

    def push(self, message: dict[str, Any], **sealed: Any) -> Delivery:
        """Deliver, three times if need be; ``room`` opens at the first."""
        self.open(message)
        return self.run(self.deliver(lambda: self.sealed(message, **sealed), self.taken))

    def open(self, message: dict[str, Any]) -> None:
        to, now = message["FromUserName"], time.monotonic()
        if message["MsgType"] == "event":
            if message["Event"].lower() in ("subscribe", "scan", "click"):
                self.room[to] = max(self.room[to], 3)
                self.closes[to] = max(self.closes.get(to, 0), now + 60)
        else:
            self.room[to], self.closes[to] = 5, now + 48 * 3600

    def taken(self, status: int, body: str) -> bool:
        return status == 200 and (body in ("success", "") or body.startswith("<xml>"))

    def sealed(
        self, message: dict[str, Any], at: int | None = None, token: str = SECRETS["token"], nonce: str = ""
    ) -> tuple[str, dict[str, Any]]:
        """The request of a callback: signed, encrypted as the mode wants."""
        stamp, nonce = str(at or int(time.time())), nonce or secrets.token_hex(5)
        query = {"timestamp": stamp, "nonce": nonce, "signature": wechat_signature(token, stamp, nonce)}
        xml = write_xml(message)
        if self.mode != "plain":
            encrypted = self.crypt.encrypt(xml.encode())
            query["msg_signature"] = wechat_signature(token, stamp, nonce, encrypted)
            query["encrypt_type"] = "aes"
            outer = {"ToUserName": message["ToUserName"], "Encrypt": encrypted}
            xml = write_xml({**message, **outer} if self.mode == "compatible" else outer)
        return "POST", {"params": query, "data": xml.encode()}

    def prove(self, **more: Any) -> Delivery:
        """The console's check of the address."""
        _, request = self.sealed({"ToUserName": "", "FromUserName": "", "MsgType": "text"}, **more)
        params = {**request["params"], "echostr": "echo-123"}
        return self.run(self.deliver_once(lambda: ("GET", {"params": params})))

    def passive_words(self, delivery: Delivery) -> str:
        """The text of a passive answer."""
        outer = read_xml(delivery.body.encode())
        if "Encrypt" in outer:
            parts = (SECRETS["token"], outer["TimeStamp"], outer["Nonce"], outer["Encrypt"])
            assert outer["MsgSignature"] == wechat_signature(*parts)
            outer = read_xml(self.crypt.decrypt(outer["Encrypt"]))
        return str(outer["Content"])


def _shown(message: dict[str, Any]) -> Sent:
    kind, to = message["msgtype"], message["touser"]
    if kind == "text":
        return Sent(to, message, message["text"]["content"])
    if kind == "msgmenu":
        menu = message["msgmenu"]
        buttons = {one["content"]: one["id"] for one in menu["list"]}
        return Sent(to, message, "\n".join([menu["head_content"], *buttons]), buttons)
    if kind == "news":
        (article,) = message["news"]["articles"]  # more than one is refused since 2018
        return Sent(to, message, article["description"])
    assert kind == "miniprogrampage", kind
    return Sent(to, message, message["miniprogrampage"]["title"])
