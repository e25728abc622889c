"""The features of a pixel: bands and indices on regular dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from ..errors import DataError
from ..vocabulary.bands import RADAR_BANDS
from ..vocabulary.indices import INDICES, bands_of

_SLACK_DAYS = 32


@dataclass(frozen=True)
class SeriesPlan:
    """The plan of a series: bands, indices, and regular dates."""

    bands: tuple[str, ...]
    indices: tuple[str, ...]
    dates: tuple[date, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the values on each date: bands, then indices."""
        return self.bands + self.indices

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features in order: all dates of the first value, then of the next."""
        return tuple(f"{value}_{day:%Y%m%d}" for value in self.values for day in self.dates)

    @property
    def needed_bands(self) -> tuple[str, ...]:
        """The bands to read: those of the plan and those of its indices."""
        return tuple(dict.fromkeys(band for value in self.values for band in bands_of(value)))

    def restricted_to(self, values: Sequence[str]) -> SeriesPlan:
        """The part of the plan with these values."""
        bands, indices = (tuple(name for name in own if name in values) for own in (self.bands, self.indices))
        return SeriesPlan(bands, indices, self.dates)

    def moved(self, years: int) -> SeriesPlan:
        """The plan with the same days in another year; 29 February becomes 28 February."""
        return replace(self, dates=tuple(_in_year(day, day.year + years) for day in self.dates))

    def years_to(self, start: date, end: date) -> int:
        """The years from the dates of the plan to a period; DataError if the period does not cover the same season.

        Dates may lie a little before or after it: those are filled by the nearest observation.
        """
        middle = self.dates[len(self.dates) // 2]
        wanted = start + (end - start) / 2
        years = min(range(-200, 201), key=lambda n: (abs((_in_year(middle, middle.year + n) - wanted).days), n))
        first, last = self.moved(years).dates[0], self.moved(years).dates[-1]
        step = max((later - earlier).days for earlier, later in pairwise(self.dates)) if len(self.dates) > 1 else 0
        slack = timedelta(days=max(2 * step, _SLACK_DAYS))
        if first < start - slack or last > end + slack:
            raise DataError(
                f"The model uses the season from {self.dates[0]:%d %B} to {self.dates[-1]:%d %B}; the imagery from "
                f"{start} to {end} does not cover it. Find scenes of the whole season (START, END), or choose another "
                "MODEL."
            )
        return years

    def to_json(self) -> dict[str, Any]:
        """As JSON values, for records and model files."""
        return {"bands": self.bands, "indices": self.indices, "dates": [day.isoformat() for day in self.dates]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SeriesPlan:
        """The inverse of `to_json`."""
        dates = tuple(date.fromisoformat(day) for day in value["dates"])
        return cls(tuple(value["bands"]), tuple(value["indices"]), dates)


def _in_year(day: date, year: int) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    year = min(max(year, date.min.year), date.max.year)
    return day.replace(year=year, day=28) if is_leap_day else day.replace(year=year)


def plan_series(
    available: Sequence[str], bands: Sequence[str], indices: Sequence[str], dates: tuple[date, ...]
) -> tuple[SeriesPlan, tuple[str, ...]]:
    """The plan that the available bands allow, and the requested names that they do not.

    Radar bands are always included: they are fetched for this only.
    """
    radar = [band for band in available if band in RADAR_BANDS and band not in bands]
    usable_bands = tuple(band for band in (*bands, *radar) if band in available)
    usable_indices = tuple(name for name in indices if set(INDICES[name].bands) <= set(available))
    if not usable_bands and not usable_indices:
        raise DataError(
            f"None of the bands {', '.join(bands)} and indices {', '.join(indices)} are in this imagery; its "
            f"bands are {', '.join(available)}. Set BANDS."
        )
    missing = tuple(name for name in (*bands, *indices) if name not in usable_bands + usable_indices)
    return SeriesPlan(usable_bands, usable_indices, dates), missing


def regular_dates(start: date, end: date, step: int) -> tuple[date, ...]:
    """Every `step` days from `start` up to `end`, both included where they fall on it."""
    return tuple(start + timedelta(days=days) for days in range(0, (end - start).days + 1, step))
