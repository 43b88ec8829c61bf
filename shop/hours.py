"""When people answer: the service hours, on weekends and on China's public holidays.

Days come from ``chinesecalendar`` (the State Council's notices, make-up working
days included); for a year that it does not know yet, weekends are rest days.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from shop.errors import BadSetting
from shop.policy import SHANGHAI
from shop.settings import Settings

CLOSED = "closed"


def is_open(settings: Settings, at: datetime) -> bool:
    """Whether agents work at a moment (aware, any zone)."""
    local = at.astimezone(SHANGHAI)
    opens = hours_of(settings, local.date())
    return opens is not None and opens[0] <= local.time() < opens[1]


def next_opening(settings: Settings, at: datetime) -> datetime | None:
    """The next moment at which agents begin, after one at which they don't work; None within 15 days."""
    local = at.astimezone(SHANGHAI)
    for days in range(16):
        day = local.date() + timedelta(days=days)
        opens = hours_of(settings, day)
        if opens is None:
            continue
        begin = datetime.combine(day, opens[0], SHANGHAI)
        if begin > local:
            return begin
    return None


def hours_of(settings: Settings, day: date) -> tuple[time, time] | None:
    """The hours of a day; None when nobody works.

    Raises:
        BadSetting: the setting that holds for the day is damaged.
    """
    rest, holiday = day_kind(day)
    if holiday and settings.holiday_hours:
        return _parse("XIAOER_HOLIDAY_HOURS", settings.holiday_hours)
    if rest and settings.weekend_hours:
        return _parse("XIAOER_WEEKEND_HOURS", settings.weekend_hours)
    return _parse("XIAOER_SERVICE_HOURS", settings.service_hours)


def day_kind(day: date) -> tuple[bool, bool]:
    """Whether a day is a rest day, and whether it is one of a public holiday."""
    import chinese_calendar

    try:
        rest, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:  # a year whose holidays are not announced yet
        return day.weekday() >= 5, False
    return bool(rest), bool(rest and name)


def _parse(key: str, text: str) -> tuple[time, time] | None:
    if text.strip().lower() == CLOSED:
        return None
    try:
        begin, end = (_clock(part) for part in text.split("-"))
    except ValueError as error:
        raise BadSetting(key, text, f"give HH:MM-HH:MM or {CLOSED}") from error
    if begin >= end:
        raise BadSetting(key, text, "the end must come after the beginning")
    return begin, end


def _clock(text: str) -> time:
    hour, minute = text.strip().split(":")
    return time.max if (int(hour), int(minute)) == (24, 0) else time(int(hour), int(minute))
