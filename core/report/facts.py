"""What is known of a run, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from ..learning.features import SeriesPlan
from ..store.acquisitions import Catalogue
from ..store.layout import Layout
from ..vocabulary.classes import ClassScheme, LandCoverClass


@dataclass(frozen=True)
class Observation:
    """One acquisition over the area: fractions of the area, and mean NDVI; None where unknown.

    `counted` tells whether clouds and valid observations are counted of it: not of radar beside optical imagery.
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
    """How much there is of one class: polygons of the reference, labelled pixels, samples and where they come from."""

    entry: LandCoverClass
    polygons: int
    pixels: int
    samples: int
    sampled_polygons: int
    mapped: int


@dataclass(frozen=True)
class Score:
    """How well one class was told; the fractions mean nothing where `pixels`, those tested, is 0."""

    class_id: int
    precision: float
    recall: float
    f1: float
    pixels: int


@dataclass(frozen=True)
class Validation:
    """One cross-validation: `confusion` (true, predicted) counts pixels in the order of `class_ids`."""

    kind: str
    class_ids: tuple[int, ...]
    confusion: np.ndarray
    scores: tuple[Score, ...]
    untested: tuple[int, ...]
    groups: int
    overall: float
    mean_f1: float

    @property
    def pixels(self) -> int:
        """How many pixels were tested."""
        return int(self.confusion.sum())

    @property
    def right(self) -> int:
        """How many of them got the right class."""
        return int(np.trace(self.confusion))


@dataclass(frozen=True)
class Training:
    """What was learnt and how it was tested, by polygons and by blocks; None where no class could be tested."""

    classifier: str
    samples: int
    class_ids: tuple[int, ...]
    polygons: Validation | None
    blocks: Validation | None


@dataclass(frozen=True)
class Mapped:
    """The map: pixels of each class and without one, its model, and whether that is the one whose training is known."""

    scheme: ClassScheme
    counts: Mapping[int, int]
    no_data: int
    model: str
    own_model: bool

    @property
    def pixels(self) -> int:
        """Pixels that have a class."""
        return sum(self.counts.values())


SATELLITES = ("Sentinel-2", "Landsat", "Sentinel-1")


@dataclass(frozen=True)
class Facts:
    """All that is known of a run; what has not been made is None or empty."""

    name: str
    layout: Layout
    catalogue: Catalogue | None
    observations: tuple[Observation, ...]
    clouds: Mapping[str, Any]
    reference: Mapping[str, Any] | None
    plan: SeriesPlan | None
    training: Training | None
    mapped: Mapped | None
    request: Mapping[str, Any] | None
    classes: tuple[ClassCount, ...]

    @property
    def pixel_area(self) -> float:
        """Square metres of a pixel."""
        return self.layout.grid.pixel_width * self.layout.grid.pixel_height

    @property
    def area_km2(self) -> float:
        """The area of interest."""
        return float(self.layout.area.area) * self.pixel_area / 1e6

    @property
    def satellites(self) -> str:
        """Whose imagery it is."""
        *first, last = self.bands_by_satellite or ("Sentinel-2",)
        return f"{', '.join(first)} and {last}" if first else last

    @property
    def bands_by_satellite(self) -> Mapping[str, tuple[str, ...]]:
        """The bands that are kept of the imagery of each satellite, those that tell land better first."""
        found: dict[str, tuple[str, ...]] = {}
        for item in sorted(self.observations, key=lambda each: SATELLITES.index(each.satellite)):
            found[item.satellite] = tuple(dict.fromkeys((*found.get(item.satellite, ()), *item.bands)))
        return found

    @property
    def counted(self) -> tuple[Observation, ...]:
        """The observations that clouds and valid observations are counted of."""
        return tuple(item for item in self.observations if item.counted)

    @property
    def is_joined(self) -> bool:
        """Whether there is radar beside optical imagery."""
        return len(self.counted) < len(self.observations)

    @property
    def simulated(self) -> bool:
        """Whether the imagery is the built-in sample region's."""
        return self.catalogue is not None and self.catalogue.source == "sample"

    def entry(self, id_: int) -> LandCoverClass:
        """The class of an id."""
        return next(count.entry for count in self.classes if count.entry.id == id_)
