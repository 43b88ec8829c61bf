"""Colours and sizes in a message, as the catalogue writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterator

from nlp import lexicon
from nlp.matches import Match

if TYPE_CHECKING:
    from nlp.gazetteer import Gazetteer

_COLOR_MARK = re.compile(r"(?:颜色|色系|色|的|款)")


class Looks:
    """Colours and sizes, those of the catalogue first."""

    def __init__(self, gazetteer: Gazetteer | None = None) -> None:
        self._gazetteer = gazetteer
        self._seen: object = None
        self._colors: dict[str, str] = {}
        self._sizes: dict[str, str] = {}

    def _renew(self) -> None:
        words = self._gazetteer.words if self._gazetteer else None
        if self._colors and words is self._seen:
            return
        general = lexicon.by_alias("colors")
        colors = dict(general)
        for color in words.colors if words else ():
            colors[color.lower()] = color
            if color.endswith("色") and len(color) > 1:
                colors.setdefault(color[:-1].lower(), color)
        self._colors = colors
        self._pattern = re.compile("|".join(map(re.escape, sorted(colors, key=len, reverse=True))))
        self._sizes = {_size_key(size): size for size in (words.sizes if words else ())}
        self._seen = words

    def find(self, text: str) -> Iterator[Match]:
        """Colours and sizes in clean text."""
        self._renew()
        small = text.lower()
        for one in self._pattern.finditer(small):
            mark = _COLOR_MARK.match(small, one.end())
            if len(one.group()) == 1 and not mark and small.strip() != one.group():
                continue
            if one.group() + "色" in self._colors.values() and mark and mark.group() == "色":
                continue
            end = one.end() + (1 if mark and mark.group() == "色" and not one.group().endswith("色") else 0)
            yield Match("color", self._colors[one.group()], one.start(), end, rank=51)
        yield from self._find_sizes(text)

    def _find_sizes(self, text: str) -> Iterator[Match]:
        for one in _SIZE.finditer(text):
            yield Match("size", self._sizes.get(_size_key(one.group()), _tidy(one.group())), *one.span(), rank=53)
        for one in _WORN.finditer(text):
            letters = one.group(1)
            yield Match("size", self._sizes.get(letters.lower(), letters.upper()), *one.span(1), rank=49)
        key = text.lower()
        for size in self._sizes.values():
            if len(size) > 1 and not size.isascii() and size.lower() in key:
                start = key.index(size.lower())
                yield Match("size", size, start, start + len(size), rank=50)


_SIZE = re.compile(
    r"(?<![A-Za-z0-9.])(?:[2-9]?[xX]{1,5}[lL]|[xX]{1,3}[sS])(?:码|号)?(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9.])[sSmMlL](?:码|号)"
    r"|(?<![\d.])\d{2,3}(?:\.5)?(?:码|号(?=鞋|的鞋))"
    r"|(?<![\d.])\d{1,4}\s?(?:[gGtT][bB]?)(?![A-Za-z0-9])(?:内存|版本?)?"
    r"|(?<![\d.])\d{1,3}(?:\.\d{1,2})?\s?(?:米|m)(?![A-Za-z\d]|以|左右|外|内)"
    r"|(?<![\d.])\d{1,4}(?:\.\d)?\s?(?:cm|CM|厘米|公分|寸|英寸|ml|ML|毫升|升(?!级)|L|kg|KG|公斤|千克)(?![A-Za-z])"
    r"|均码|加大码|加大号|特大号|大号|中号|小号|大码|中码|小码"
)
_WORN = re.compile(r"(?:要|换|改|换成|改成|穿|选|拿|拍|的|是|色|尺码|码数|码|退)(?:了)?\s?([sSmMlL])(?![A-Za-z0-9])")


def _size_key(size: str) -> str:
    return re.sub(r"[\s]|码$|号$|内存$|版本?$|(?<=[gt])b$", "", size.strip().lower())


def _tidy(size: str) -> str:
    done = re.sub(r"(?:内存|版本?)$", "", size).replace(" ", "")
    done = re.sub(r"(?<=[xXsSmMlL])[码号]$", "", done)
    done = re.sub(r"(?<=\d)([gGtT])[bB]$", r"\1", done)
    metric = done.lower().endswith(("m", "ml", "kg"))
    return done.upper() if done.isascii() and (not metric or len(done) == 1) else done
