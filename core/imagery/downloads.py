"""The files to fetch: of each acquisition over each patch the scene, the cells if these are stored separately, and what
the clouds near the edge of the area depend on beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..store.acquisitions import Acquisition
from ..store.patch_files import PatchFile
from ..store.rasters import FINGERPRINT_TAG, fingerprint_of, read_raster, write_raster
from ..store.reading import surroundings_of
from ..store.workspace import Workspace
from ..vocabulary.bands import DETECTOR_BANDS, RADAR_BANDS
from .scenes import cells_fingerprint, scene_fingerprint, surroundings_fingerprint
from .sources.protocols import Source

_RADAR_UNITS = "backscatter in decibel × 1000 + 50000"


@dataclass(frozen=True)
class Download(PatchFile):
    """One file that is fetched from a source: these bands of an acquisition, over a patch or around the area near it.

    `factor` is the number of pixels of the run along the side of one of its pixels: 1 for scenes, more for cells.
    `grid` and `window` are counted in its own pixels. `shows_patch`: whether the acquisition shows any of the patch; if
    not, nothing is requested. `kind` is "scene", "cells" or "surroundings".
    """

    kind: str
    acquisition: Acquisition
    shows_patch: bool
    bands: tuple[str, ...]
    factor: int
    grid: PixelGrid
    window: Window


def plan_downloads(workspace: Workspace) -> list[Download]:
    """All files of the catalogue, patch by patch: scenes, cells that are stored separately, surroundings."""
    layout, catalogue = workspace.layout, workspace.catalogue
    boxes = np.array([shapely.box(*layout.grid.bounds(patch.window)) for patch in layout.patches])
    footprints = [item.footprint for item in catalogue.acquisitions]
    shapely.prepare(footprints)
    shown = np.array([shapely.intersects(footprint, boxes) for footprint in footprints])
    downloads = []
    for column, patch in enumerate(layout.patches):
        for row, item in enumerate(catalogue.acquisitions):
            downloads.append(_scene(workspace, patch, item, bool(shown[row, column])))
            if item.cells:
                downloads.append(_cells(workspace, patch, item, bool(shown[row, column])))
            if not surroundings_of(workspace, patch, item).window.is_empty:
                downloads.append(_surroundings(workspace, patch, item, bool(shown[row, column])))
    return downloads


def _scene(workspace: Workspace, patch: Patch, item: Acquisition, shows_patch: bool) -> Download:
    layout = workspace.layout
    return Download(
        patch,
        workspace.paths.scene(patch, item),
        scene_fingerprint(layout, patch, item),
        _label(patch, item),
        "scene",
        item,
        shows_patch,
        item.bands,
        1,
        layout.grid,
        patch.window,
    )


def _cells(workspace: Workspace, patch: Patch, item: Acquisition, shows_patch: bool) -> Download:
    layout, factor = workspace.layout, workspace.catalogue.cell_factor
    return Download(
        patch,
        workspace.paths.cells(patch, item),
        cells_fingerprint(layout, factor, patch, item),
        _label(patch, item),
        "cells",
        item,
        shows_patch,
        DETECTOR_BANDS,
        factor,
        layout.grid.coarse(factor),
        patch.window.coarse(factor),
    )


def _surroundings(workspace: Workspace, patch: Patch, item: Acquisition, shows_patch: bool) -> Download:
    factor = workspace.catalogue.factor_around(item)
    return Download(
        patch,
        workspace.paths.surroundings(patch, item),
        surroundings_fingerprint(workspace, patch, item),
        f"Surroundings of patch {patch.id} at {item.name}",
        "surroundings",
        item,
        shows_patch,
        item.around,
        factor,
        workspace.layout.grid.coarse(factor),
        surroundings_of(workspace, patch, item).window,
    )


def _label(patch: Patch, item: Acquisition) -> str:
    return f"Patch {patch.id} at {item.name}"


def fetch(workspace: Workspace, source: Source, download: Download) -> None:
    """Write one file, whole or not at all.

    Pixels outside the area are no data, so that files do not depend on how patches are cut; cells with any pixel of
    the area are kept. Of the surroundings it is the other way round.
    """
    window = download.window
    parts = list(_parts(workspace, download, source.traits.widest)) if download.shows_patch else []
    pixels = np.zeros((len(download.bands), *window.shape), dtype=np.uint16)
    for part, file in parts:
        pixels[(slice(None), *window.slices(part))] = _read(source, download, part, file if len(parts) > 1 else None)
    outside = workspace.layout.outside(window, download.factor)
    pixels *= outside if download.kind == "surroundings" else ~outside
    _write(source, download, download.file, window, pixels)
    for _, file in parts:
        file.unlink(missing_ok=True)


def _parts(workspace: Workspace, download: Download, widest: int) -> Iterator[tuple[Window, Path]]:
    """The windows of single requests, each with the file that keeps it until all are fetched."""
    kept = workspace.paths.parts(download.patch)
    for number, part in enumerate(download.window.tiles(widest or max(download.window.shape))):
        yield part, kept / f"{download.acquisition.name}-{download.kind}-{number}.tif"


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
