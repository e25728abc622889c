"""Imagery resampled to another pixel grid, without seams between windows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import rasterio
from pyproj.exceptions import ProjError
from rasterio.enums import Resampling
from rasterio.io import DatasetReader, MemoryFile
from rasterio.vrt import WarpedVRT

from ...grid.crs import transformer
from ...grid.pixel_grid import PixelGrid
from ...grid.windows import Window
from ...store.rasters import file_window
from .numbers import FileBand, is_plain, meaning, read_numbers, side_mask

# Between pixels of 60 m, values fall exactly halfway between two integers and are rounded up or down by the noise in
# GDAL's coordinates, which differs between windows. With this shift (in pixels) they are rounded in one direction.
_RIGHT, _DOWN = 1.234567e-7, 2.718281e-7

# An overview is used if its pixels are still this many times smaller than those requested.
_FINER = 4


def read_resampled(
    file: DatasetReader, band: FileBand, own: PixelGrid, grid: PixelGrid, window: Window, level: int | None = None
) -> np.ndarray:
    """A band (y, x) uint16 of a file on a window of another grid, as reflectance × 10000 or classes.

    `own` is the grid of the whole file; `file` is one of its overviews if `level` is given. Reflectance is bilinear,
    over all source pixels that a larger pixel covers; classes and bits are nearest neighbour; pixels without data, 0,
    do not count.
    """
    pixel = own.pixel_in(grid.crs, Window(0, 0, *file.shape))
    scale = min(grid.pixel_width / pixel[0], grid.pixel_height / pixel[1])
    factors = file.overviews(band.number) if level is None and side_mask(file.name) is None else []
    fitting = [number for number, factor in enumerate(factors) if factor * _FINER <= scale]
    if fitting:
        coarse = own.coarse(factors[fitting[-1]])
        with rasterio.open(file.name, driver=file.driver, overview_level=fitting[-1]) as overview:
            return read_resampled(overview, band, coarse, grid, window, fitting[-1])
    if is_plain(file, band) and not _has_special(file, band, pixel, grid, window):
        return meaning(_warp(file, band, pixel, grid, window), band)
    return _warp_clean(file, band, pixel, grid, window)


def _has_special(
    file: DatasetReader, band: FileBand, pixel: tuple[float, float], grid: PixelGrid, window: Window
) -> bool:
    """Whether any pixel that counts for a window of the grid has a special number."""
    if not band.special:
        return False
    part = _source_window(file, pixel, grid, window)
    return not part.is_empty and bool(np.isin(file.read(band.number, window=file_window(part)), band.special).any())


def _warp(
    file: DatasetReader, band: FileBand, pixel: tuple[float, float], grid: PixelGrid, window: Window
) -> np.ndarray:
    """The numbers of a plain band on a window of the grid.

    By default, GDAL derives the size of the kernel and an approximation of the projection from each window, which shows
    along its edges: both are set here.
    """
    shifted = replace(grid, left=grid.left + _RIGHT * grid.pixel_width, top=grid.top - _DOWN * grid.pixel_height)
    options = {
        "crs": grid.crs,
        "transform": shifted.affine(window),
        "width": window.width,
        "height": window.height,
        "tolerance": 1e-9,  # 0 means "not set"
        "XSCALE": min(pixel[0] / grid.pixel_width, 1.0),
        "YSCALE": min(pixel[1] / grid.pixel_height, 1.0),
        "src_nodata": 0,
        "nodata": 0,
    }
    values = np.empty(window.shape, dtype=np.uint16)
    method = Resampling.nearest if band.is_categorical else Resampling.bilinear
    with WarpedVRT(file, resampling=method, **options) as warped:
        warped.read(band.number, out=values)
    return values


def _warp_clean(
    file: DatasetReader, band: FileBand, pixel: tuple[float, float], grid: PixelGrid, window: Window
) -> np.ndarray:
    """Reflectance × 10000 on a window of the grid, by way of a copy in memory in which only 0 is no data."""
    part = _source_window(file, pixel, grid, window)
    if part.is_empty:
        return np.zeros(window.shape, dtype=np.uint16)
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": part.height,
        "width": part.width,
        "dtype": "uint16",
        "crs": file.crs,
        "transform": file.transform @ rasterio.Affine.translation(part.column, part.row),
        "nodata": 0,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as copy:
            copy.write(read_numbers(file, [band], file_window(part)))
        with memory.open() as copy:
            return _warp(copy, replace(band, number=1), pixel, grid, window)


def _source_window(file: DatasetReader, pixel: tuple[float, float], grid: PixelGrid, window: Window) -> Window:
    """The pixels of a file that count for a window of the grid, those under the kernel included."""
    whole = Window(0, 0, file.height, file.width)
    left, bottom, right, top = grid.bounds(window)
    step = np.linspace(0.0, 1.0, 22)
    across, down = left + step * (right - left), bottom + step * (top - bottom)
    xs = np.concatenate([across, across, np.full(22, left), np.full(22, right)])
    ys = np.concatenate([np.full(22, bottom), np.full(22, top), down, down])
    try:
        places = ~file.transform @ transformer(grid.crs, file.crs.to_string()).transform(xs, ys, errcheck=True)
    except ProjError:
        return whole
    columns, rows = places
    across_one = max(grid.pixel_width / pixel[0], grid.pixel_height / pixel[1], 1.0)
    margin = math.ceil(2 * across_one) + 4
    return whole.intersection(
        Window.between(
            math.floor(rows.min()) - margin,
            math.floor(columns.min()) - margin,
            math.ceil(rows.max()) + margin,
            math.ceil(columns.max()) + margin,
        )
    )
