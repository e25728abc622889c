"""Facts of a run that the report shows, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..imagery.sources import SOURCES
from ..learning.features import SeriesPlan
from ..learning.records import ModelRecord
from ..reference.record import LabelRecord
from ..store.acquisitions import Catalogue
from ..store.layout import Layout
from ..store.records import RunRecord
from ..vocabulary.classes import ClassScheme, LandCoverClass


@dataclass(frozen=True)
class Observation:
    """One acquisition: `coverage` of the area, `cloud_cover` and `valid` fraction of what it covers, and mean NDVI.

    `ndvi` is the mean of all and of valid pixels. Values are None where unknown. `counted` is False for radar beside
    optical imagery, which has no clouds and adds no valid observations.
    """

    time: datetime
    satellite: str
    bands: tuple[str, ...]
    counted: bool
    coverage: float | None
    cloud_cover: float | None
    valid: float | None
    ndvi: tuple[float | None, float | None]


@dataclass(frozen=True)
class ClassCount:
    """Counts of one class: reference polygons, labelled pixels, samples, polygons with samples, mapped pixels."""

    entry: LandCoverClass
    polygons: int
    pixels: int
    samples: int
    sampled_polygons: int
    mapped: int


@dataclass(frozen=True)
class Mapped:
    """The map: pixels of each class, pixels without data, and its model; `own_model` if the workspace trained it."""

    scheme: ClassScheme
    counts: Mapping[int, int]
    no_data: int
    model: str
    own_model: bool

    @property
    def pixels(self) -> int:
        """Number of pixels with a class."""
        return sum(self.counts.values())


SATELLITES = ("Sentinel-2", "Landsat", "Sentinel-1")


@dataclass(frozen=True)
class Facts:
    """All facts of a run; None or empty for steps that have not run."""

    name: str
    layout: Layout
    catalogue: Catalogue | None
    observations: tuple[Observation, ...]
    clouds: Mapping[str, Any]
    labels: LabelRecord | None
    plan: SeriesPlan | None
    training: ModelRecord | None
    mapped: Mapped | None
    run: RunRecord | None
    classes: tuple[ClassCount, ...]

    @property
    def pixel_area(self) -> float:
        """Area of a pixel in m²."""
        return self.layout.grid.pixel_width * self.layout.grid.pixel_height

    @property
    def area_km2(self) -> float:
        """Size of the area of interest in km²."""
        return float(self.layout.area.area) * self.pixel_area / 1e6

    @property
    def satellites(self) -> str:
        """Names of the satellites, as a list in words."""
        *first, last = self.bands_by_satellite or ("Sentinel-2",)
        return f"{', '.join(first)} and {last}" if first else last

    @property
    def bands_by_satellite(self) -> Mapping[str, tuple[str, ...]]:
        """Bands of each satellite, in the order of `SATELLITES`."""
        found: dict[str, tuple[str, ...]] = {}
        for item in sorted(self.observations, key=lambda each: SATELLITES.index(each.satellite)):
            found[item.satellite] = tuple(dict.fromkeys((*found.get(item.satellite, ()), *item.bands)))
        return found

    @property
    def counted(self) -> tuple[Observation, ...]:
        """Observations for which clouds and valid pixels are counted."""
        return tuple(item for item in self.observations if item.counted)

    @property
    def has_radar_and_optical(self) -> bool:
        """Whether radar is combined with optical imagery."""
        return len(self.counted) < len(self.observations)

    @property
    def simulated(self) -> bool:
        """Whether the imagery is that of the built-in sample region."""
        return self.catalogue is not None and SOURCES[self.catalogue.source].is_simulated

    def entry(self, id_: int) -> LandCoverClass:
        """The class with this id."""
        return next(count.entry for count in self.classes if count.entry.id == id_)
