"""Loads a folder of product pictures: TS001.jpg is the first of product TS001, TS001_2.png its second."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.errors import BadPicture
from shop.front import Shop
from shop.importing import store
from shop.importing.report import FileReport
from shop.importing.words import problem
from shop.models import Picture, Product
from shop.picture_file import clean_picture

_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".gif"}
_NUMBERED = re.compile(r"(?P<code>.+)[_-](?P<place>[1-9]\d?)", re.ASCII)
Named = dict[str, list[str]]  # product code → its files' names, in order


class PictureLoader:
    """Cleans and stores the pictures; each is kept once, under its hash."""

    def __init__(self, shop: Shop, session: Session, report: FileReport, dry_run: bool = False) -> None:
        self._session = session
        self._report = report
        self._settings = shop.settings
        self._folder = shop.settings.data_dir / "pictures"
        self._dry_run = dry_run
        self._ids: dict[str, int] = dict(session.execute(select(Product.code, Product.id)).all())

    def load(self, folder: Path, named: Named, progress: Any) -> None:
        """Take every picture of the folder that belongs to a product.

        Args:
            folder: Where the files are.
            named: What the products file says in its picture column; other files go by their names.
            progress: Told of each file that is done.

        Raises:
            BadValue: there is no such folder.
        """
        if not folder.is_dir():
            raise problem("file_missing")
        files = {path.name: path for path in sorted(folder.iterdir()) if path.suffix.lower() in _ENDINGS}
        places = self._places(files, named)
        self._report.rows = len(places)
        rows = []
        for (code, position), name in sorted(places.items()):
            made = self._take(files[name])
            if made is not None:
                rows.append({"product_id": self._ids[code], "position": position, "path": made[0], "sha256": made[1]})
            progress(1)
        self._write(rows)

    def _places(self, files: dict[str, Path], named: Named) -> dict[tuple[str, int], str]:
        """Which file is which picture of which product."""
        places: dict[tuple[str, int], str] = {}
        used = set()
        for code, names in named.items():
            for position, name in enumerate(names):
                if name not in files:
                    self._report.warn(0, "", name, problem("no_picture"))
                elif code in self._ids:
                    places[(code, position)] = name
                used.add(name)
        stray = 0
        for name, path in files.items():
            if name in used:
                continue
            match = _NUMBERED.fullmatch(path.stem)
            if path.stem in self._ids:
                places.setdefault((path.stem, 0), name)
            elif match and match["code"] in self._ids:
                places.setdefault((match["code"], int(match["place"]) - 1), name)
            else:
                stray += 1
        if stray:
            self._report.warn(0, "", str(stray), problem("stray_picture"))
        return places

    def _take(self, path: Path) -> tuple[str, str] | None:
        """The stored picture's path and hash; None when the file is no picture."""
        try:
            data, _width, _height = clean_picture(path.read_bytes(), self._settings)
        except (OSError, BadPicture) as error:
            self._report.refuse(0, [], None, path.name, problem("bad_picture", why=str(error)))
            return None
        digest = hashlib.sha256(data).hexdigest()
        relative = f"import/{digest[:2]}/{digest}.jpg"
        target = self._folder / relative
        if not self._dry_run and not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return relative, digest

    def _write(self, rows: list[dict[str, Any]]) -> None:
        columns = (Picture.id, Picture.position, Picture.path, Picture.sha256)
        found = store.many_by_key(self._session, Picture.product_id, {one["product_id"] for one in rows}, *columns)
        stored = {(product_id, one.position): one for product_id, some in found.items() for one in some}
        fresh, changes = [], []
        for row in rows:
            before = stored.get((row["product_id"], row["position"]))
            if before is None:
                fresh.append(row)
            elif before.sha256 != row["sha256"]:
                changes.append((before.id, {"path": row["path"], "sha256": row["sha256"]}))
        store.add(self._session, Picture, fresh)
        store.change(self._session, Picture, changes)
        self._report.new, self._report.changed = len(fresh), len(changes)
        self._report.same = len(rows) - len(fresh) - len(changes)
