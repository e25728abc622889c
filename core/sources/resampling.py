"""Imagery brought to another pixel grid, without seams between the windows that are asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT

from ..grid import PixelGrid, Window

CATEGORICAL = "SCL"


def read_resampled(
    file: DatasetReader, bands: Sequence[str], pixel: tuple[float, float], grid: PixelGrid, window: Window
) -> np.ndarray:
    """The bands (band, y, x) uint16 of a file with pixels of that (width, height) on a window of another grid.

    Reflectance is bilinear, over all source pixels that a larger pixel covers; SCL is nearest; 0 is no data. GDAL would
    take the size of the kernel and an approximation of the projection from each window, which shows in the pixels along
    its edges: both are told here.
    """
    values = np.empty((len(bands), *window.shape), dtype=np.uint16)
    options = {
        "crs": grid.crs,
        "transform": grid.affine(window),
        "width": window.width,
        "height": window.height,
        "tolerance": 1e-9,  # 0 is taken for "not set"
        "XSCALE": min(pixel[0] / grid.pixel_width, 1.0),
        "YSCALE": min(pixel[1] / grid.pixel_height, 1.0),
        "src_nodata": 0,
        "nodata": 0,
    }
    for index, band in enumerate(bands, start=1):
        method = Resampling.nearest if band == CATEGORICAL else Resampling.bilinear
        with WarpedVRT(file, resampling=method, **options) as warped:
            values[index - 1] = warped.read(index)
    return values
