"""The built-in sample region as a source: simulated, identical on every machine, without an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from ....grid.crs import read_crs
from ....grid.pixel_grid import PixelGrid
from ....grid.windows import Window
from ....store.acquisitions import OfferedAcquisition, Readable, is_between
from ....store.fingerprints import fingerprint
from ....store.vectors import VectorLayer, write_geopackage
from ..traits import Traits
from . import CLASS_FIELD, NAME_FIELD, simulation

_HAIR = 1e-6  # pixels
_READING = 2  # changes if pixels of other grids are read differently, so that workspaces fetch them again


class SampleSource:
    """The simulated acquisitions of the region."""

    kind = "sample"
    imagery = ""
    traits = Traits(selects=True, cells=True)

    def __init__(self) -> None:
        self._region = simulation.load_region()
        region = self._region
        self.bands = region.bands
        self.grid = PixelGrid(f"EPSG:{region.epsg}", region.left, region.top, region.resolution, region.resolution)
        self.crs = self.grid.crs
        self.extent: BaseGeometry = shapely.box(*self.grid.bounds(Window(0, 0, region.height, region.width)))

    def find(self, start: date | None, end: date | None, area: BaseGeometry) -> list[OfferedAcquisition]:
        """The passes of the period that cover part of the area."""
        found = [
            OfferedAcquisition(
                item.time,
                fingerprint("simulated", simulation.VERSION, _READING, item.time),
                self.bands,
                simulation.coverage(self._region, item),
                item.cloud_cover,
            )
            for item in simulation.passes(self._region)
            if is_between(item.time, start, end)
        ]
        return [acquisition for acquisition in found if acquisition.footprint.intersects(area)]

    def read(self, acquisition: Readable, bands: Sequence[str], grid: PixelGrid, window: Window) -> np.ndarray:
        """The bands (band, y, x) uint16 of a window: of the region's pixel at the centre of each requested pixel.

        The services deliver other grids in the same way (nearest neighbour; on an edge, the right or lower pixel). Of a
        pixel across the edge of the region it is the nearest one of the region.
        """
        region = self._region
        columns, rows, inside = self._places(grid, window)
        pixels = np.zeros((len(bands), *window.shape), dtype=np.uint16)
        if inside.any():
            columns, rows = columns[inside], rows[inside]
            top, left = int(rows.min()), int(columns.min())
            shape = int(rows.max()) + 1 - top, int(columns.max()) + 1 - left
            seen = simulation.render(region, self._pass(acquisition), top, left, *shape)
            numbers = np.array([self.bands.index(band) for band in bands])
            pixels[:, inside] = seen[numbers[:, np.newaxis], rows - top, columns - left]
        return pixels

    def _places(self, grid: PixelGrid, window: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The columns and rows (y, x) int64 of the region's pixels nearest to the centres of the window's pixels, and
        which of these have a part in the region."""
        across, down = np.arange(window.width) + 0.5, np.arange(window.height) + 0.5
        left, _, _, top = grid.bounds(window)
        x, y = np.meshgrid(left + across * grid.pixel_width, top - down * grid.pixel_height)
        if read_crs(grid.crs) != read_crs(self.crs):
            x, y = Transformer.from_crs(read_crs(grid.crs), read_crs(self.crs), always_xy=True).transform(x, y)
        columns, rows = (x - self.grid.left) / self.grid.pixel_width, (self.grid.top - y) / self.grid.pixel_height
        across, down = (
            (places > -half + _HAIR) & (places < size + half - _HAIR)
            for places, size, half in (
                (columns, self._region.width, grid.pixel_width / self.grid.pixel_width / 2.0),
                (rows, self._region.height, grid.pixel_height / self.grid.pixel_height / 2.0),
            )
        )
        columns = np.floor(columns).clip(0, self._region.width - 1)
        rows = np.floor(rows).clip(0, self._region.height - 1)
        return columns.astype(np.int64), rows.astype(np.int64), across & down

    def _pass(self, acquisition: Readable) -> simulation.Pass:
        return next(item for item in simulation.passes(self._region) if item.time == acquisition.time)


def write_reference(path: Path) -> Path:
    """Write the region's reference polygons as a GeoPackage, unless the file exists."""
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
