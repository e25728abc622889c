"""Patches stitched into one Cloud Optimized GeoTIFF, without holding it in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from ..errors import DataError, WorkspaceError
from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..store.files import written_whole
from ..store.rasters import FINGERPRINT_TAG, file_window
from ..vocabulary.classes import ClassScheme

_BLOCK = 512


def write_mosaic(
    path: Path,
    grid: PixelGrid,
    domain: Window,
    patches: tuple[Patch, ...],
    read: Callable[[Patch], np.ndarray],
    *,
    dtype: str,
    nodata: float,
    name: str,
    fingerprint: str,
    scheme: ClassScheme | None = None,
    report: Callable[[float], None] = lambda fraction: None,
) -> None:
    """Write one band of all patches as a COG over `domain`; `nodata` where there is no patch.

    With a scheme the raster has its colours as a colour table and its names in the tag CLASSES. Raises WorkspaceError
    where the disk is full; then no file is left.
    """
    tags = {FINGERPRINT_TAG: fingerprint}
    if scheme is not None:
        tags["CLASSES"] = json.dumps(scheme.to_json(), ensure_ascii=False)
    with written_whole(path) as finished:
        path.with_name(f"{path.name}.aux.xml").unlink(missing_ok=True)  # statistics that QGIS has kept of the old one
        plain = finished.with_name(f"{finished.name}.plain")
        try:
            written = _write_plain(plain, grid, domain, patches, read, dtype, nodata, name, tags, scheme, report)
            rasterio.shutil.copy(
                plain,
                finished,
                driver="COG",
                compress="DEFLATE",
                predictor="YES" if dtype.startswith("float") else "NO",
                blocksize=_BLOCK,
                overview_resampling="NEAREST" if nodata == 0 else "AVERAGE",
                overviews="IGNORE_EXISTING",
                bigtiff="IF_SAFER",
            )
            if _sum_of_file(finished) != written:
                raise WorkspaceError(f"{path} was not written whole. Is the disk full?")
        except (RasterioError, CPLE_BaseError) as error:
            raise WorkspaceError(f"{path} cannot be written ({error}). Is the disk full?") from error
        finally:
            plain.unlink(missing_ok=True)


def read_classes(path: Path, grid: PixelGrid, window: Window) -> tuple[np.ndarray, ClassScheme]:
    """Class ids (y, x) of a map in any window of its grid, 0 outside the map; and its classes.

    Raises DataError where the file cannot be read.
    """
    try:
        with rasterio.open(path) as file:
            own = Window(*grid.offset(replace(grid, left=file.transform.c, top=file.transform.f)), *file.shape)
            common = own.intersection(window)
            ids = np.zeros(window.shape, dtype=file.dtypes[0])
            if not common.is_empty:
                ids[window.slices(common)] = file.read(1, window=file_window(common.within(own)))
            return ids, ClassScheme.from_json(json.loads(file.tags()["CLASSES"]))
    except RasterioError as error:
        raise DataError(f"{path} cannot be read ({error}). Delete it and run again.") from error


def _write_plain(
    path: Path,
    grid: PixelGrid,
    domain: Window,
    patches: tuple[Patch, ...],
    read: Callable[[Patch], np.ndarray],
    dtype: str,
    nodata: float,
    name: str,
    tags: Mapping[str, str],
    scheme: ClassScheme | None,
    report: Callable[[float], None],
) -> int:
    """Write the patches uncompressed, where they can be put in any order; returns the sum over what was written."""
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": domain.height,
        "width": domain.width,
        "dtype": dtype,
        "crs": grid.crs,
        "transform": grid.affine(domain),
        "nodata": nodata,
        "tiled": True,
        "blockxsize": _BLOCK,
        "blockysize": _BLOCK,
        "bigtiff": "IF_SAFER",
        "sparse_ok": True,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.descriptions = (name,)
        file.update_tags(**tags)
        if scheme is not None:
            file.write_colormap(1, {0: (0, 0, 0, 0)} | {id_: (*rgb, 255) for id_, rgb in scheme.colour_table.items()})
        background = domain.height * domain.width - sum(patch.window.height * patch.window.width for patch in patches)
        total = background * _sum_of(np.array([nodata], dtype=dtype))
        for done, patch in enumerate(patches, start=1):
            pixels = read(patch)
            file.write(pixels, 1, window=file_window(patch.window.within(domain)))
            total += _sum_of(pixels)
            report(done / len(patches))
    return total


def _sum_of(pixels: np.ndarray) -> int:
    """The sum of the bytes: GDAL tells of a full disk only in its log, so what is read back is compared by it."""
    return int(np.ascontiguousarray(pixels).view(np.uint8).sum(dtype=np.uint64))


def _sum_of_file(path: Path) -> int:
    with rasterio.open(path) as file:
        return sum(_sum_of(file.read(1, window=window)) for _, window in file.block_windows(1))
