"""The files to fetch: of each acquisition over each patch the scene, and the cells if these are stored separately."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..store.acquisitions import Acquisition
from ..store.patch_files import PatchFile
from ..store.paths import WorkspacePaths
from ..store.rasters import FINGERPRINT_TAG, fingerprint_of, read_raster, write_raster
from ..store.workspace import Workspace
from ..vocabulary.bands import DETECTOR_BANDS, RADAR_BANDS
from .scenes import cells_fingerprint, scene_fingerprint
from .sources.protocols import Source

_RADAR_UNITS = "backscatter in decibel × 1000 + 50000"


@dataclass(frozen=True)
class Download(PatchFile):
    """One file that is fetched from a source: these bands of an acquisition, over a patch.

    `factor` is the number of pixels of the run along the side of one of its pixels: 1 for scenes, more for cells.
    `grid` and `window` are counted in its own pixels. `shows_patch`: whether the acquisition shows any of the patch; if
    not, nothing is requested.
    """

    acquisition: Acquisition
    shows_patch: bool
    bands: tuple[str, ...]
    factor: int
    grid: PixelGrid
    window: Window


def plan_downloads(workspace: Workspace, paths: WorkspacePaths | None = None) -> list[Download]:
    """All files of the catalogue, patch by patch: the scenes, and the cells where these are stored separately.

    `paths` are those of the workspace that they are fetched to, if it is another one.
    """
    paths = paths or workspace.paths
    layout, catalogue = workspace.layout, workspace.catalogue
    boxes = np.array([shapely.box(*layout.grid.bounds(patch.window)) for patch in layout.patches])
    footprints = [item.footprint for item in catalogue.acquisitions]
    shapely.prepare(footprints)
    shown = np.array([shapely.intersects(footprint, boxes) for footprint in footprints])
    downloads = []
    for column, patch in enumerate(layout.patches):
        for row, item in enumerate(catalogue.acquisitions):
            downloads.append(_scene(workspace, paths, patch, item, bool(shown[row, column])))
            if item.cells:
                downloads.append(_cells(workspace, paths, patch, item, bool(shown[row, column])))
    return downloads


def _scene(workspace: Workspace, paths: WorkspacePaths, patch: Patch, item: Acquisition, shows_patch: bool) -> Download:
    layout = workspace.layout
    return Download(
        patch,
        paths.scene(patch, item),
        scene_fingerprint(layout, patch, item),
        _label(patch, item),
        item,
        shows_patch,
        item.bands,
        1,
        layout.grid,
        patch.window,
    )


def _cells(workspace: Workspace, paths: WorkspacePaths, patch: Patch, item: Acquisition, shows_patch: bool) -> Download:
    layout, factor = workspace.layout, workspace.catalogue.cell_factor
    return Download(
        patch,
        paths.cells(patch, item),
        cells_fingerprint(layout, factor, patch, item),
        _label(patch, item),
        item,
        shows_patch,
        DETECTOR_BANDS,
        factor,
        layout.grid.coarse(factor),
        patch.window.coarse(factor),
    )


def _label(patch: Patch, item: Acquisition) -> str:
    return f"Patch {patch.id} at {item.name}"


def fetch(workspace: Workspace, source: Source, download: Download) -> None:
    """Write one file, whole or not at all.

    Pixels outside the area are no data, so that files do not depend on how patches are cut; cells with any pixel of
    the area are kept.
    """
    window, factor = download.window, download.factor
    parts = parts_of(download, workspace.paths, source.traits.widest) if download.shows_patch else []
    pixels = np.zeros((len(download.bands), *window.shape), dtype=np.uint16)
    for part, file in parts:
        pixels[(slice(None), *window.slices(part))] = _read(source, download, part, file if len(parts) > 1 else None)
    area = workspace.layout.area_mask(window.fine(factor))
    pixels *= area.reshape(window.height, factor, window.width, factor).any(axis=(1, 3))
    _write(source, download, download.file, window, pixels)
    for _, file in parts:
        file.unlink(missing_ok=True)


def parts_of(download: Download, paths: WorkspacePaths, widest: int) -> list[tuple[Window, Path]]:
    """The windows of single requests, each with the file that keeps it until all are fetched."""
    kept, name = paths.parts(download.patch), f"{download.acquisition.name}-{download.factor}"
    windows = download.window.tiles(widest or max(download.window.shape))
    return [(part, kept / f"{name}-{number}.tif") for number, part in enumerate(windows)]


def _read(source: Source, download: Download, part: Window, file: Path | None) -> np.ndarray:
    """The pixels of one part, from its file if it exists: what was paid for is not requested again."""
    if file is not None and fingerprint_of(file) == download.fingerprint:
        return read_raster(file)
    pixels = source.read(download.acquisition, download.bands, download.grid, part)
    if file is not None:
        _write(source, download, file, part, pixels)
    return pixels


def _write(source: Source, download: Download, file: Path, window: Window, pixels: np.ndarray) -> None:
    is_radar = set(download.bands) <= set(RADAR_BANDS)
    tags = {
        FINGERPRINT_TAG: download.fingerprint,
        "TIFFTAG_DATETIME": download.acquisition.time.strftime("%Y:%m:%d %H:%M:%S"),
        "UNITS": _RADAR_UNITS if is_radar else "reflectance × 10000",
        "SOURCE": source.kind,
    }
    write_raster(file, pixels, download.grid, window, nodata=0, names=download.bands, tags=tags)
