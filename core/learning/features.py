"""The features of a pixel: bands and indices on regular dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ..errors import DataError
from ..vocabulary.bands import RADAR_BANDS
from ..vocabulary.indices import INDICES, bands_of


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

    def to_json(self) -> dict[str, Any]:
        """As JSON values, for records and model files."""
        return {"bands": self.bands, "indices": self.indices, "dates": [day.isoformat() for day in self.dates]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SeriesPlan:
        """The inverse of `to_json`."""
        dates = tuple(date.fromisoformat(day) for day in value["dates"])
        return cls(tuple(value["bands"]), tuple(value["indices"]), dates)


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
