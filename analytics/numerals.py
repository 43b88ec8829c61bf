"""Numbers in questions, in digits or Chinese: "前10", "一百件以上", "1万块"."""

from __future__ import annotations

from analytics.lexicon import words


def number(said: str) -> int | None:
    """The whole number that a text begins with; None when it begins with none.

    Digits may be followed by a unit of counting ("2百", "1.5万"), Chinese numerals
    are read by place ("一百二十", "两千").
    """
    digits, units = words()["numerals"], words()["numeral_units"]
    end = next((at for at, char in enumerate(said) if not (char.isdigit() or char == ".")), len(said))
    if end:
        try:
            value = float(said[:end])
        except ValueError:
            return None
        for char in said[end:]:
            if char not in units:
                break
            value *= units[char]
        return round(value)
    total = part = 0
    last: int | None = None
    for char in said:
        if char in units:
            part, total, last = _placed(part, last, units[char], total)
        elif char in digits:
            last = int(digits[char])
        else:
            break
    found = total + part + (last or 0)
    return found if found or last is not None else None


def _placed(part: int, last: int | None, unit: int, total: int) -> tuple[int, int, None]:
    """A unit of counting after a digit, or after all of a myriad's part."""
    if unit >= 10_000:
        return 0, total + (part + (last or 0) or 1) * unit, None
    return part + (1 if last is None else last) * unit, total, None
