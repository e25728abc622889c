"""Single-band images read on the grid of a run, and mosaicked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rasterio.io import DatasetReader

from ...grid.pixel_grid import PixelGrid
from ...grid.windows import Window
from ...store.rasters import file_window
from ...vocabulary.bands import CATEGORICAL_BANDS
from .resampling import read_resampled


def read_band(file: DatasetReader, own: PixelGrid, band: str, grid: PixelGrid, window: Window) -> np.ndarray:
    """A window (y, x) uint16 of an image whose grid is `own`; 0 is no data.

    Pixels that coincide with the grid are unchanged; others are bilinear, classes and bits nearest neighbour.
    """
    if not own.same_as(grid):
        resampled: np.ndarray = read_resampled(file, {band: 1}, (own.pixel_width, own.pixel_height), grid, window)[0]
        return resampled
    place = Window(*grid.offset(own), file.height, file.width)
    common = place.intersection(window)
    values = np.zeros(window.shape, dtype=np.uint16)
    if not common.is_empty:
        values[window.slices(common)] = file.read(1, window=file_window(common.within(place)))
    return values


def as_reflectance(values: np.ndarray, scale: float, offset: float) -> np.ndarray:
    """Reflectance × 10000, values × `scale` + `offset`, as uint16; at least 1 where there is data."""
    if (scale, offset) == (1.0, 0.0):
        return values
    moved = np.rint(values * scale + offset).clip(1, 65535)
    return np.where(values > 0, moved, 0).astype(np.uint16)


def fill_gaps(pixels: np.ndarray, values: np.ndarray, bands: Sequence[str]) -> None:
    """Put (band, y, x) values where pixels are empty and all bands, except classes and bits, have data."""
    measured = [band not in CATEGORICAL_BANDS for band in bands]
    has_data = (values[measured] > 0).all(axis=0) if any(measured) else values.any(axis=0)
    np.copyto(pixels, values, where=has_data & ~pixels.any(axis=0))
