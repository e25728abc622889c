"""Where imagery comes from. Every source answers the same questions, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol, TypeGuard

import numpy as np
from shapely.geometry.base import BaseGeometry

from ...errors import ParameterError
from ...grid.pixel_grid import PixelGrid
from ...grid.windows import Window
from ...store.records import Acquisition
from .ledger import Ledger
from .services import Price, Service
from .traits import Traits

__all__ = ["LocalSource", "PaidSource", "Service", "Source", "Traits", "is_paid", "open_local", "open_source"]


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

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[Acquisition]:
        """The acquisitions from `start` to `end`, both days included, that show some of the area (in `crs`), by time.

        Raises DataError where they cannot be had.
        """
        ...

    def read(self, acquisition: Acquisition, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        """The bands (band, y, x) of a window of any grid, uint16 reflectance × 10000, 0 where there is no data.

        Raises DataError where the pixels cannot be read.
        """
        ...


class PaidSource(Source, Protocol):
    """Imagery of a service that wants to be paid for each request."""

    def price(self, acquisition: Acquisition, bands: Sequence[str], window: Window) -> Price:
        """What reading the bands of a window will cost."""
        ...

    def quota(self) -> float | None:
        """The processing units that the account has left; None where the service does not tell."""
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


def open_source(kind: str, imagery: Path | None, service: Service, ledger: Ledger | None = None) -> Source:
    """The source of that kind; what is read from a paid one is put down in the ledger, and paid from its budget.

    Raises ParameterError or DataError where it cannot be opened. Services are not asked yet.
    """
    if kind == "sentinelhub":
        from .sentinel_hub.source import SentinelHubSource

        return SentinelHubSource(service, ledger)
    if kind == "stac":
        from .stac.source import open_stac

        return open_stac(service)
    local = open_local(kind, imagery)
    if local is None:
        what = "one GeoTIFF per acquisition" if kind == "folder" else "Sentinel-2 products (.SAFE or .zip)"
        raise ParameterError(f"Imagery (IMAGERY) is missing: the folder with {what}.")
    return local


def open_local(kind: str, imagery: Path | None) -> LocalSource | None:
    """The source of that kind where it is on this machine; None for services, and where no folder is named.

    Raises ParameterError or DataError where it cannot be opened.
    """
    if kind == "sample":
        from .sample.source import SampleSource

        return SampleSource()
    if imagery is None or kind not in ("folder", "safe"):
        return None
    if kind == "safe":
        from .safe.source import SafeSource

        return SafeSource.open(imagery)
    from .folder.source import FolderSource

    return FolderSource.open(imagery)
