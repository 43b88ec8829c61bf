"""Days and periods as people name them, relative to the message's time in Asia/Shanghai."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Callable, Iterator
from zoneinfo import ZoneInfo

from nlp.calendar_days import FESTIVAL_NAMES, FESTIVALS, festival
from nlp.matches import Match
from nlp.numbers import CHINESE, whole
from nlp.typos import mended_places

SHANGHAI = ZoneInfo("Asia/Shanghai")
_N = rf"(\d{{1,2}}|[{CHINESE}]{{1,3}})"
_DAYS = {
    "大前天": -3,
    "前天": -2,
    "前日": -2,
    "昨天": -1,
    "昨日": -1,
    "昨儿": -1,
    "昨晚": -1,
    "今天": 0,
    "今日": 0,
    "今儿": 0,
    "今晚": 0,
    "今早": 0,
    "当天": 0,
    "明天": 1,
    "明日": 1,
    "明儿": 1,
    "明早": 1,
    "明晚": 1,
    "后天": 2,
    "后日": 2,
    "大后天": 3,
}
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_WEEKDAYS = {
    **{char: place for place, char in enumerate("一二三四五六日")},
    "天": 6,
    **{str(n): n - 1 for n in range(1, 8)},
}
_PARTS = {
    "凌晨": (0, 6),
    "早上": (6, 12),
    "早晨": (6, 12),
    "清晨": (5, 8),
    "上午": (8, 12),
    "中午": (11, 14),
    "下午": (12, 18),
    "傍晚": (17, 20),
    "晚上": (18, 24),
    "晚间": (18, 24),
    "夜里": (18, 24),
    "半夜": (0, 6),
    "白天": (8, 18),
}
_PART = "|".join(_PARTS)
_CLOCK = rf"(?:(?:{_N}点(?:钟|半|整|(\d{{1,2}})分?)?)|(\d{{1,2}}):(\d{{2}}))"
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1}
_AGO_UNITS = r"(天|日|周|星期|礼拜|个月|月|年|个星期|个礼拜|个周|小时|个小时)"

_RELATIVE = re.compile(rf"({'|'.join(sorted(_DAYS, key=len, reverse=True))})(?!发货前)(?:的)?({_PART})?")
_WEEKDAY = re.compile(
    r"(上上|下下|上|这|本|下)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天1-6])(?!年|岁|共|均|[\d周])(?:的)?("
    + _PART
    + ")?"
)
_WEEKEND = re.compile(r"(上上|下下|上|这|本|下)?(?:个)?(?:周末|双休日?)")
_WEEK = re.compile(r"(上上|下下|上|这|本|下)(?:个|一)?(?:周|星期|礼拜)(?!一(?!共)|日(?!均)|[二三四五六天末1-6])")
_MONTH = re.compile(
    r"(上上|下下|上|这|本|下)(?:个|一个)?月(?:的)?(?:(\d{1,2}|["
    + CHINESE
    + r"]{1,3})(?:号|日)|(初|上旬|中旬|下旬|底|末))?"
)
_YEAR = re.compile(rf"({'|'.join(_YEARS)})(?:的)?(?:{_N}月(?:份)?(?:{_N}(?:号|日)?)?|(上半年|下半年))?")
_ABSOLUTE = re.compile(
    rf"(?<![\d.])(?:(20\d\d|\d\d(?=年)|二[零〇][{CHINESE}]{{2}})(?:年|[-/.])(?:的)?)?"
    rf"(\d{{1,2}}|[{CHINESE}]{{1,2}})(?:月|[-/.](?=\d))(?:份)?(?:{_N}(?:号|日)?)?(?![\d./-])(?:的)?({_PART})?"
)
_ONLY_YEAR = re.compile(r"(?<!\d)(20\d\d)年(?!\d)")
_ONLY_DAY = re.compile(
    rf"(?<![\d月个第])(?<!\d[./-])(\d{{1,2}}|[{CHINESE}]{{2,3}})(?:号|日)(?!楼|线|店|门|库|院|柜|仓|机|色|码|电|球|口|房|室|桌|公馆)(?:的)?({_PART})?"
)
_SPAN = re.compile(rf"(?:最近|近|过去|这|前|最近这)(?:的)?(?:{_N}|(半)|(几))(?:多)?{_AGO_UNITS}(?:内|里|以内|来|之内)?")
_AGO = re.compile(rf"(?:{_N}|(半)){_AGO_UNITS}(前|之前|以前|后|之后|以后)(?!后)")
_LATELY = re.compile(r"(?:最近|近期|近来|这阵子|这段时间)(?!的?(?:快递|门店|自提|驿站|地铁|活动|有|是|在|优惠|怎么))")
_FESTIVAL = re.compile(
    rf"(前年|去年|今年|明年)?(?:的)?({FESTIVAL_NAMES})(?!\d)(?:节|那天|当天|期间|那会儿?|的时候|时候|活动|那阵)?"
)
_TIME = re.compile(rf"(?:({_PART}))?{_CLOCK}(?:左右|之前|以前|前)?")
_PART_ALONE = re.compile(rf"(?<!天)({_PART})(?!好)")


class _Reader:
    """Turns matched words into periods relative to one moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(SHANGHAI)
        self.today = self.now.date()

    def relative(self, one: re.Match[str]) -> Match | None:
        day = self.today + timedelta(days=_DAYS[one.group(1)])
        part = one.group(2) or {"晚": "晚上", "早": "早上"}.get(one.group(1)[-1])
        return self._day(one, day, part)

    def weekday(self, one: re.Match[str]) -> Match | None:
        monday = self._monday(one.group(1) or "这")
        return self._day(one, monday + timedelta(days=_WEEKDAYS[one.group(2)]), one.group(3))

    def weekend(self, one: re.Match[str]) -> Match | None:
        saturday = self._monday(one.group(1) or "这") + timedelta(days=5)
        return _period(one, saturday, saturday + timedelta(days=2), "day")

    def week(self, one: re.Match[str]) -> Match | None:
        monday = self._monday(one.group(1))
        return _period(one, monday, monday + timedelta(days=7), "week")

    def month(self, one: re.Match[str]) -> Match | None:
        first = _add_months(self.today.replace(day=1), _WEEKS[one.group(1)])
        if one.group(2):
            day = _date(first.year, first.month, whole(one.group(2)))
            return self._day(one, day, None) if day else None
        if one.group(3):
            return _third(one, first, one.group(3))
        return _period(one, first, _add_months(first, 1), "month")

    def year(self, one: re.Match[str]) -> Match | None:
        year = self.today.year + _YEARS[one.group(1)]
        if one.group(2):
            return self._month_day(one, year, whole(one.group(2)), one.group(3), None)
        if one.group(4):
            half = 1 if one.group(4) == "上半年" else 7
            return _period(one, date(year, half, 1), _add_months(date(year, half, 1), 6), "month")
        return _period(one, date(year, 1, 1), date(year + 1, 1, 1), "year")

    def absolute(self, one: re.Match[str]) -> Match | None:
        if not re.search(r"[月年]", one.group()) and not (one.group(1) and one.group(3)):
            return None  # 3.5 and 11-12 are no dates by themselves
        month = whole(one.group(2))
        year = whole(one.group(1)) if one.group(1) else None
        if year is not None and year < 100:
            year += 2000
        if year is None and month is not None and 1 <= month <= 12:
            year = self._nearest_year(month)
        return self._month_day(one, year, month, one.group(3), one.group(4)) if year else None

    def only_year(self, one: re.Match[str]) -> Match | None:
        year = int(one.group(1))
        return _period(one, date(year, 1, 1), date(year + 1, 1, 1), "year")

    def only_day(self, one: re.Match[str]) -> Match | None:
        number = whole(one.group(1))
        day = _date(self.today.year, self.today.month, number)
        return self._day(one, day, one.group(2)) if day else None

    def span(self, one: re.Match[str]) -> Match | None:
        if one.group(3) and one.group(4) == "年":
            count: float = 3
        else:
            count = 0.5 if one.group(2) else 3 if one.group(3) else whole(one.group(1)) or 0
        if not count:
            return None
        start = self._shift(one.group(4), -count)
        grain = {"天": "day", "日": "day", "年": "year", "时": "hour"}.get(one.group(4)[-1], "")
        grain = "month" if one.group(2) and grain == "year" else grain or ("month" if "月" in one.group(4) else "week")
        if grain == "hour":
            return _moment(one, self.now - timedelta(hours=count), self.now)
        return _period(one, start, self.today + timedelta(days=1), grain)

    def ago(self, one: re.Match[str]) -> Match | None:
        count = 0.5 if one.group(2) else whole(one.group(1)) or 0
        sign = -1 if "前" in one.group(4) else 1
        if not count or "时" in one.group(3):
            return None
        return self._day(one, self._shift(one.group(3), sign * count), None)

    def lately(self, one: re.Match[str]) -> Match | None:
        return _period(one, _shift_months(self.today, -1), self.today + timedelta(days=1), "month")

    def festival(self, one: re.Match[str]) -> Match | None:
        year = self.today.year + _YEARS[one.group(1)] if one.group(1) else None
        days = festival(one.group(2), year, self.today)
        return _period(one, days[0], days[1], "day") if days else None

    def _month_day(
        self, one: re.Match[str], year: int | None, month: int | None, day: str | None, part: str | None
    ) -> Match | None:
        if not year or not month or not 1 <= month <= 12:
            return None
        if day is None:
            first = date(year, month, 1)
            return _period(one, first, _add_months(first, 1), "month")
        found = _date(year, month, whole(day))
        return self._day(one, found, part) if found else None

    def _nearest_year(self, month: int) -> int:
        """Of a month without a year: the past one when it lies within nine months, else the coming one."""
        ahead = (month - self.today.month) % 12
        coming = self.today.year + (1 if month < self.today.month else 0)
        return coming if ahead <= 3 else coming - 1

    def _monday(self, word: str) -> date:
        return self.today - timedelta(days=self.today.weekday()) + timedelta(weeks=_WEEKS[word])

    def _shift(self, unit: str, count: float) -> date:
        if "月" in unit:
            return (
                self.today + timedelta(days=15 * (1 if count > 0 else -1))
                if abs(count) == 0.5
                else (_shift_months(self.today, int(count)))
            )
        if unit == "年":
            return _shift_months(self.today, int(count * 12))
        days = 7 if unit[-1] in "周期拜" else 1
        return self.today + timedelta(days=count * days)

    def _day(self, one: re.Match[str], day: date, part: str | None) -> Match:
        clock = _TIME.match(one.string, one.end())
        if clock and not (clock.group(1) and part):
            timed = self._at(one, day, part or clock.group(1), clock)
            if timed:
                return timed
        if part:
            start, end = _PARTS[part]
            midnight = datetime.combine(day, time(), SHANGHAI)
            return _moment(one, midnight + timedelta(hours=start), midnight + timedelta(hours=end))
        return _period(one, day, day + timedelta(days=1), "day")

    def _at(self, one: re.Match[str], day: date, part: str | None, clock: re.Match[str]) -> Match | None:
        hour = whole(clock.group(2) or clock.group(4))
        minute = 30 if "半" in clock.group() else int(clock.group(3) or clock.group(5) or 0)
        if hour is None or hour > 24 or minute > 59:
            return None
        if (part in ("下午", "傍晚", "晚上", "晚间", "夜里") and hour < 12) or (part == "中午" and hour < 3):
            hour += 12
        start = datetime.combine(day, time(), SHANGHAI) + timedelta(hours=hour, minutes=minute)
        iso = (start.isoformat(), (start + timedelta(hours=1)).isoformat())
        return Match("date", {"start": iso[0], "end": iso[1], "grain": "hour"}, one.start(), clock.end(), 66)

    def clock(self, one: re.Match[str]) -> Match | None:
        """A time of today, or of tomorrow when it has passed."""
        if not one.group(1) and not re.search(r"点|:", one.group()):
            return None
        timed = self._at(one, self.today, one.group(1), one)
        if timed and datetime.fromisoformat(timed.value["start"]) < self.now:
            timed = self._at(one, self.today + timedelta(days=1), one.group(1), one)
        return timed

    def part_alone(self, one: re.Match[str]) -> Match | None:
        """A part of the day without a day: of today, or of tomorrow when it has passed."""
        start, end = _PARTS[one.group(1)]
        midnight = datetime.combine(self.today, time(), SHANGHAI)
        if midnight + timedelta(hours=end) <= self.now:
            midnight += timedelta(days=1)
        found = _moment(one, midnight + timedelta(hours=start), midnight + timedelta(hours=end))
        return Match(found.type, found.value, found.start, found.end, 45)


def find(text: str, now: datetime | None = None) -> Iterator[Match]:
    """Days and periods in clean text, mistyped ones too: half-open, ISO 8601 with the offset of Asia/Shanghai."""
    read, places = mended_places(text)
    for one in _found(read, now):
        start, end = places[one.start], places[one.end]
        if start < end:
            yield replace(one, start=start, end=end)


def _found(text: str, now: datetime | None) -> Iterator[Match]:
    reader = _Reader(now or datetime.now(SHANGHAI))
    steps: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Match | None]]] = [
        (_FESTIVAL, reader.festival),
        (_RELATIVE, reader.relative),
        (_WEEKDAY, reader.weekday),
        (_WEEKEND, reader.weekend),
        (_WEEK, reader.week),
        (_MONTH, reader.month),
        (_YEAR, reader.year),
        (_ABSOLUTE, reader.absolute),
        (_ONLY_YEAR, reader.only_year),
        (_ONLY_DAY, reader.only_day),
        (_SPAN, reader.span),
        (_AGO, reader.ago),
        (_LATELY, reader.lately),
        (_TIME, reader.clock),
        (_PART_ALONE, reader.part_alone),
    ]
    for pattern, read in steps:
        for one in pattern.finditer(text):
            try:
                found = read(one)
            except (ValueError, OverflowError):
                continue  # a day that no calendar has
            if found is not None:
                yield found


def _period(one: re.Match[str], start: date, end: date, grain: str) -> Match:
    first, last = (datetime.combine(day, time(), SHANGHAI).isoformat() for day in (start, end))
    return Match("date", {"start": first, "end": last, "grain": grain}, *one.span(), rank=65)


def _moment(one: re.Match[str], start: datetime, end: datetime) -> Match:
    return Match("date", {"start": start.isoformat(), "end": end.isoformat(), "grain": "hour"}, *one.span(), rank=65)


def _third(one: re.Match[str], first: date, part: str) -> Match:
    after = _add_months(first, 1)
    start, end = {
        "初": (first, first.replace(day=11)),
        "上旬": (first, first.replace(day=11)),
        "中旬": (first.replace(day=11), first.replace(day=21)),
    }.get(part, (first.replace(day=21), after))
    return _period(one, start, end, "day")


def _add_months(first: date, count: int) -> date:
    """The first of a month some months later."""
    month = first.month - 1 + count
    return date(first.year + month // 12, month % 12 + 1, 1)


def _shift_months(day: date, count: int) -> date:
    """The same day some months later, or the last of a shorter month."""
    first = _add_months(day.replace(day=1), count)
    last = (_add_months(first, 1) - timedelta(days=1)).day
    return first.replace(day=min(day.day, last))


def _date(year: int, month: int, day: int | None) -> date | None:
    try:
        return date(year, month, day) if day else None
    except ValueError:
        return None


__all__ = ["FESTIVALS", "SHANGHAI", "find"]
