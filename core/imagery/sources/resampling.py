"""Imagery resampled to another pixel grid, without seams between windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT

from ...grid.pixel_grid import PixelGrid
from ...grid.windows import Window
from ...vocabulary.bands import CATEGORICAL_BANDS

# Between pixels of 60 m, values fall exactly halfway between two integers and are rounded up or down by the noise in
# GDAL's coordinates, which differs between windows. With this shift (in pixels) they are rounded in one direction.
_RIGHT, _DOWN = 1.234567e-7, 2.718281e-7

# An overview is used if its pixels are still this many times smaller than those requested.
_FINER = 4


def read_resampled(
    file: DatasetReader, bands: Mapping[str, int], pixel: tuple[float, float], grid: PixelGrid, window: Window
) -> np.ndarray:
    """Bands (band, y, x) uint16 of a file with pixels of this (width, height), on a window of another grid.

    `bands` maps names to numbers in the file, from 1. Reflectance is bilinear, over all source pixels that a larger
    pixel covers; classes and bits are nearest neighbour; 0 is no data. By default, GDAL derives the size of the kernel
    and an approximation of the projection from each window, which shows along its edges: both are set here.
    """
    shifted = replace(grid, left=grid.left + _RIGHT * grid.pixel_width, top=grid.top - _DOWN * grid.pixel_height)
    values = np.empty((len(bands), *window.shape), dtype=np.uint16)
    scale = min(grid.pixel_width / pixel[0], grid.pixel_height / pixel[1])
    fitting = [number for number, factor in enumerate(file.overviews(1)) if factor * _FINER <= scale]
    if fitting:
        factor = file.overviews(1)[fitting[-1]]
        with rasterio.open(file.name, overview_level=fitting[-1]) as overview:
            return read_resampled(overview, bands, (pixel[0] * factor, pixel[1] * factor), grid, window)
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
    for values_of_band, (band, number) in zip(values, bands.items(), strict=True):
        method = Resampling.nearest if band in CATEGORICAL_BANDS else Resampling.bilinear
        with WarpedVRT(file, resampling=method, **options) as warped:
            warped.read(number, out=values_of_band)
    return values
