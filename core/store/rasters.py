"""Reading and writing GeoTIFFs: tiled, compressed, with band descriptions, completely or not at all."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.features import rasterize
from rasterio.io import MemoryFile
from rasterio.windows import Window as FileWindow

from ..errors import DataError
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from .files import written_whole

# GDAL would take 5 % of the machine's memory for blocks in every process; ours are read once.
os.environ.setdefault("GDAL_CACHEMAX", "64")

# A workspace may come from somebody else: no virtual raster in it runs Python, whatever the environment allows.
os.environ["GDAL_VRT_ENABLE_PYTHON"] = "NO"

# Pixels are read without georeference, and pictures have none.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)

# Rounding decides on which side of a pixel's centre an edge falls that runs exactly through it. Moved by this many
# pixels it falls on the same side in every window, and nothing else changes.
_ASIDE = np.array([1.234567e-7, 2.718281e-7])

FINGERPRINT_TAG = "PATCHWORK_FINGERPRINT"
# Wide and low: patches are read in strips, which then cut few tiles in two.
TILE_HEIGHT, TILE_WIDTH = 64, 256


def write_raster(
    path: Path,
    bands: np.ndarray,
    grid: PixelGrid,
    window: Window,
    *,
    nodata: float | None,
    names: Sequence[str],
    tags: Mapping[str, str] | None = None,
    colours: Mapping[int, tuple[int, int, int]] | None = None,
) -> None:
    """Write `bands` (band, y, x) of the window as one GeoTIFF.

    Raises WorkspaceError if the folder cannot be written or the disk is full; then no file is left.
    """
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": bands.shape[0],
        "height": window.height,
        "width": window.width,
        "dtype": bands.dtype.name,
        "crs": grid.crs,
        "transform": grid.affine(window),
        "nodata": nodata,
        "tiled": True,
        "blockxsize": TILE_WIDTH,
        "blockysize": TILE_HEIGHT,
        "interleave": "band",
        "compress": "deflate",
        "zlevel": 1,
        "predictor": 2 if bands.dtype.kind in "ui" else 3,
        "BIGTIFF": "IF_SAFER",
    }
    # Through memory, because GDAL reports a full disk only when a file is closed, and rasterio does not pass it on.
    with MemoryFile() as memory:
        with memory.open(**profile) as file:
            file.write(bands)
            file.descriptions = tuple(names)
            file.update_tags(**(tags or {}))
            if colours is not None:
                file.write_colormap(1, {value: (*rgb, 255) for value, rgb in colours.items()})
        with written_whole(path) as temporary:
            temporary.write_bytes(memory.getbuffer())


def read_raster(path: Path, *, window: Window | None = None, names: Sequence[str] | None = None) -> np.ndarray:
    """The bands (band, y, x) of a file, all or those with the given names; `window` counts from the file's corner.

    Raises DataError if the file is missing or truncated, or has no such band.
    """
    try:
        with rasterio.open(path, driver="GTiff", GEOREF_SOURCES="NONE") as file:  # georeferences are slow to read
            indexes = None if names is None else [_band_index(path, file.descriptions, name) for name in names]
            pixels: np.ndarray = file.read(indexes, window=None if window is None else file_window(window))
            return pixels
    except RasterioError as error:
        raise DataError(f"{path} cannot be read ({_reason(error)}). Replace or delete it, and run again.") from error


def file_window(window: Window) -> FileWindow:
    """The window, counted from a file's corner, as a rasterio window."""
    return FileWindow(window.column, window.row, window.width, window.height)


def read_highest(path: Path, side: int = 1000) -> float:
    """The highest value of the first band, thinned out to sides of at most `side` pixels; NaN counts as 0.

    Raises DataError if the file cannot be read.
    """
    try:
        with rasterio.open(path, driver="GTiff") as file:
            step = max(-(-max(file.shape) // side), 1)
            pixels = file.read(1, out_shape=tuple(-(-length // step) for length in file.shape))
            return float(np.nan_to_num(pixels).max())
    except RasterioError as error:
        raise DataError(f"{path} cannot be read ({_reason(error)}). Replace or delete it, and run again.") from error


def burn(geometries: np.ndarray, values: np.ndarray, window: Window) -> np.ndarray:
    """Polygons, lines or points in pixel coordinates burnt into (y, x) of the window; the later one wins, 0 elsewhere.

    A pixel belongs to a polygon when its centre does (the rule of GDAL's rasterizer).
    """
    burnt = np.zeros(window.shape, dtype=values.dtype)
    here = shapely.intersects(geometries, shapely.box(window.column, window.row, window.right, window.bottom))
    if here.any():
        moved = shapely.transform(geometries[here], lambda xy: xy - (window.column, window.row) + _ASIDE)
        rasterize(zip(moved, values[here], strict=True), out=burnt, transform=Affine.identity())
    return burnt


def read_tags(path: Path) -> dict[str, str]:
    """The tags of a GeoTIFF or a picture (.png); DataError if it cannot be read."""
    try:
        with rasterio.open(path, driver="PNG" if path.suffix == ".png" else "GTiff") as file:
            found: dict[str, str] = file.tags()
            return found
    except RasterioError as error:
        raise DataError(f"{path} cannot be read ({_reason(error)}). Replace or delete it, and run again.") from error


def fingerprint_of(path: Path) -> str | None:
    """The fingerprint of a file; None if it does not exist."""
    try:
        return read_tags(path).get(FINGERPRINT_TAG) if path.exists() else None
    except DataError:
        return None


def _band_index(path: Path, descriptions: Sequence[str | None], name: str) -> int:
    if name not in descriptions:
        present = ", ".join(str(description) for description in descriptions)
        raise DataError(f"{path} has no band {name}; it has {present}.")
    return descriptions.index(name) + 1


def _reason(error: Exception) -> str:
    """The original message of GDAL, before rasterio's own."""
    cause = error.__cause__ or error.__context__ or error
    return str(cause).strip().rstrip(".")
