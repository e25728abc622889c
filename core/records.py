"""The facts a workspace keeps: the acquisitions, and the layout of grid, area and patches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timezone
from functools import cached_property
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from .grid import Patch, PixelGrid, Window
from .rasters import burn

TIME_FORMAT = "%Y%m%dT%H%M%S"


def fingerprint(*parts: Any) -> str:
    """A short name of values that JSON can hold; equal values have equal names."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Acquisition:
    """One pass of the satellite over the area, known by its sensing time (UTC).

    `cloud_cover` and `coverage` are fractions of the area, None where nobody knows; `identity` changes when the pixels
    do.
    """

    time: datetime
    identity: str
    coverage: float | None = None
    cloud_cover: float | None = None

    @property
    def name(self) -> str:
        """The sensing time as files are named, 20190731T100031."""
        return self.time.strftime(TIME_FORMAT)


@dataclass(frozen=True)
class Catalogue:
    """The acquisitions of a run, in order of time, where they come from, and the period that was asked for."""

    source: str
    imagery: str
    bands: tuple[str, ...]
    acquisitions: tuple[Acquisition, ...]
    start: date | None = None
    end: date | None = None

    @property
    def period(self) -> tuple[date, date]:
        """The first and the last day: as asked for, else of the acquisitions."""
        first, last = self.acquisitions[0].time.date(), self.acquisitions[-1].time.date()
        return self.start or first, self.end or last

    def to_json(self) -> dict[str, Any]:
        """For `scenes.json`."""
        rows = [{**asdict(acquisition), "time": acquisition.name} for acquisition in self.acquisitions]
        return {
            "source": self.source,
            "imagery": self.imagery,
            "bands": list(self.bands),
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "acquisitions": rows,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Catalogue:
        """The inverse of `to_json`."""
        rows = (
            Acquisition(**{**row, "time": datetime.strptime(row["time"], TIME_FORMAT).replace(tzinfo=timezone.utc)})
            for row in value["acquisitions"]
        )
        start, end = (date.fromisoformat(value[name]) if value[name] else None for name in ("start", "end"))
        return cls(value["source"], value["imagery"], tuple(value["bands"]), tuple(rows), start, end)


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
        return [patch for patch in self.patches if not patch.window.intersection(window).is_empty]
