"""Regions of China and street addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterator

from nlp import lexicon
from nlp.matches import Match

_PEOPLES = (
    "土家族|苗族|侗族|布依族|藏族|羌族|彝族|哈尼族|壮族|傣族|白族|景颇族|傈僳族|朝鲜族|回族|蒙古族|蒙古|哈萨克|柯尔克孜|"
    "满族|瑶族|土族|撒拉族|东乡族|保安族|纳西族|佤族|拉祜族|布朗族|黎族|畲族|仡佬族|水族|仫佬族|毛南族|达斡尔族|鄂温克族|"
    "鄂伦春族|裕固族|锡伯|塔吉克|各族|独龙族|怒族|普米族"
)
_TAIL = re.compile(
    rf"(?:(?:{_PEOPLES})*自治(?:州|县|区|旗)|特别行政区|维吾尔自治区|(?:{_PEOPLES})自治区|地区|省|市|盟)$"
)
_SEPARATOR = re.compile(r"[\s,，/\-.的]{0,2}")
# A street goes on until punctuation, a phone or a receiver; it must name a road, a yard, a house or a village.
_MARK = r"(?:大道|大街|胡同|路|街|道|巷|弄|里|号院|号楼|号(?!码)|小区|社区|花园|花苑|家园|公寓|大厦|大楼|广场|中心|城|苑|园|村|镇|乡|组|栋|幢|座|单元|室|楼|层|户|门|大学|学院|中学|小学|医院|公司|厂|超市|店|驿站|工业区|开发区|科技园|产业园|街道)"
_STREET = re.compile(r"[\u4e00-\u9fffA-Za-z0-9\-#·()]{1,45}")
_LAST_MARK = re.compile(rf"{_MARK}(?:[-\d#A-Za-z]{{1,10}}(?!\d))?")
_STOP = re.compile(
    r"1[3-9]\d{9}|收件|收货|联系|电话|手机|姓名|邮编|(?<=[\u4e00-\u9fff])收$|谢谢|可以吗|行吗|吗|呢|吧|能不能|好不好|能送|能到|发货|要多久|几天|多久|麻烦|请|我"
)
_BARE = re.compile(
    r"[\u4e00-\u9fff]{2,12}?(?:大道|大街|胡同|路|街|巷|弄)[A-Za-z0-9一二三四五六七八九十]{1,6}(?:号|弄)(?!码|线|楼上)[\u4e00-\u9fffA-Za-z0-9\-#]{0,25}"
    r"|[\u4e00-\u9fff]{2,12}(?:小区|花园|花苑|家园|公寓|大厦|新村|广场|社区|公馆|名苑|华庭)[A-Za-z0-9一二三四五六七八九十\-]{1,6}(?:栋|幢|座|号楼|单元|室|号|期)[\u4e00-\u9fffA-Za-z0-9\-#]{0,15}"
)
_LEAD = re.compile(
    r"^.*?(?:地址|改成|改为|改到|换成|换到|寄到|寄往|送到|送去|发到|发往|配送到|放到|放在|放|住在|在|是|为|到|:|去)(?=[\u4e00-\u9fff])"
)


@dataclass(frozen=True)
class Place:
    """A division with those above it."""

    province: str
    city: str | None = None
    district: str | None = None

    def value(self) -> dict[str, str | None]:
        """As an entity's value."""
        return {"province": self.province or None, "city": self.city, "district": self.district}


class _Regions:
    """Names of divisions to what they may mean."""

    def __init__(self) -> None:
        self.tops: dict[str, Place] = {}
        self.cities: dict[str, Place] = {}
        self.districts: dict[str, list[Place]] = {}
        self.short_districts: dict[str, list[Place]] = {}
        stops = lexicon.words("region_stops")
        path = lexicon.FOLDER / "regions.txt"
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            province, city, districts = line.split("\t")
            self._add(self.tops, province, Place(province, province if city == province else None), stops)
            if city and city != province:
                self._add(self.cities, city, Place(province, city), stops)
            for name in districts.split():
                place = Place(province, city, name)
                self.districts.setdefault(name, []).append(place)
                short = _TAIL.sub("", name) if not name.endswith("区") or name.endswith("新区") else name[:-1]
                short = short[:-1] if short == name and name[-1] in "县旗" else short
                if len(short) > 1:
                    self.short_districts.setdefault(short, []).append(place)
                if name.endswith("市") and len(short) > 1 and short not in stops and short not in self.cities:
                    self.districts.setdefault(short, []).append(place)
        self.longest = max(map(len, (*self.tops, *self.cities, *self.districts)))

    @staticmethod
    def _add(table: dict[str, Place], name: str, place: Place, stops: frozenset[str]) -> None:
        table[name] = place
        short = _TAIL.sub("", name)
        if name.endswith("自治州"):
            table[short + "州"] = place
        if len(short) > 1 and short not in stops:
            table.setdefault(short, place)


@lru_cache(maxsize=1)
def _regions() -> _Regions:
    return _Regions()


def begins_place(text: str, at: int) -> bool:
    """Whether the name of a province, city or district begins at a place of a text."""
    known = _regions()
    tables = (known.tops, known.cities, known.districts, known.short_districts)
    return any(_longest(table, text, at, known.longest) for table in tables)  # type: ignore[arg-type]


def _longest(table: dict[str, object], text: str, at: int, longest: int) -> str | None:
    for size in range(min(longest, len(text) - at), 1, -1):
        if text[at : at + size] in table:
            return text[at : at + size]
    return None


def _next(text: str, at: int) -> int:
    separator = _SEPARATOR.match(text, at)
    return separator.end() if separator else at


def _region_at(text: str, at: int) -> tuple[Place, int] | None:
    """The longest chain of divisions that begins at a place, and its end."""
    known = _regions()
    place: Place | None = None
    end = at
    top = _longest(known.tops, text, at, known.longest)  # type: ignore[arg-type]
    if top:
        place, end = known.tops[top], at + len(top)
    start = _next(text, end) if top else at
    city = _longest(known.cities, text, start, known.longest)  # type: ignore[arg-type]
    district = _longest(known.districts, text, start, known.longest)  # type: ignore[arg-type]
    if place is None and city and district and len(district) > len(city):
        city = None  # a district whose name begins like another city's
    if city and (place is None or known.cities[city].province == place.province):
        place, end = known.cities[city], start + len(city)
    elif place is not None and place.city and text.startswith(place.city, start):
        end = start + len(place.city)
    start = _next(text, end) if place else at
    return _with_district(text, start, end, place)


def _with_district(text: str, start: int, end: int, place: Place | None) -> tuple[Place, int] | None:
    known = _regions()
    tables = [known.districts] if place is None else [known.districts, known.short_districts]
    for table in tables:
        name = _longest(table, text, start, known.longest)  # type: ignore[arg-type]
        if name is None:
            continue
        fitting = [one for one in table[name] if place is None or _within(one, place)]
        if table is known.short_districts and re.match(r"[路街道]|大道", text[start + len(name) :]):
            continue
        if len({(one.province, one.city) for one in fitting}) == 1:
            return fitting[0], start + len(name)
        if len(fitting) > 1 and place is None and name.endswith(("区", "县")):
            return Place("", None, name), start + len(name)
    return (place, end) if place is not None else None


def _within(inner: Place, outer: Place) -> bool:
    return inner.province == outer.province and (outer.city is None or inner.city == outer.city)


def find(text: str) -> Iterator[Match]:
    """Regions and addresses in clean text."""
    at, busy = 0, 0
    while at < len(text):
        found = _region_at(text, at) if "\u4e00" <= text[at] <= "\u9fff" else None
        if found is None:
            at += 1
            continue
        place, end = found
        street = _street(text, _next(text, end))
        if street:
            value = {**place.value(), "street": street[0]}
            yield Match("address", value, at, street[1], rank=78)
            end = street[1]
        elif not _part_of_word(text, at, end):
            yield Match("region", place.value(), at, end, rank=56)
        at = busy = end
    for one in _BARE.finditer(text, busy):
        lead = _LEAD.match(one.group())
        start = one.start() + (lead.end() if lead else 0)
        yield from _bare_street(text, start, one.end())


def _bare_street(text: str, start: int, end: int) -> Iterator[Match]:
    street = _street(text[:end], start)
    if street and len(street[0]) >= 5:
        yield Match(
            "address", {"province": None, "city": None, "district": None, "street": street[0]}, start, street[1], 74
        )


def _street(text: str, at: int) -> tuple[str, int] | None:
    """A street that begins at a place, and its end."""
    run = _STREET.match(text, at)
    if run is None:
        return None
    words = run.group()
    stop = _STOP.search(words)
    words = words[: stop.start()] if stop else words
    marks = list(_LAST_MARK.finditer(words))
    if not marks:
        return None
    street = words[: marks[-1].end()]
    if len(street) < 3 or (not re.search(r"\d|[一二三四五六七八九十]", street) and len(street) < 4):
        return None
    return street, at + len(street)


def _part_of_word(text: str, start: int, end: int) -> bool:
    """Whether a region's name only looks like one: part of a brand, a dish, a road."""
    return text[end : end + 1] in ("路", "街") or text[start:end] + text[end : end + 1] in lexicon.words("region_stops")
