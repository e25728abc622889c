"""The built-in sample region as a source: simulated, the same on every machine, and free of any account."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely
from rasterio.io import MemoryFile
from shapely.geometry.base import BaseGeometry

from ..grid import PixelGrid, Window
from ..records import Acquisition, fingerprint
from ..vectors import VectorLayer, write_geopackage
from . import simulation
from .resampling import read_resampled

CLASS_FIELD = "class_id"
NAME_FIELD = "class_name"


class SampleSource:
    """The simulated acquisitions over the region's own grid."""

    kind = "sample"
    imagery = ""

    def __init__(self) -> None:
        self._region = simulation.load_region()
        region = self._region
        self.bands = region.bands
        self.grid = PixelGrid(f"EPSG:{region.epsg}", region.left, region.top, region.resolution, region.resolution)

    def footprint(self, acquisition: Acquisition | None = None) -> BaseGeometry:
        """The region, or the part of it that one pass saw."""
        if acquisition is None:
            return shapely.box(*self.grid.bounds(Window(0, 0, self._region.height, self._region.width)))
        return simulation.coverage(self._region, self._pass(acquisition))

    def find(self, start: date | None, end: date | None) -> list[Acquisition]:
        """The passes of the period."""
        return [
            Acquisition(item.time, fingerprint("simulated", _version(), item.time), cloud_cover=item.cloud_cover)
            for item in simulation.passes(self._region)
            if (start is None or item.time.date() >= start) and (end is None or item.time.date() <= end)
        ]

    def read(self, acquisition: Acquisition, grid: PixelGrid, window: Window) -> np.ndarray:
        """What the satellite would have seen; on grids other than the region's own, bilinear."""
        region = self._region
        whole = Window(0, 0, region.height, region.width)
        if not self.grid.same_as(grid):
            seen = simulation.render(region, self._pass(acquisition), 0, 0, *whole.shape)
            profile = {"driver": "GTiff", "count": len(self.bands), "dtype": "uint16", "nodata": 0}
            place = {"height": whole.height, "width": whole.width, "crs": self.grid.crs}
            with MemoryFile() as memory:
                with memory.open(**profile, **place, transform=self.grid.affine(whole)) as file:
                    file.write(seen)
                with memory.open() as file:
                    pixel = (self.grid.pixel_width, self.grid.pixel_height)
                    return read_resampled(file, self.bands, pixel, grid, window)
        rows = round((self.grid.top - grid.top) / grid.pixel_height)
        columns = round((grid.left - self.grid.left) / grid.pixel_width)
        own = replace(window, row=window.row + rows, column=window.column + columns)
        common = whole.intersection(own)
        pixels = np.zeros((len(self.bands), *window.shape), dtype=np.uint16)
        if not common.is_empty:
            seen = simulation.render(region, self._pass(acquisition), common.row, common.column, *common.shape)
            pixels[(slice(None), *own.slices(common))] = seen
        return pixels

    def _pass(self, acquisition: Acquisition) -> simulation.Pass:
        return next(item for item in simulation.passes(self._region) if item.time == acquisition.time)


def write_reference(path: Path) -> Path:
    """Write the region's reference polygons as a GeoPackage, where they are not there already."""
    region = simulation.load_region()
    if not path.exists():
        polygons = simulation.reference(region)
        fields = {
            CLASS_FIELD: np.array([polygon.class_id for polygon in polygons], dtype=np.int32),
            NAME_FIELD: np.array([polygon.class_name for polygon in polygons], dtype=object),
        }
        shapes = np.array([polygon.geometry for polygon in polygons], dtype=object)
        write_geopackage(path, VectorLayer("sample_reference", shapes, fields, f"EPSG:{region.epsg}"))
    return path


@lru_cache(maxsize=1)
def _version() -> str:
    """Changes when the definition or the simulation does."""
    folder = Path(simulation.__file__).parent
    files = [*sorted(folder.glob("*.py")), folder.parents[2] / "resources" / "sample_region.json"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
