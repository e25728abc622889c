"""Patches merged into one Cloud Optimized GeoTIFF, without holding it in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.errors import RasterioError

from ..errors import DataError, PatchworkError, WorkspaceError
from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..store.files import written_whole
from ..store.layout import Layout
from ..store.rasters import FINGERPRINT_TAG, file_window
from ..vocabulary.classes import ClassScheme

_BLOCK = 512


@dataclass(frozen=True)
class Mosaic:
    """A raster over all patches of a layout, with its fingerprint, and classes if it has them.

    It has the bands `bands`, or one that has the name of the raster.
    """

    layout: Layout
    dtype: str
    nodata: float
    name: str
    fingerprint: str
    classes: ClassScheme | None = None
    bands: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the bands."""
        return self.bands or (self.name,)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the file: the fingerprint, and the classes as JSON in CLASSES."""
        tags = {FINGERPRINT_TAG: self.fingerprint}
        if self.classes is not None:
            tags["CLASSES"] = json.dumps(self.classes.to_json(), ensure_ascii=False)
        return tags


def write_mosaic(
    path: Path,
    mosaic: Mosaic,
    read: Callable[[Patch], np.ndarray],
    report: Callable[[float], None] = lambda fraction: None,
) -> None:
    """Write all patches as a Cloud Optimized GeoTIFF over the layout's domain; no data between them.

    `read` gives a patch as (y, x), or (band, y, x) if there are several bands.

    Classes become a colour table and the tag CLASSES. Raises WorkspaceError if the disk is full; then no file is left.
    """
    with written_whole(path) as finished:
        path.with_name(f"{path.name}.aux.xml").unlink(missing_ok=True)  # statistics that QGIS has kept of the old one
        plain = finished.with_name(f"{finished.name}.plain")
        try:
            written = _write_plain(plain, mosaic, read, report)
            _copy_as_cog(plain, finished, mosaic)
            is_whole = _sum_of_file(finished) == written
        except PatchworkError:
            raise
        except Exception as error:  # rasterio passes on errors of GDAL whose class is not public
            raise WorkspaceError(f"{path} cannot be written ({error}). Is the disk full?") from error
        finally:
            plain.unlink(missing_ok=True)
        if not is_whole:
            raise WorkspaceError(f"{path} was not written completely. Is the disk full?")


def _copy_as_cog(plain: Path, finished: Path, mosaic: Mosaic) -> None:
    rasterio.shutil.copy(
        plain,
        finished,
        driver="COG",
        compress="DEFLATE",
        predictor="YES" if mosaic.dtype.startswith("float") else "NO",
        blocksize=_BLOCK,
        overview_resampling="NEAREST" if mosaic.nodata == 0 else "AVERAGE",
        overviews="IGNORE_EXISTING",
        bigtiff="IF_SAFER",
    )


def read_classes(path: Path, grid: PixelGrid, window: Window) -> tuple[np.ndarray, ClassScheme]:
    """Class ids (y, x) of a map in any window of its grid, 0 outside the map; and its classes.

    Raises DataError where the file cannot be read.
    """
    try:
        with rasterio.open(path, driver="GTiff") as file:
            own = Window(*grid.offset(replace(grid, left=file.transform.c, top=file.transform.f)), *file.shape)
            common = own.intersection(window)
            ids = np.zeros(window.shape, dtype=file.dtypes[0])
            if not common.is_empty:
                ids[window.slices(common)] = file.read(1, window=file_window(common.within(own)))
            return ids, ClassScheme.from_json(json.loads(file.tags()["CLASSES"]))
    except RasterioError as error:
        raise DataError(f"{path} cannot be read ({error}). Delete it and run again.") from error


def _write_plain(
    path: Path, mosaic: Mosaic, read: Callable[[Patch], np.ndarray], report: Callable[[float], None]
) -> int:
    """Write the patches uncompressed, in any order; returns the sum of the bytes written."""
    domain, patches = mosaic.layout.domain, mosaic.layout.patches
    profile = {
        "driver": "GTiff",
        "count": len(mosaic.names),
        "height": domain.height,
        "width": domain.width,
        "dtype": mosaic.dtype,
        "crs": mosaic.layout.grid.crs,
        "transform": mosaic.layout.grid.affine(domain),
        "nodata": mosaic.nodata,
        "tiled": True,
        "blockxsize": _BLOCK,
        "blockysize": _BLOCK,
        "bigtiff": "IF_SAFER",
        "sparse_ok": True,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.descriptions = mosaic.names
        file.update_tags(**mosaic.tags)
        if mosaic.classes is not None:
            colours = {id_: (*rgb, 255) for id_, rgb in mosaic.classes.colour_table.items()}
            file.write_colormap(1, {0: (0, 0, 0, 0)} | colours)
        background = domain.height * domain.width - sum(patch.window.height * patch.window.width for patch in patches)
        total = background * len(mosaic.names) * _sum_of(np.array([mosaic.nodata], dtype=mosaic.dtype))
        for done, patch in enumerate(patches, start=1):
            pixels = read(patch).reshape(len(mosaic.names), *patch.window.shape)
            file.write(pixels, window=file_window(patch.window.within(domain)))
            total += _sum_of(pixels)
            report(done / len(patches))
    return total


def _sum_of(pixels: np.ndarray) -> int:
    """The sum of the bytes, to check what was written: GDAL reports a full disk only in its log."""
    return int(np.ascontiguousarray(pixels).view(np.uint8).sum(dtype=np.uint64))


def _sum_of_file(path: Path) -> int:
    with rasterio.open(path, driver="GTiff") as file:
        return sum(_sum_of(file.read(window=window)) for _, window in file.block_windows(1))
