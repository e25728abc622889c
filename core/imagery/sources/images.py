"""Images read on the grid of a run, and mosaicked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rasterio.io import DatasetReader

from ...errors import DataError
from ...grid.pixel_grid import PixelGrid
from ...grid.windows import Window
from ...store.rasters import file_window
from .numbers import FileBand, has_data, read_numbers
from .resampling import read_resampled


def grid_of(file: DatasetReader) -> PixelGrid:
    """The pixel grid of an image; DataError if it has none or is not north-up."""
    crs, transform = file.crs, file.transform
    if crs is None:
        raise DataError("has no CRS.")
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        raise DataError("is not north-up.")
    return PixelGrid(crs.to_string(), transform.c, transform.f, transform.a, -transform.e)


def read_bands(
    file: DatasetReader, own: PixelGrid, bands: Sequence[FileBand], grid: PixelGrid, window: Window
) -> np.ndarray:
    """A window (band, y, x) of an image whose grid is `own`: uint16 reflectance × 10000 or classes, 0 = no data.

    Pixels that coincide with the grid are unchanged; others are bilinear, classes and bits nearest neighbour.
    """
    if not own.same_as(grid):
        return np.stack([read_resampled(file, band, own, grid, window) for band in bands])
    place = Window(*grid.offset(own), file.height, file.width)
    common = place.intersection(window)
    values = np.zeros((len(bands), *window.shape), dtype=np.uint16)
    if not common.is_empty:
        own_pixels = read_numbers(file, bands, file_window(common.within(place)))
        values[(slice(None), *window.slices(common))] = own_pixels
    return values


def fill_gaps(pixels: np.ndarray, values: np.ndarray, bands: Sequence[str]) -> None:
    """Put (band, y, x) values where pixels are empty and all measured bands have data."""
    np.copyto(pixels, values, where=has_data(values, bands) & ~pixels.any(axis=0))
