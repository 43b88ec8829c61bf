"""A simulated WeCom: an app's messages, and the customer service with its pulled messages."""

from __future__ import annotations

import secrets
import time
from typing import Any

from aiohttp import web

from bot.channels.crypt import WeChatCrypt, wechat_signature
from bot.channels.flat_xml import write_xml
from tests.fakes.platform import Delivery, FakePlatform, Sent

CORP_ID = "ww1234567890abcdef"
SECRETS = {
    "secret": "secret-corp-0123456789abcdef",
    "token": "secret-token-wecom",
    "encoding_aes_key": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq",
}


class _Corp(FakePlatform):
    def __init__(self) -> None:
        super().__init__()
        self.crypt = WeChatCrypt(SECRETS["token"], SECRETS["encoding_aes_key"], CORP_ID)

    def credentials(self) -> dict[str, Any]:
        return {"corp_id": CORP_ID, **SECRETS, "api_url": self.url, "retry_s": 0.2}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/cgi-bin/gettoken", self._token), web.get("/cgi-bin/media/get", self._media),
                web.post("/cgi-bin/media/upload", self._upload)]  # fmt: skip

    def _answer(self, request: web.Request, code: int, **more: Any) -> web.Response:
        self.calls.append((request.path, code))
        return web.json_response({"errcode": code, "errmsg": "", **more})

    async def _token(self, request: web.Request) -> web.Response:
        if (request.query.get("corpid"), request.query.get("corpsecret")) != (CORP_ID, SECRETS["secret"]):
            return self._answer(request, 40001)
        return self._answer(request, 0, access_token=self.new_token(), expires_in=int(self.token_life_s))

    async def _media(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        found = self.media.get(request.query.get("media_id", ""))
        return self._answer(request, 40007) if found is None else web.Response(body=found, content_type="image/png")

    async def _upload(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        assert request.query["type"] == "image"
        return self._answer(request, 0, media_id=await self.take_picture(request, "media"))

    def picture(self, to: str, message: dict[str, Any]) -> Sent:
        return Sent(to, message, "", picture=self.media[message["image"]["media_id"]])

    def sealed(self, message: dict[str, Any], at: int | None = None, token: str = SECRETS["token"]) -> tuple[str, Any]:
        stamp, nonce = str(at or int(time.time())), secrets.token_hex(5)
        encrypted = self.crypt.encrypt(write_xml(message).encode())
        query = {"timestamp": stamp, "nonce": nonce}
        query["msg_signature"] = wechat_signature(token, stamp, nonce, encrypted)
        return "POST", {"params": query, "data": write_xml({"ToUserName": CORP_ID, "Encrypt": encrypted}).encode()}

    def prove(self, **more: Any) -> Delivery:
        stamp, nonce, token = str(more.get("at") or int(time.time())), "n1", more.get("token", SECRETS["token"])
        echo = self.crypt.encrypt(b"echo-123")
        query = {"timestamp": stamp, "nonce": nonce, "echostr": echo}
        query["msg_signature"] = wechat_signature(token, stamp, nonce, echo)
        return self.run(self.deliver_once(lambda: ("GET", {"params": query})))

    def taken(self, status: int, body: str) -> bool:
        return status == 200


class FakeWeCom(_Corp):
    """An app's messages."""

    def credentials(self) -> dict[str, Any]:
        return {**super().credentials(), "agent_id": 1000002}

    def routes(self) -> list[web.RouteDef]:
        return [*super().routes(), web.post("/cgi-bin/message/send", self._send)]

    async def _send(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        message = await request.json()
        if message.get("agentid") != 1000002:
            return self._answer(request, 40056)
        kind, to = message["msgtype"], message["touser"]
        if kind == "template_card":
            card = message["template_card"]
            buttons = {one["text"]: (one["key"], card["task_id"]) for one in card["button_list"]}
            self.note(Sent(to, message, "\n".join([card["sub_title_text"], *buttons]), buttons))
        elif kind == "image":
            self.note(self.picture(to, message))
        elif kind == "text":
            if len(message["text"]["content"].encode()) > 2048:
                return self._answer(request, 45002)
            self.note(Sent(to, message, message["text"]["content"]))
        else:
            self.note(Sent(to, message, str(message[kind])))
        return self._answer(request, 0)

    def message(self, customer: str, kind: str, **fields: Any) -> dict[str, Any]:
        made = {"ToUserName": CORP_ID, "FromUserName": customer, "CreateTime": int(time.time()), "MsgType": kind}
        if kind != "event":
            made["MsgId"] = str(next(self.ids))
        return {**made, "AgentID": 1000002, **fields}

    def say(self, customer: str, text: str, **fields: Any) -> Delivery:
        return self.push(self.message(customer, "text", Content=text, **fields))

    def show(self, customer: str, picture: bytes) -> Delivery:
        media_id = f"m{next(self.ids)}"
        self.media[media_id] = picture
        return self.push(self.message(customer, "image", MediaId=media_id))

    def follow(self, customer: str, code: str = "") -> Delivery:
        if code:
            return self.say(customer, code)
        return self.push(self.message(customer, "event", Event="subscribe", EventKey=""))

    def press(self, customer: str, title: str) -> Delivery:
        for one in reversed(self.to(customer)):
            if title in one.buttons:
                key, task = one.buttons[title]
                fields = {"Event": "template_card_event", "EventKey": key, "TaskId": task}
                return self.push(self.message(customer, "event", **fields))
        raise AssertionError(title)

    def push(self, message: dict[str, Any], **sealed: Any) -> Delivery:
        return self.run(self.deliver(lambda: self.sealed(message, **sealed), self.taken))


MOVES = {0: (1, 2, 3), 1: (2, 3), 2: (3,), 3: (3, 4), 4: ()}
"""Which states of a session the API moves to which."""


class FakeWeComKf(_Corp):
    """The customer service: a callback that says there is something, and pages to be pulled."""

    kf_id = "wkShop"

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[dict[str, Any]] = []
        self.page = 3  # small, so that has_more is met
        self.pull_tokens: set[str] = set()
        self.codes: dict[str, str] = {}
        self.states: dict[str, int] = {}
        self.moves: list[tuple[str, int]] = []  # that the API made
        self.on_duty = {"servicer"}
        self.used_ids: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            *super().routes(),
            web.post("/cgi-bin/kf/sync_msg", self._sync),
            web.post("/cgi-bin/kf/send_msg", self._send),
            web.post("/cgi-bin/kf/send_msg_on_event", self._greet),
            web.post("/cgi-bin/kf/service_state/trans", self._trans),
            web.post("/cgi-bin/kf/service_state/get", self._state),
        ]

    async def _sync(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        if asked.get("token", "") not in {*self.pull_tokens, ""} or asked["open_kfid"] != self.kf_id:
            return self._answer(request, 95007)
        begin = int(asked["cursor"] or 0)
        found = self.queue[begin : begin + self.page]
        end = begin + len(found)
        return self._answer(request, 0, msg_list=found, next_cursor=str(end), has_more=int(end < len(self.queue)))

    async def _send(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        message = await request.json()
        to = message["touser"]
        if self.states.get(to, 0) not in (0, 1):
            return self._answer(request, 95018)
        if self.room[to] < 1:
            self.too_many += 1
            return self._answer(request, 95001)
        if message.get("msgid") in self.used_ids:
            return self._answer(request, 95004)
        self.used_ids.add(message.get("msgid"))
        self.room[to] -= 1
        self._note(to, message)
        return self._answer(request, 0)

    async def _greet(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        message = await request.json()
        to = self.codes.pop(message["code"], None)
        if to is None:
            return self._answer(request, 95016)
        self._note(to, message)
        return self._answer(request, 0)

    async def _trans(self, request: web.Request) -> web.Response:
        """As https://developer.work.weixin.qq.com/document/path/94669 allows; a new message after the end is state 0."""
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        asked = await request.json()
        customer, to = asked["external_userid"], asked["service_state"]
        if to not in MOVES[self.states.get(customer, 0)] or (
            to == 3 and asked.get("servicer_userid") not in self.on_duty
        ):
            return self._answer(request, 95014)
        self.states[customer] = to
        self.moves.append((customer, to))
        if to == 1:
            return self._answer(request, 0)
        code = f"s{next(self.ids)}"
        self.codes[code] = customer
        return self._answer(request, 0, msg_code=code)

    async def _state(self, request: web.Request) -> web.Response:
        if not self.token_is_good(request.query.get("access_token")):
            return self._answer(request, 42001)
        asked = await request.json()
        return self._answer(request, 0, service_state=self.states.get(asked["external_userid"], 0))

    # What WeCom's own staff does

    def staff_takes(self, customer: str, who: str = "servicer") -> Delivery:
        """From the queue, or a session that was the bot's."""
        self.states[customer] = 3
        return self.push(self._changed(customer, 1, new_servicer_userid=who))

    def staff_says(self, customer: str, text: str, who: str = "servicer") -> Delivery:
        message = self.message(customer, "text", 5, content=text)
        return self.push({**message, "servicer_userid": who})

    def staff_ends(self, customer: str, is_told: bool = True) -> Delivery | None:
        """The session ends; the event may be lost."""
        self.states[customer] = 4
        return self.push(self.ended(customer)) if is_told else None

    def ended(self, customer: str) -> dict[str, Any]:
        return self._changed(customer, 3, old_servicer_userid="servicer")

    def _changed(self, customer: str, change: int, **more: str) -> dict[str, Any]:
        part = {"event_type": "session_status_change", "open_kfid": self.kf_id, "external_userid": customer}
        return self.message("", "event", 4, change_type=change, **part, **more)

    def _note(self, to: str, message: dict[str, Any]) -> None:
        if message["msgtype"] == "msgmenu":
            menu = message["msgmenu"]
            buttons = {one["click"]["content"]: one["click"]["id"] for one in menu["list"]}
            self.note(Sent(to, message, "\n".join([menu["head_content"], *buttons]), buttons))
        elif message["msgtype"] == "image":
            self.note(self.picture(to, message))
        else:
            self.note(Sent(to, message, message["text"]["content"]))

    def message(self, customer: str, kind: str, origin: int = 3, **part: Any) -> dict[str, Any]:
        made = {"msgid": f"k{next(self.ids)}", "open_kfid": self.kf_id, "external_userid": customer, "origin": origin}
        return {**made, "send_time": int(time.time()), "msgtype": kind, kind: part}

    def say(self, customer: str, text: str, **part: Any) -> Delivery:
        return self.push(self.message(customer, "text", content=text, **part))

    def show(self, customer: str, picture: bytes) -> Delivery:
        media_id = f"m{next(self.ids)}"
        self.media[media_id] = picture
        return self.push(self.message(customer, "image", media_id=media_id))

    def follow(self, customer: str, code: str = "") -> Delivery:
        welcome = f"w{next(self.ids)}"
        self.codes[welcome] = customer
        part = {"event_type": "enter_session", "open_kfid": self.kf_id, "external_userid": customer}
        return self.push(self.message(customer, "event", 4, welcome_code=welcome, scene_param=code, **part))

    def press(self, customer: str, title: str) -> Delivery:
        for one in reversed(self.to(customer)):
            if title in one.buttons:
                return self.say(customer, title, menu_id=one.buttons[title])
        raise AssertionError(title)

    def push(self, message: dict[str, Any] | None = None, **sealed: Any) -> Delivery:
        """Queue a message and tell the bot that there is something; without one, only tell."""
        if message is not None:
            self.queue.append(message)
            if message["origin"] == 3:
                self.room[message["external_userid"]] = 5
                if self.states.get(message["external_userid"]) == 4:
                    self.states[message["external_userid"]] = 0
        token = f"pull-{next(self.ids)}"
        self.pull_tokens.add(token)
        event = {
            "ToUserName": CORP_ID, "CreateTime": int(time.time()), "MsgType": "event", "Event": "kf_msg_or_event",
            "Token": token, "OpenKfId": self.kf_id,
        }  # fmt: skip
        return self.run(self.deliver(lambda: self.sealed(event, **sealed), self.taken))
