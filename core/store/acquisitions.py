"""The acquisitions of a run: one for each pass of the satellite, and the catalogue of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timezone
from typing import Any, Union

import shapely
from shapely.geometry.base import BaseGeometry

from ..grid.windows import Window
from ..vocabulary.bands import DETECTOR_BANDS, RADAR_BANDS
from ..vocabulary.indices import bands_of

TIME_FORMAT = "%Y%m%dT%H%M%S"


def is_between(time: datetime, start: date | None, end: date | None) -> bool:
    """Whether a time is in a period of days, both included; None is open."""
    return (start is None or time.date() >= start) and (end is None or time.date() <= end)


@dataclass(frozen=True)
class OfferedAcquisition:
    """One pass of the satellite as its source offers it, identified by its sensing time (UTC).

    `identity` changes when the pixels do. `footprint` is in the CRS of the source, `cloud_cover` a fraction of the
    area, None if unknown. `facts` are the JSON values that the source needs to read it. `remarks` and `warnings` are
    clauses for the user about what was chosen or is in doubt.
    """

    time: datetime
    identity: str
    bands: tuple[str, ...]
    footprint: BaseGeometry
    cloud_cover: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The sensing time as files are named, 20190731T100031."""
        return self.time.strftime(TIME_FORMAT)


@dataclass(frozen=True)
class Acquisition:
    """One pass of the satellite as the workspace stores it, identified by its sensing time (UTC).

    `identity` and `facts` are those of the source. `bands` are those of its scenes, `footprint` is in the CRS of the
    grid, `cloud_cover` and `coverage` are fractions of the area, None if unknown. `cells`: the bands of the cloud
    detector are stored separately, in cells. `around` are the bands that are stored for `reach` pixels around the area
    too, because the cloud masks within it depend on them.
    """

    time: datetime
    identity: str
    bands: tuple[str, ...]
    footprint: BaseGeometry
    cloud_cover: float | None = None
    coverage: float | None = None
    cells: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    around: tuple[str, ...] = ()
    reach: int = 0

    @property
    def name(self) -> str:
        """The sensing time as files are named, 20190731T100031."""
        return self.time.strftime(TIME_FORMAT)

    @property
    def is_optical(self) -> bool:
        """Whether it is optical, so may be cloudy; radar is not."""
        return not set(self.bands) <= set(RADAR_BANDS)

    @property
    def all_bands(self) -> tuple[str, ...]:
        """The bands of its scenes, and those of the cloud detector if these are stored in cells."""
        return (*self.bands, *DETECTOR_BANDS) if self.cells else self.bands

    def to_json(self) -> dict[str, Any]:
        """As JSON values, for `scenes.json`."""
        return {
            "time": self.name,
            "identity": self.identity,
            "bands": list(self.bands),
            "footprint": shapely.to_wkb(self.footprint, hex=True),
            "cloud_cover": self.cloud_cover,
            "coverage": self.coverage,
            "cells": self.cells,
            "facts": dict(self.facts),
            "around": list(self.around),
            "reach": self.reach,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Acquisition:
        """The inverse of `to_json`."""
        read = {
            "time": datetime.strptime(value["time"], TIME_FORMAT).replace(tzinfo=timezone.utc),
            "bands": tuple(value["bands"]),
            "around": tuple(value.get("around", ())),
            "footprint": shapely.from_wkb(value["footprint"]),
        }
        return cls(**{**value, **read})


Readable = Union[Acquisition, OfferedAcquisition]


@dataclass(frozen=True)
class Catalogue:
    """The acquisitions of a run, in order of time, with their source and the requested period.

    `cell_factor` is the number of pixels along the side of the cells in which the bands of the cloud detector are
    stored; 0 if the scenes contain these bands. `horizon` are the pixels that the imagery covers, None if it
    has no end.
    """

    source: str
    imagery: str
    acquisitions: tuple[Acquisition, ...]
    start: date | None = None
    end: date | None = None
    cell_factor: int = 0
    horizon: Window | None = None

    def factor_around(self, acquisition: Acquisition) -> int:
        """The pixels along the side of what is stored around the area: 1, or more for cells."""
        return self.cell_factor if acquisition.cells else 1

    def within_imagery(self, cells: Window, factor: int = 1) -> Window:
        """The part of a window, in cells of `factor` pixels, that the imagery covers."""
        return cells if self.horizon is None else cells.intersection(self.horizon.coarse(factor))

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands of all acquisitions."""
        return tuple(dict.fromkeys(band for item in self.acquisitions for band in item.bands))

    @property
    def kinds(self) -> tuple[tuple[str, ...], ...]:
        """The bands of each kind of acquisition, in the order in which they come."""
        return tuple(dict.fromkeys(item.bands for item in self.acquisitions))

    def has(self, value: str) -> bool:
        """Whether any acquisition has the band, or all bands of the index."""
        return any(set(bands_of(value)) <= set(kind) for kind in self.kinds)

    @property
    def optical(self) -> tuple[Acquisition, ...]:
        """The acquisitions for which clouds and valid observations are counted: all, if there is only radar."""
        return tuple(item for item in self.acquisitions if item.is_optical) or self.acquisitions

    @property
    def period(self) -> tuple[date, date]:
        """The first and the last day: as requested, or of the acquisitions."""
        first, last = self.acquisitions[0].time.date(), self.acquisitions[-1].time.date()
        return self.start or first, self.end or last

    def to_json(self) -> dict[str, Any]:
        """As JSON values, for `scenes.json`."""
        return {
            "source": self.source,
            "imagery": self.imagery,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "cell_factor": self.cell_factor,
            "horizon": asdict(self.horizon) if self.horizon else None,
            "acquisitions": [acquisition.to_json() for acquisition in self.acquisitions],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Catalogue:
        """The inverse of `to_json`."""
        start, end = (date.fromisoformat(value[name]) if value[name] else None for name in ("start", "end"))
        rows = tuple(Acquisition.from_json(row) for row in value["acquisitions"])
        horizon = Window(**value["horizon"]) if value.get("horizon") else None
        return cls(value["source"], value["imagery"], rows, start, end, value["cell_factor"], horizon)
