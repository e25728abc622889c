"""Reading rasters of patches in any window of the grid, across the edges of patches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..grid.patches import Patch
from ..grid.windows import Window
from ..vocabulary.bands import DETECTOR_BANDS
from .acquisitions import Acquisition
from .layout import NO_SURROUNDINGS, Surroundings
from .patch_rasters import PatchRaster
from .rasters import read_raster
from .workspace import Workspace

NO_CLOUD_DATA = np.uint8(255)


def read_scene(workspace: Workspace, acquisition: Acquisition, window: Window, names: Sequence[str]) -> np.ndarray:
    """Bands (band, y, x) of an acquisition in any window of the grid, uint16, 0 where no patch has data."""
    pixels = np.zeros((len(names), *window.shape), dtype=np.uint16)
    _paste(workspace, pixels, window, names, lambda patch: workspace.paths.scene(patch, acquisition), "downloadscenes")
    return pixels


def read_cells(workspace: Workspace, acquisition: Acquisition, cells: Window) -> np.ndarray:
    """The detector's bands (band, y, x) of an acquisition in any window of cells, uint16, 0 where no patch has data.

    Patches share the cells on their border; where several have data they have the same.
    """
    factor = workspace.catalogue.cell_factor
    values = np.zeros((len(DETECTOR_BANDS), *cells.shape), dtype=np.uint16)
    for patch in workspace.layout.patches_in(cells.fine(factor)):
        own = patch.window.coarse(factor)
        common = own.intersection(cells)
        file = workspace.require(workspace.paths.cells(patch, acquisition), "downloadscenes")
        target = values[(slice(None), *cells.slices(common))]
        np.maximum(target, read_raster(file, window=common.within(own), names=DETECTOR_BANDS), out=target)
    return values


def surroundings_of(workspace: Workspace, patch: Patch, acquisition: Acquisition) -> Surroundings:
    """The pixels around the area, or cells if the bands are stored in cells, that the clouds of a scene depend on."""
    factor = workspace.catalogue.factor_around(acquisition)
    radius = acquisition.reach // factor
    cells = workspace.catalogue.within_imagery(patch.window.coarse(factor).expanded(radius), factor)
    return workspace.layout.surroundings(cells, factor) if radius and not cells.is_empty else NO_SURROUNDINGS


def add_surroundings(
    workspace: Workspace,
    patch: Patch,
    acquisition: Acquisition,
    pixels: np.ndarray,
    window: Window,
    names: Sequence[str],
) -> None:
    """Fill bands (band, y, x) of a window near the patch, of pixels or cells, in where they are outside the area."""
    own = surroundings_of(workspace, patch, acquisition).window
    common = own.intersection(window)
    numbers = [number for number, name in enumerate(names) if name in acquisition.around]
    if common.is_empty or not numbers:
        return
    file = workspace.require(workspace.paths.surroundings(patch, acquisition), "downloadscenes")
    values = read_raster(file, window=common.within(own), names=[names[number] for number in numbers])
    for number, band in zip(numbers, values, strict=True):
        target = pixels[(number, *window.slices(common))]
        np.maximum(target, band, out=target)


def read_cloud_mask(workspace: Workspace, acquisition: Acquisition, window: Window) -> np.ndarray:
    """The cloud mask (y, x) of an acquisition in any window of the grid, uint8, 255 where there is no data."""
    mask = np.full((1, *window.shape), NO_CLOUD_DATA, dtype=np.uint8)
    _paste(workspace, mask, window, ["mask"], lambda patch: workspace.paths.cloud(patch, acquisition), "maskclouds")
    band: np.ndarray = mask[0]
    return band


def read_clouds(workspace: Workspace, patch: Patch, acquisition: Acquisition) -> tuple[np.ndarray, np.ndarray]:
    """Cloud probability in percent and cloud mask of a scene, each (y, x) uint8, 255 where there is no data."""
    file = workspace.require(workspace.paths.cloud(patch, acquisition), "maskclouds")
    probability, mask = read_raster(file, names=["probability", "mask"])
    return probability, mask


def read_patch(workspace: Workspace, raster: PatchRaster, patch: Patch, band: str) -> np.ndarray:
    """One band (y, x) of a patch raster."""
    file = workspace.require(workspace.paths.patch_raster(raster.name, patch), raster.step)
    pixels: np.ndarray = read_raster(file, names=[band])[0]
    return pixels


def read_patch_bands(workspace: Workspace, raster: PatchRaster, patch: Patch) -> np.ndarray:
    """All bands (band, y, x) of a patch raster."""
    return read_raster(workspace.require(workspace.paths.patch_raster(raster.name, patch), raster.step))


def read_patches(
    workspace: Workspace, raster: PatchRaster, window: Window, band: str, dtype: str, outside: float = 0
) -> np.ndarray:
    """One band (y, x) of a patch raster in any window of the grid, `outside` outside the patches."""
    pixels: np.ndarray = np.full((1, *window.shape), outside, dtype=dtype)
    path = workspace.paths.patch_raster
    _paste(workspace, pixels, window, [band], lambda patch: path(raster.name, patch), raster.step)
    only: np.ndarray = pixels[0]
    return only


def _paste(
    workspace: Workspace,
    pixels: np.ndarray,
    window: Window,
    names: Sequence[str],
    path: Callable[[Patch], Path],
    step: str,
) -> None:
    for patch in workspace.layout.patches_in(window):
        common = patch.window.intersection(window)
        file = workspace.require(path(patch), step)
        values = read_raster(file, window=common.within(patch.window), names=names)
        pixels[(slice(None), *window.slices(common))] = values
