"""The months of a time axis."""

from __future__ import annotations

from datetime import datetime, timezone


def test_every_month_once_and_of_january_the_year(qgis):
    from patchwork.plugin.months import months

    first, last = (datetime(*day, 10, tzinfo=timezone.utc) for day in ((2018, 10, 31), (2019, 3, 1)))
    found = list(months(first, last))
    assert [text for _, text in found] == ["Oct", "Nov", "Dec", "2019", "Feb", "Mar"]
    assert all((month.day, month.hour) == (1, 0) for month, _ in found)
