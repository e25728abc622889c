"""Where imagery comes from. Every source answers the same questions, whatever stands behind it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np
from shapely.geometry.base import BaseGeometry

from ..errors import ParameterError
from ..grid import PixelGrid, Window
from ..records import Acquisition

__all__ = ["Source", "open_source"]


class Source(Protocol):
    """A collection of acquisitions. Sources can be sent to other processes."""

    @property
    def kind(self) -> str:
        """The word for it in SOURCE."""
        ...

    @property
    def imagery(self) -> str:
        """The folder or address of it, empty where there is none."""
        ...

    @property
    def grid(self) -> PixelGrid:
        """The pixel grid that its images lie on."""
        ...

    @property
    def bands(self) -> tuple[str, ...]:
        """The names of the bands that `read` gives, in order."""
        ...

    def footprint(self, acquisition: Acquisition | None = None) -> BaseGeometry:
        """The ground that one acquisition shows, or all of them together, in the CRS of `grid`."""
        ...

    def find(self, start: date | None, end: date | None) -> list[Acquisition]:
        """The acquisitions from `start` to `end`, both days included, in order of time."""
        ...

    def read(self, acquisition: Acquisition, grid: PixelGrid, window: Window) -> np.ndarray:
        """All bands (band, y, x) of the window, uint16 reflectance × 10000, 0 where there is no data.

        Raises DataError where the pixels cannot be read.
        """
        ...


def open_source(kind: str, imagery: Path | None) -> Source:
    """The source of that kind; ParameterError or DataError where it cannot be opened."""
    if kind == "sample":
        from .sample import SampleSource

        return SampleSource()
    if imagery is None:
        raise ParameterError("Imagery (IMAGERY) is missing: the folder with one GeoTIFF per acquisition.")
    from .folder import FolderSource

    return FolderSource.open(imagery)
