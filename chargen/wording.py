"""How numbers are said in a sentence: how many of what, about how much, how long."""

from decimal import Decimal

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def about(number: float) -> str:
    """Return a number of two significant digits, such as 380, 1.5 or 0.0012; never 3.8e+02."""
    return f"{Decimal(f'{number:.2g}'):,f}"


def plain(value: object) -> str:
    """Return a setting's value as it would be typed, such as 0.5, 12 or soap."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def count(number: float, noun: str, plural: str = "") -> str:
    """Return how many there are of something, such as "1 line" or "1,200 lines".

    Args:
        number: if it is no whole number, it is said as `about` says it.
        noun: the singular.
        plural: if it is not the singular and an s.
    """
    said = f"{number:,.0f}" if number == number // 1 else about(number)
    return f"{said} {noun if said == '1' else plural or f'{noun}s'}"


def duration(seconds: float) -> str:
    """Return a time in its two largest units, such as "9 minutes 58 seconds" or "2 hours"."""
    left = round(seconds)
    if left < 1:
        return "less than a second"
    parts = []
    for unit, length in _UNITS:
        number, left = divmod(left, length)
        parts.append(count(number, unit) if number else "")
    first = next(place for place, part in enumerate(parts) if part)
    return " ".join(filter(None, parts[first : first + 2]))


def time_left(seconds: float) -> str:
    """Return how long something goes on, in whole minutes, such as "about 9 minutes"."""
    minutes = round(seconds / 60)
    return f"about {duration(60 * minutes)}" if minutes else "less than a minute"
