"""The facts a workspace keeps: the acquisitions, and the layout of grid, area and patches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timezone
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..vocabulary.bands import DETECTOR_BANDS, RADAR_BANDS, cloud_detection
from ..vocabulary.indices import bands_of
from .rasters import burn

TIME_FORMAT = "%Y%m%dT%H%M%S"


def fingerprint(*parts: Any) -> str:
    """A short name of values that JSON can hold; equal values have equal names."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def is_between(time: datetime, start: date | None, end: date | None) -> bool:
    """Whether a time lies in a period of days, both included; None is open."""
    return (start is None or time.date() >= start) and (end is None or time.date() <= end)


@dataclass(frozen=True)
class Acquisition:
    """One pass of the satellite over the area, known by its sensing time (UTC).

    `identity` changes when the pixels do. `bands` are those that there are, or, in a workspace, those that its scenes
    hold. `footprint` is the ground it shows, in the CRS of its source, or, in a workspace, of the grid. `cloud_cover`
    and `coverage` are fractions of the area, None where nobody knows. `cells` tells whether the bands that clouds are
    told by lie apart, in cells. `facts` is what its source needs to read it, as JSON knows it.
    """

    time: datetime
    identity: str
    bands: tuple[str, ...]
    footprint: BaseGeometry
    cloud_cover: float | None = None
    coverage: float | None = None
    cells: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The sensing time as files are named, 20190731T100031."""
        return self.time.strftime(TIME_FORMAT)

    @property
    def is_optical(self) -> bool:
        """Whether it can be clouded: radar sees through."""
        return not set(self.bands) <= set(RADAR_BANDS)

    def cloud_detection(self, method: str) -> str:
        """How its clouds are told; DataError where the method lacks its bands."""
        return cloud_detection(method, (*self.bands, *DETECTOR_BANDS) if self.cells else self.bands)

    def to_json(self) -> dict[str, Any]:
        """For `scenes.json`."""
        return {
            "time": self.name,
            "identity": self.identity,
            "bands": list(self.bands),
            "footprint": shapely.to_wkb(self.footprint, hex=True),
            "cloud_cover": self.cloud_cover,
            "coverage": self.coverage,
            "cells": self.cells,
            "facts": dict(self.facts),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Acquisition:
        """The inverse of `to_json`."""
        read = {
            "time": datetime.strptime(value["time"], TIME_FORMAT).replace(tzinfo=timezone.utc),
            "bands": tuple(value["bands"]),
            "footprint": shapely.from_wkb(value["footprint"]),
        }
        return cls(**{**value, **read})


@dataclass(frozen=True)
class Observations:
    """What acquisitions with the same bands have seen of some pixels.

    `stack` (time, band, pixel) uint16 in the order of `bands`, `valid` (time, pixel) bool, `times` in order, UTC.
    """

    bands: tuple[str, ...]
    stack: np.ndarray
    valid: np.ndarray
    times: tuple[datetime, ...]

    def take(self, pixels: np.ndarray) -> Observations:
        """Those of some pixels, by number or mask."""
        return Observations(self.bands, self.stack[:, :, pixels], self.valid[:, pixels], self.times)


@dataclass(frozen=True)
class Catalogue:
    """The acquisitions of a run, in order of time, where they come from, and the period that was asked for.

    `cell_factor` is how many pixels make the side of the cells in which the bands of the cloud detector are kept apart;
    0 where scenes hold them.
    """

    source: str
    imagery: str
    acquisitions: tuple[Acquisition, ...]
    start: date | None = None
    end: date | None = None
    cell_factor: int = 0

    @property
    def bands(self) -> tuple[str, ...]:
        """All bands that any of the acquisitions has."""
        return tuple(dict.fromkeys(band for item in self.acquisitions for band in item.bands))

    @property
    def kinds(self) -> tuple[tuple[str, ...], ...]:
        """The bands of each kind of acquisition, in the order in which they come."""
        return tuple(dict.fromkeys(item.bands for item in self.acquisitions))

    def tells(self, value: str) -> bool:
        """Whether any acquisition has the band, or all bands of the index."""
        return any(set(bands_of(value)) <= set(kind) for kind in self.kinds)

    @property
    def optical(self) -> tuple[Acquisition, ...]:
        """The acquisitions that clouds and valid observations are counted of: all, where there is radar alone."""
        return tuple(item for item in self.acquisitions if item.is_optical) or self.acquisitions

    @property
    def period(self) -> tuple[date, date]:
        """The first and the last day: as asked for, else of the acquisitions."""
        first, last = self.acquisitions[0].time.date(), self.acquisitions[-1].time.date()
        return self.start or first, self.end or last

    def to_json(self) -> dict[str, Any]:
        """For `scenes.json`."""
        return {
            "source": self.source,
            "imagery": self.imagery,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "cell_factor": self.cell_factor,
            "acquisitions": [acquisition.to_json() for acquisition in self.acquisitions],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Catalogue:
        """The inverse of `to_json`."""
        start, end = (date.fromisoformat(value[name]) if value[name] else None for name in ("start", "end"))
        rows = tuple(Acquisition.from_json(row) for row in value["acquisitions"])
        return cls(value["source"], value["imagery"], rows, start, end, value["cell_factor"])


@dataclass(frozen=True)
class Layout:
    """The pixel grid, the area as a geometry in pixel coordinates, the pixels around it, and the patches."""

    grid: PixelGrid
    area: BaseGeometry
    domain: Window
    patches: tuple[Patch, ...]

    def area_mask(self, window: Window) -> np.ndarray:
        """(y, x) bool: which pixels of the window belong to the area."""
        one = np.array([1], dtype=np.uint8)
        return burn(np.array([self.area], dtype=object), one, window).astype(bool)

    @cached_property
    def patch_fingerprints(self) -> Mapping[str, str]:
        """For each patch what decides which pixels it holds: the grid, the window, the area within it."""
        return {
            patch.id: fingerprint(
                asdict(self.grid),
                asdict(patch.window),
                hashlib.sha256(np.packbits(self.area_mask(patch.window)).tobytes()).hexdigest(),
            )
            for patch in self.patches
        }

    def patches_in(self, window: Window) -> list[Patch]:
        """The patches that have pixels in the window."""
        tops, lefts, bottoms, rights = self._edges
        near = (tops < window.bottom) & (bottoms > window.row) & (lefts < window.right) & (rights > window.column)
        return [self.patches[number] for number in np.flatnonzero(near)] if not window.is_empty else []

    @property
    def rectangles(self) -> np.ndarray:
        """The ground of each patch, in the CRS of the grid."""
        tops, lefts, bottoms, rights = self._edges
        upper = self.grid.top - tops * self.grid.pixel_height
        left = self.grid.left + lefts * self.grid.pixel_width
        lower = upper - (bottoms - tops) * self.grid.pixel_height
        boxes: np.ndarray = shapely.box(left, lower, left + (rights - lefts) * self.grid.pixel_width, upper)
        return boxes

    @cached_property
    def _edges(self) -> np.ndarray:
        """(4, patch) top, left, bottom and right of each patch."""
        windows = [patch.window for patch in self.patches]
        return np.array([(w.row, w.column, w.bottom, w.right) for w in windows], dtype=np.int64).reshape(-1, 4).T
