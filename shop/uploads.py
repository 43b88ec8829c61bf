"""Pictures that customers send: checked by content, cleaned, kept for some days.

A picture is re-encoded, so that neither its name nor its metadata (place,
camera, comments) nor anything hidden behind its pixels is ever stored.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable

from sqlalchemy import delete, func, or_, select

from shop.entities import UploadView
from shop.errors import NotFound, ShopError
from shop.models import CaseProof, Upload
from shop.picture_file import clean_picture

if TYPE_CHECKING:
    from shop.front import Shop

log = logging.getLogger(__name__)
PURGED_AT_ONCE = 500


class Uploads:
    """Takes, keeps and hands out pictures."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        self._now = shop.clock
        self._settings = shop.settings
        self._folder = Path(shop.settings.data_dir) / "uploads"

    def put(self, sender_id: str, raw: bytes) -> UploadView:
        """Check, clean and keep a picture.

        Args:
            sender_id: The conversation that it belongs to.
            raw: The file's bytes: JPEG, PNG, WebP, AVIF, HEIC, or GIF (its first frame).

        Raises:
            BadPicture: it is too large, no picture, or damaged; ``facts["why"]`` says which:
                ``empty``, ``size``, ``pixels``, ``format`` or ``damaged``.
        """
        data, width, height = clean_picture(raw, self._settings)
        digest = hashlib.sha256(data).hexdigest()
        self._store(digest, data)
        now = self._now()
        row = Upload(
            id=secrets.token_hex(16),
            sha256=digest,
            sender_id=sender_id,
            width=width,
            height=height,
            bytes=len(data),
            created_at=now,
            expires_at=now + timedelta(days=self._settings.upload_days),
        )
        try:
            with self._database.change() as session:
                _hold(session, [digest])
                session.add(row)
        except ShopError:
            self._drop(digest)
            raise
        if not self._place(digest).is_file():  # a purge took the same picture of before just now, or this very one
            self._store(digest, data)
            self._drop(digest)
        return _view(row)

    def get(self, upload_id: str, sender_id: str | None = None) -> UploadView:
        """What is known of an upload.

        Args:
            upload_id: Its id.
            sender_id: Where given, the upload must be this conversation's.

        Raises:
            NotFound: there is none of that id, it has expired, or it is another conversation's.
        """
        with self._database.read() as session:
            row = session.execute(select(Upload).where(Upload.id == str(upload_id)[:32])).scalar()
        if row is None or row.expires_at <= self._now() or (sender_id is not None and row.sender_id != sender_id):
            raise NotFound("there is no such upload")
        return _view(row)

    def path(self, upload_id: str, sender_id: str | None = None) -> Path:
        """The JPEG of an upload; arguments and errors as in ``get``."""
        path = self._place(self.get(upload_id, sender_id).sha256)
        if not path.is_file():
            raise NotFound("the upload's file is gone")
        return path

    def discard(self, upload_id: str, sender_id: str) -> None:
        """Delete an upload now, and its file unless another upload is the same picture; errors as in ``get``."""
        found = self.get(upload_id, sender_id)
        with self._database.change() as session:
            _hold(session, [found.sha256])
            session.execute(delete(Upload).where(Upload.id == found.id))
            if session.execute(select(Upload.id).where(Upload.sha256 == found.sha256).limit(1)).first() is None:
                self._unlink(found.sha256)

    def purge(self) -> int:
        """Delete uploads past their days, unless a case rests on them; returns how many."""
        done = 0
        while True:
            some = self._purge_some()
            done += some
            if some < PURGED_AT_ONCE:
                return done

    def _drop(self, digest: str) -> None:
        """Delete a picture's file unless an upload needs it; one that is being kept waits until that is known."""
        proofs = select(CaseProof.upload_id)
        needed = or_(Upload.expires_at > self._now(), Upload.id.in_(proofs))
        try:
            with self._database.whatever_is_erased(), self._database.change() as session:
                _hold(session, [digest])
                if session.execute(select(Upload.id).where(Upload.sha256 == digest, needed).limit(1)).first() is None:
                    self._unlink(digest)
        except ShopError as error:
            log.error("nobody knows whether a picture's file is needed, it stays: %s", type(error).__name__)

    def _purge_some(self) -> int:
        """Delete some uploads past their days: databases allow only so many values in a statement."""
        with self._database.change() as session:
            proofs = select(CaseProof.upload_id)
            query = select(Upload.id, Upload.sha256).where(Upload.expires_at <= self._now(), Upload.id.not_in(proofs))
            old = session.execute(query.limit(PURGED_AT_ONCE)).all()
            ids, digests = [row.id for row in old], {row.sha256 for row in old}
            _hold(session, digests)
            others = select(Upload.sha256).where(Upload.sha256.in_(digests), Upload.id.not_in(ids))
            stuck = {one for one in digests - set(session.execute(others).scalars()) if not self._unlink(one)}
            gone = [row.id for row in old if row.sha256 not in stuck]
            session.execute(delete(Upload).where(Upload.id.in_(gone)))
        return len(gone)

    def _unlink(self, digest: str) -> bool:
        """Delete a picture's file, which no upload needs any more, and say whether it is gone.

        Where it can't be deleted its row stays, and the next round of ``purge`` tries again.
        """
        try:
            self._place(digest).unlink(missing_ok=True)
        except OSError as error:
            log.error("an upload past its days can't be deleted: %s", type(error).__name__)
            return False
        return True

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / f"{digest}.jpg"

    def _store(self, digest: str, data: bytes) -> None:
        path = self._place(digest)
        if path.is_file():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{secrets.token_hex(4)}.part")
        draft.write_bytes(data)
        os.replace(draft, path)


def _hold(session: Any, digests: Iterable[str]) -> None:
    """Let nobody else keep or delete these pictures until the transaction ends; on SQLite nobody else writes anyway."""
    if session.bind.dialect.name != "sqlite":
        for one in sorted(digests):  # in one order everywhere: no deadlocks
            session.execute(select(func.pg_advisory_xact_lock(int(one[:15], 16))))


def _view(row: Any) -> UploadView:
    return UploadView(
        id=row.id,
        sha256=row.sha256,
        sender_id=row.sender_id,
        width=row.width,
        height=row.height,
        bytes=row.bytes,
        expires_at=row.expires_at,
    )
