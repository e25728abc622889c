"""The pixel grid that every raster of a run lies on, windows of it, and the patches it is cut into."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from ..errors import DataError, ParameterError

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels, counted from the grid's origin (both may be negative)."""

    row: int
    column: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        """The first row below the window."""
        return self.row + self.height

    @property
    def right(self) -> int:
        """The first column to the right of the window."""
        return self.column + self.width

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)"""
        return self.height, self.width

    @property
    def is_empty(self) -> bool:
        """Whether there is no pixel in the window."""
        return self.height <= 0 or self.width <= 0

    @classmethod
    def between(cls, row: int, column: int, bottom: int, right: int) -> Window:
        """The window from (row, column) up to, not including, (bottom, right)."""
        return cls(row, column, max(bottom - row, 0), max(right - column, 0))

    def intersection(self, other: Window) -> Window:
        """The pixels in both; empty where they do not meet."""
        return Window.between(
            max(self.row, other.row),
            max(self.column, other.column),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def expanded(self, margin: int) -> Window:
        """The window with `margin` more pixels on every side."""
        return Window(self.row - margin, self.column - margin, self.height + 2 * margin, self.width + 2 * margin)

    def coarse(self, factor: int) -> Window:
        """The cells of `factor` × `factor` pixels that the window touches, as a window of the coarse grid."""
        return Window.between(
            self.row // factor, self.column // factor, -(-self.bottom // factor), -(-self.right // factor)
        )

    def fine(self, factor: int) -> Window:
        """The pixels of a window of coarse cells; `window.coarse(f).fine(f)` contains `window`."""
        return Window(self.row * factor, self.column * factor, self.height * factor, self.width * factor)

    def slices(self, part: Window) -> tuple[slice, slice]:
        """Where `part`, a window inside this one, lies in an array of this one."""
        row, column = part.row - self.row, part.column - self.column
        return slice(row, row + part.height), slice(column, column + part.width)

    def tiles(self, side: int) -> Iterator[Window]:
        """The window cut into the fewest rectangles of about the same size with sides of at most `side` pixels."""
        rows, columns = -(-self.height // side), -(-self.width // side)
        for patch in divide(self, rows, columns):
            yield patch.window

    def strips(self, height: int) -> Iterator[Window]:
        """The window cut into strips of at most `height` rows, from the top."""
        for row in range(self.row, self.bottom, height):
            yield Window(row, self.column, min(height, self.bottom - row), self.width)


@dataclass(frozen=True)
class PixelGrid:
    """An endless north-up grid: a CRS, the place of the corner of pixel (0, 0), and the size of a pixel in metres."""

    crs: str
    left: float
    top: float
    pixel_width: float
    pixel_height: float

    @classmethod
    def utm(cls, geometry: BaseGeometry, crs: str, resolution: float, wanted_crs: str | None = None) -> PixelGrid:
        """The grid of `resolution` metres on whole multiples of it, in `wanted_crs` or the UTM zone of the geometry.

        It counts from multiples of 60 m, as the coarsest pixels of Sentinel-2 do, where that is possible.
        """
        name = wanted_crs or utm_crs(geometry, crs)
        projected = read_crs(name)
        if not projected.is_projected or not math.isclose(projected.axis_info[0].unit_conversion_factor, 1.0):
            raise ParameterError(f"CRS: {name} is not a projected system in metres. Choose a UTM zone or leave it out.")
        return cls(name, 0.0, _top(resolution), resolution, resolution)

    def recounted(self) -> PixelGrid:
        """The same pixels, counted as `utm` does where they lie on whole multiples of their size.

        So the same ground has the same rows, columns and patches from whichever source its imagery comes.
        """
        top = _top(self.pixel_height)
        on_multiples = self.left % self.pixel_width == 0.0 and (top - self.top) % self.pixel_height == 0.0
        if not on_multiples or self.pixel_width != self.pixel_height:
            return self
        return PixelGrid(self.crs, 0.0, top, self.pixel_width, self.pixel_height)

    def coarse(self, factor: int) -> PixelGrid:
        """The grid of cells of `factor` × `factor` pixels; `Window.coarse` gives windows of it."""
        return PixelGrid(self.crs, self.left, self.top, self.pixel_width * factor, self.pixel_height * factor)

    def affine(self, window: Window) -> Affine:
        """From (column, row) in the window to coordinates."""
        left = self.left + window.column * self.pixel_width
        top = self.top - window.row * self.pixel_height
        return Affine(self.pixel_width, 0.0, left, 0.0, -self.pixel_height, top)

    def bounds(self, window: Window) -> Bounds:
        """(xmin, ymin, xmax, ymax) of the window."""
        left = self.left + window.column * self.pixel_width
        top = self.top - window.row * self.pixel_height
        return left, top - window.height * self.pixel_height, left + window.width * self.pixel_width, top

    def to_pixels(self, geometries: np.ndarray) -> np.ndarray:
        """Geometries with x as column and y as row (downwards), pixel (0, 0) between 0 and 1.

        Everything that is burnt goes through these coordinates, and patches differ by whole numbers in them, so a
        polygon's edge falls on the same pixels in whatever patch it is burnt.
        """
        scale = np.array([1.0 / self.pixel_width, -1.0 / self.pixel_height])
        moved: np.ndarray = shapely.transform(geometries, lambda xy: (xy - (self.left, self.top)) * scale)
        return moved

    def window_of_centres(self, pixel_bounds: Bounds) -> Window:
        """The pixels whose centres lie within bounds given in pixel coordinates."""
        xmin, ymin, xmax, ymax = pixel_bounds
        slack = 1e-6
        return Window.between(
            math.ceil(ymin - 0.5 - slack),
            math.ceil(xmin - 0.5 - slack),
            math.floor(ymax - 0.5 + slack) + 1,
            math.floor(xmax - 0.5 + slack) + 1,
        )

    def same_as(self, other: PixelGrid) -> bool:
        """Whether pixels of both grids coincide."""
        columns = (other.left - self.left) / self.pixel_width
        rows = (self.top - other.top) / self.pixel_height
        return (
            read_crs(self.crs) == read_crs(other.crs)
            and math.isclose(self.pixel_width, other.pixel_width, rel_tol=1e-9)
            and math.isclose(self.pixel_height, other.pixel_height, rel_tol=1e-9)
            and abs(columns - round(columns)) < 1e-3
            and abs(rows - round(rows)) < 1e-3
        )


@dataclass(frozen=True)
class Patch:
    """One rectangle of the grid. The id tells its place, so it stays the same when the area grows."""

    id: str
    window: Window


def cut(domain: Window, height: int, width: int) -> list[Patch]:
    """`domain` cut into patches of `height` × `width` pixels, clipped to it, row by row.

    Patches lie on multiples of their size from the grid's origin, so that their ids are stable.
    """
    rows = [(i, max(i * height, domain.row)) for i in range(domain.row // height, -(-domain.bottom // height))]
    columns = [(j, max(j * width, domain.column)) for j in range(domain.column // width, -(-domain.right // width))]
    heights = [min((i + 1) * height, domain.bottom) - top for i, top in rows]
    widths = [min((j + 1) * width, domain.right) - left for j, left in columns]
    return [
        Patch(_patch_id(i, j), Window(top, left, own_height, own_width))
        for (i, top), own_height in zip(rows, heights, strict=True)
        for (j, left), own_width in zip(columns, widths, strict=True)
    ]


def divide(domain: Window, rows: int, columns: int) -> list[Patch]:
    """`domain` cut into `rows` × `columns` patches of about the same size, row by row."""
    tops = [domain.row + domain.height * i // rows for i in range(rows + 1)]
    lefts = [domain.column + domain.width * j // columns for j in range(columns + 1)]
    return [
        Patch(_patch_id(i, j), Window.between(tops[i], lefts[j], tops[i + 1], lefts[j + 1]))
        for i in range(rows)
        for j in range(columns)
    ]


def _top(resolution: float) -> float:
    """Above the northernmost northing of a UTM zone."""
    step = 60.0 if 60.0 % resolution == 0.0 else resolution
    return math.ceil(10_000_000 / step) * step


def _patch_id(row: int, column: int) -> str:
    return f"R{row:04d}C{column:04d}"


def read_crs(name: str) -> CRS:
    """The CRS of an authority code or WKT; ParameterError where there is none such."""
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise ParameterError(f"CRS: {name!r} is not known. Use an EPSG code such as EPSG:32633.") from error


def utm_crs(geometry: BaseGeometry, crs: str) -> str:
    """The EPSG code of the UTM zone (WGS 84) of the middle of the geometry, also where it crosses zones."""
    centre = geometry.centroid
    longitude, latitude = Transformer.from_crs(read_crs(crs), 4326, always_xy=True).transform(centre.x, centre.y)
    if not (math.isfinite(longitude) and -80.0 <= latitude <= 84.0):
        raise DataError(f"The area lies at latitude {latitude:.1f}°, outside the UTM zones (80° S to 84° N). Set CRS.")
    zone = min(int((longitude + 180.0) // 6.0) + 1, 60)
    return f"EPSG:{(32600 if latitude >= 0.0 else 32700) + zone}"


def reproject(geometries: np.ndarray, source: str, target: str) -> np.ndarray:
    """Geometries brought from one CRS to another, long edges bent as the projection bends them.

    Of invalid ones only the corners are moved.
    """
    source_crs, target_crs = read_crs(source), read_crs(target)
    if source_crs == target_crs:
        return geometries
    xmin, ymin, xmax, ymax = shapely.total_bounds(geometries)
    step = max(xmax - xmin, ymax - ymin) / 256.0
    dense = geometries.copy()
    whole = shapely.is_valid(geometries)  # GEOS would drop a part of an invalid polygon: half of a bow tie
    if step > 0.0:
        dense[whole] = shapely.segmentize(geometries[whole], step)
    transformer = Transformer.from_crs(source_crs, target_crs, always_xy=True)

    def forward(xy: np.ndarray) -> np.ndarray:
        x, y = transformer.transform(xy[:, 0], xy[:, 1])
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise DataError(f"Coordinates of {source} cannot be brought to {target}. Is the CRS of the layer right?")
        return np.column_stack([x, y])

    moved: np.ndarray = shapely.transform(dense, forward)
    return moved
