"""The questions that every source of imagery answers, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol, TypeGuard

import numpy as np
from shapely.geometry.base import BaseGeometry

from ...grid.pixel_grid import PixelGrid
from ...grid.windows import Window
from ...store.acquisitions import OfferedAcquisition, Readable
from .services import Limits, Price, Quota
from .traits import Traits


class Source(Protocol):
    """A collection of acquisitions. Sources can be sent to other processes."""

    @property
    def kind(self) -> str:
        """The word for it in SOURCE."""
        ...

    @property
    def imagery(self) -> str:
        """Which imagery it is, for people and to tell it from others: a folder, a service and its collections."""
        ...

    @property
    def traits(self) -> Traits:
        """What is to be known to fetch from it well."""
        ...

    @property
    def grid(self) -> PixelGrid | None:
        """The pixel grid that its images lie on; None where they can be had on any."""
        ...

    @property
    def crs(self) -> str:
        """The CRS of `extent` and of all footprints."""
        ...

    @property
    def extent(self) -> BaseGeometry | None:
        """The ground of all acquisitions together; None where it is (for all that matters) the whole Earth."""
        ...

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[OfferedAcquisition]:
        """The acquisitions from `start` to `end`, both days included, that show some of the area (in `crs`), by time.

        Raises DataError where they cannot be had.
        """
        ...

    def read(self, acquisition: Readable, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        """The bands (band, y, x) of a window of any grid, uint16 reflectance × 10000, 0 where there is no data.

        Raises DataError where the pixels cannot be read.
        """
        ...


class PaidSource(Source, Protocol):
    """Imagery of a service that wants to be paid for each request."""

    def price(self, acquisition: Readable, bands: Sequence[str], window: Window) -> Price:
        """What reading the bands of a window will cost."""
        ...

    def quota(self) -> Quota:
        """The processing units and requests that the account has left, where the service reports them."""
        ...

    @property
    def limits(self) -> Limits | None:
        """The limits of a free account; None if they are not the same for all."""
        ...


def is_paid(source: Source) -> TypeGuard[PaidSource]:
    """Whether reading from the source costs processing units."""
    return hasattr(source, "price")


class LocalSource(Source, Protocol):
    """Imagery on this machine: it has a pixel grid and an extent of its own."""

    @property
    def grid(self) -> PixelGrid:
        """The pixel grid that its images lie on."""
        ...

    @property
    def extent(self) -> BaseGeometry:
        """The ground of all acquisitions together."""
        ...
