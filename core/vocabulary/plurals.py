"""Numbers and lists in texts, as people write them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Optional


def counted(number: int, one: str, many: Optional[str] = None) -> str:
    """1 polygon, 2 polygons; `many` is an irregular plural."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def written(number: float, digits: int = 6) -> str:
    """A number without an exponent: whole numbers with all digits, others with that many significant ones.

    Numbers that nobody writes out, above 10¹⁵ or below 10⁻⁹, keep their exponent.
    """
    if number and not 1e-9 <= abs(number) <= 1e15:
        return f"{number:g}"
    if number == int(number):
        return str(int(number))
    decimals = max(digits - 1 - math.floor(math.log10(abs(number))), 0)
    text = f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def listed(names: Iterable[str], none: str) -> str:
    """The names, separated by commas; `none`, such as `no fields`, if there are none."""
    return ", ".join(names) or none
