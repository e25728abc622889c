"""The pixel grid of all rasters of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from ..errors import ParameterError
from .crs import is_in_metres, read_crs, transformer, utm_crs
from .windows import Window

Bounds = tuple[float, float, float, float]

# Projections in metres stretch the ground by less than this; pixels that differ by more have other units.
_STRETCH = 0.05


@dataclass(frozen=True)
class PixelGrid:
    """An endless north-up grid of pixels.

    `crs` is an EPSG code or WKT; `left` and `top` are the coordinates of the upper left corner of pixel (0, 0) in it;
    `pixel_width` and `pixel_height` are in its units, metres for the grid of a run. Raises ValueError where a number is
    not finite or a pixel has no size.
    """

    crs: str
    left: float
    top: float
    pixel_width: float
    pixel_height: float

    def __post_init__(self) -> None:
        numbers = (self.left, self.top, self.pixel_width, self.pixel_height)
        if not all(map(math.isfinite, numbers)) or self.pixel_width <= 0 or self.pixel_height <= 0:
            raise ValueError(f"This is not a pixel grid: left, top, pixel width and pixel height are {numbers}.")

    @classmethod
    def utm(cls, geometry: BaseGeometry, crs: str, resolution: float, wanted_crs: str | None = None) -> PixelGrid:
        """The grid of `resolution` metres on whole multiples of it, in `wanted_crs` or the UTM zone of the geometry.

        Its origin is a multiple of 60 m, the size of the coarsest pixels of Sentinel-2, where that is possible.
        """
        name = wanted_crs or utm_crs(geometry, crs)
        if not is_in_metres(name):
            raise ParameterError(
                f"CRS: {name} is not a projected system in metres. Choose a UTM zone, or do not set CRS."
            )
        return cls(name, 0.0, _top(resolution), resolution, resolution)

    def recounted(self) -> PixelGrid:
        """The same pixels, counted as `utm` does if they are on whole multiples of their size.

        So a place has the same row, column and patch for imagery of every source.
        """
        top = _top(self.pixel_height)
        on_multiples = self.left % self.pixel_width == 0.0 and (top - self.top) % self.pixel_height == 0.0
        if not on_multiples or self.pixel_width != self.pixel_height:
            return self
        return PixelGrid(self.crs, 0.0, top, self.pixel_width, self.pixel_height)

    def pixel_in(self, crs: str, window: Window) -> tuple[float, float]:
        """The width and height of the pixels in the units of another CRS, at the middle of a window.

        Where they differ little, as between projections in metres, they are those in this CRS.
        """
        own = self.pixel_width, self.pixel_height
        if read_crs(self.crs) == read_crs(crs):
            return own
        left, bottom, right, top = self.bounds(window)
        x, y = (left + right) / 2.0, (bottom + top) / 2.0
        xs, ys = transformer(self.crs, crs).transform([x, x + own[0], x], [y, y, y + own[1]])
        width, height = (math.hypot(xs[n] - xs[0], ys[n] - ys[0]) for n in (1, 2))
        alike = math.isclose(width, own[0], rel_tol=_STRETCH) and math.isclose(height, own[1], rel_tol=_STRETCH)
        return own if alike or not 0.0 < width * height < math.inf else (width, height)

    def coarse(self, factor: int) -> PixelGrid:
        """The grid of cells of `factor` × `factor` pixels; `Window.coarse` gives windows of it."""
        return PixelGrid(self.crs, self.left, self.top, self.pixel_width * factor, self.pixel_height * factor)

    def affine(self, window: Window) -> Affine:
        """The transform from (column, row) in the window to coordinates."""
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

        Everything is rasterized in these coordinates, in which patches differ by whole numbers, so a polygon's edge
        falls on the same pixels in every patch.
        """
        scale = np.array([1.0 / self.pixel_width, -1.0 / self.pixel_height])
        moved: np.ndarray = shapely.transform(geometries, lambda xy: (xy - (self.left, self.top)) * scale)
        return moved

    def from_pixels(self, geometries: np.ndarray) -> np.ndarray:
        """The inverse of `to_pixels`."""
        scale = np.array([self.pixel_width, -self.pixel_height])
        moved: np.ndarray = shapely.transform(geometries, lambda xy: xy * scale + (self.left, self.top))
        return moved

    def window_of_centres(self, pixel_bounds: Bounds) -> Window:
        """The pixels whose centres are within bounds given in pixel coordinates."""
        xmin, ymin, xmax, ymax = pixel_bounds
        slack = 1e-6
        return Window.between(
            math.ceil(ymin - 0.5 - slack),
            math.ceil(xmin - 0.5 - slack),
            math.floor(ymax - 0.5 + slack) + 1,
            math.floor(xmax - 0.5 + slack) + 1,
        )

    def offset(self, other: PixelGrid) -> tuple[int, int]:
        """(row, column) in this grid of pixel (0, 0) of another grid with the same pixels."""
        rows, columns = self._distance(other)
        return round(rows), round(columns)

    def same_as(self, other: PixelGrid) -> bool:
        """Whether pixels of both grids coincide."""
        rows, columns = self._distance(other)
        return (
            read_crs(self.crs) == read_crs(other.crs)
            and math.isclose(self.pixel_width, other.pixel_width, rel_tol=1e-9)
            and math.isclose(self.pixel_height, other.pixel_height, rel_tol=1e-9)
            and abs(columns - round(columns)) < 1e-3
            and abs(rows - round(rows)) < 1e-3
        )

    def _distance(self, other: PixelGrid) -> tuple[float, float]:
        return (self.top - other.top) / self.pixel_height, (other.left - self.left) / self.pixel_width


def _top(resolution: float) -> float:
    """Above the northernmost northing of a UTM zone."""
    step = 60.0 if 60.0 % resolution == 0.0 else resolution
    return math.ceil(10_000_000 / step) * step
