"""Personal data: sealed at rest, hashed to be found, masked for eyes and logs."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shop.errors import BadSetting
from shop.settings import Settings

# What must not stand in a log: phones, identity numbers, e-mail, bank cards.
_EMAIL = re.compile(r"([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)(\d{4})\d{10}(\d{3}[\dXx])(?!\d)")

_SHORTEST_KEY = 16


def secret_key(settings: Settings) -> str:
    """The key in force: the setting, or one made once in ``data_dir/secret.key``.

    Raises:
        BadSetting: the key is too short to be one, as in a file that a crash or a full disk left empty.
    """
    if settings.secret_key:
        if len(settings.secret_key) < _SHORTEST_KEY:
            raise BadSetting("XIAOER_SECRET_KEY", "…", f"it must have at least {_SHORTEST_KEY} characters")
        return settings.secret_key
    path = settings.data_dir / "secret.key"
    if not path.exists():
        _make_key(path)
    key = path.read_text().strip()
    if len(key) < _SHORTEST_KEY:
        raise BadSetting("XIAOER_SECRET_KEY", "…", f"{path} holds no key: bring the right one back")
    return key


def _make_key(path: Path) -> None:
    """Make the file whole or not at all; the first of two processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".secret.{secrets.token_hex(4)}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


class Cipher:
    """Seals and opens personal data with keys derived from one secret.

    Sealing is Fernet (AES-128-CBC with HMAC-SHA256); ``fingerprint`` is
    HMAC-SHA256 under another key, so that a phone can be looked up unread.
    """

    def __init__(self, secret: str) -> None:
        self._fernet = Fernet(_derive(secret, b"seal"))
        self._pepper = _derive(secret, b"fingerprint")
        self.token_key = _derive(secret, b"token").decode()

    def seal(self, text: str | None) -> str | None:
        """Ciphertext of a text; None stays None."""
        return None if text is None else self._fernet.encrypt(text.encode("utf-8", "replace")).decode("ascii")

    def open(self, sealed: str | None) -> str | None:
        """The text again.

        Raises:
            BadSetting: it was sealed under another secret key.
        """
        if sealed is None:
            return None
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode("utf-8")
        except InvalidToken as error:
            raise BadSetting("XIAOER_SECRET_KEY", "…", "the stored data was sealed under another key") from error

    def seal_json(self, value: Any) -> str:
        """Ciphertext of a JSON value."""
        sealed = self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        assert sealed is not None
        return sealed

    def open_json(self, sealed: str | None) -> Any:
        """The JSON value again; None for None."""
        text = self.open(sealed)
        return None if text is None else json.loads(text)

    def fingerprint(self, text: str) -> str:
        """Keyed hash (64 hex digits) of a text, the same each time."""
        return hmac.new(self._pepper, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _derive(secret: str, purpose: bytes) -> bytes:
    import base64

    raw = HKDF(algorithm=SHA256(), length=32, salt=b"xiaoer", info=purpose).derive(secret.encode("utf-8"))
    return base64.urlsafe_b64encode(raw)


def mask_phone(phone: str | None) -> str:
    """13812345678 → 138****5678; anything shorter shows its last two digits."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else f"**{phone[-2:]}"


def mask_name(name: str | None) -> str:
    """The family name and stars for the rest."""
    return "" if not name else name[0] + "*" * max(1, len(name) - 1)


def mask_street(street: str | None) -> str:
    """The first six characters of a street and stars for the rest."""
    return "" if not street else street[:6] + "****"


def mask_text(text: str) -> str:
    """A text fit for a log: phones, identity numbers and e-mails masked."""
    text = _EMAIL.sub(r"\1***@\2", text)
    text = _IDENTITY.sub(r"\1**********\2", text)
    return _PHONE.sub(r"\1****\2", text)
