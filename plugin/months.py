"""The months of a time axis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta


def months(first: datetime, last: datetime) -> Iterator[tuple[datetime, str]]:
    """Start of each month from that of `first` to that of `last`, with its label: the year in January."""
    month = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month <= last:
        yield month, f"{month:%b}" if month.month > 1 else f"{month:%Y}"
        month = (month + timedelta(days=32)).replace(day=1)
