"""Signatures and encryption of the messaging platforms; pure functions over bytes.

WeChat and WeCom: https://developer.work.weixin.qq.com/document/path/90968;
DingTalk: https://open.dingtalk.com/document/orgapp/receive-message;
Feishu: https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import struct
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32  # of the padding; AES's own blocks are 16
_NOISE = 16


class BadCallback(Exception):
    """A callback that did not come from the platform, or is damaged; the reason names no value."""


def read_json(raw: bytes) -> dict[str, Any]:
    """A callback's JSON object.

    Raises:
        BadCallback: it is none.
    """
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadCallback("no JSON") from None
    if not isinstance(content, dict):
        raise BadCallback("no JSON object")
    return content


def same(first: str, second: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(first.encode("utf-8", "replace"), second.encode("utf-8", "replace"))


def wechat_signature(*parts: str) -> str:
    """Hex SHA-1 of the sorted, joined parts (token, timestamp, nonce and, encrypted, the cipher text)."""
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace")).hexdigest()  # noqa: S324 - the platform's


class WeChatCrypt:
    """AES mode of WeChat and WeCom: AES-256-CBC, IV = key[:16], PKCS#7 to 32 bytes.

    Plain text: 16 random bytes, length (4 bytes, big-endian), message, receive id
    (the app id or corp id).
    """

    def __init__(self, token: str, encoding_aes_key: str, receive_id: str) -> None:
        self._token = token
        self._receive_id = receive_id.encode()
        try:
            self._key = base64.b64decode(encoding_aes_key + "=")
        except ValueError:
            self._key = b""
        if len(self._key) != 32:
            raise ValueError("encoding_aes_key must have 43 letters and digits, as the platform's console shows it")

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """What the platform sends as ``msg_signature``."""
        return wechat_signature(self._token, timestamp, nonce, encrypted)

    def encrypt(self, message: bytes) -> str:
        """A message as it travels."""
        plain = os.urandom(_NOISE) + struct.pack(">I", len(message)) + message + self._receive_id
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        raw = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(raw).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The message again.

        Raises:
            BadCallback: it is damaged, or meant for somebody else.
        """
        try:
            raw = base64.b64decode(encrypted, validate=True)
            decryptor = self._cipher().decryptor()
            plain = decryptor.update(raw) + decryptor.finalize()
        except ValueError:
            raise BadCallback("no AES blocks in base64") from None
        padding = plain[-1] if plain else 0
        if not 1 <= padding <= _BLOCK or len(plain) < _NOISE + 4 + padding:
            raise BadCallback("the padding is wrong: another EncodingAESKey")
        body = plain[_NOISE:-padding]
        length = struct.unpack(">I", body[:4])[0]
        message, receive_id = body[4 : 4 + length], body[4 + length :]
        if len(message) != length or not hmac.compare_digest(receive_id, self._receive_id):
            raise BadCallback("it is meant for another app id or corp id")
        return message

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def dingtalk_sign(timestamp: str, secret: str) -> str:
    """Base64 of HMAC-SHA256 over timestamp, line feed and secret."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def feishu_signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """Hex SHA-256 over timestamp, nonce, key and the raw body."""
    return hashlib.sha256((timestamp + nonce + encrypt_key).encode() + body).hexdigest()


def feishu_encrypt(encrypt_key: str, message: bytes) -> str:
    """A message as Feishu sends it: AES-256-CBC, key = SHA-256 of the key, a random IV in front, PKCS#7."""
    iv = os.urandom(16)
    padding = 16 - len(message) % 16
    encryptor = Cipher(algorithms.AES(_feishu_key(encrypt_key)), modes.CBC(iv)).encryptor()
    return base64.b64encode(iv + encryptor.update(message + bytes([padding]) * padding) + encryptor.finalize()).decode()


def feishu_decrypt(encrypt_key: str, encrypted: str) -> dict[str, Any]:
    """The event again.

    Raises:
        BadCallback: it is damaged, or under another key.
    """
    try:
        raw = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(algorithms.AES(_feishu_key(encrypt_key)), modes.CBC(raw[:16])).decryptor()
        plain = decryptor.update(raw[16:]) + decryptor.finalize()
        content = json.loads(plain[: -plain[-1]])
    except (ValueError, IndexError):
        raise BadCallback("it can't be decrypted: another Encrypt Key") from None
    if not isinstance(content, dict):
        raise BadCallback("no event in it")
    return content


def _feishu_key(encrypt_key: str) -> bytes:
    return hashlib.sha256(encrypt_key.encode()).digest()


def slack_signature(timestamp: str, secret: str, body: bytes) -> str:
    """Slack's ``v0=`` signature over timestamp and raw body."""
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={digest.hexdigest()}"
