"""Numbers with nouns in the singular or plural."""

from __future__ import annotations

from typing import Optional


def counted(number: int, one: str, many: Optional[str] = None) -> str:
    """1 polygon, 2 polygons; `many` is an irregular plural."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
