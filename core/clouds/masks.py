"""The cloud file of one scene, by whichever method tells its clouds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..grid.patches import Patch
from ..grid.windows import Window
from ..store.rasters import FINGERPRINT_TAG, write_raster
from ..store.records import Acquisition
from ..store.workspace import Workspace
from ..vocabulary.bands import DETECTOR_BANDS
from .detection import cell_reflectance, classify_qa, classify_scl, cloud_mask, cloud_probability, dilated_mask, percent


def write_mask(workspace: Workspace, threads: int, budget: int, scene: tuple[Patch, Acquisition]) -> None:
    """Write probability and mask of one scene, strip by strip under the budget (bytes)."""
    patch, acquisition = scene
    method, numbers = workspace.cloud_settings(acquisition)
    # One pixel of the detector's bands takes about 100 bytes on the way: counts, sums and means of cells.
    reach = numbers["reach"]
    rows = max(budget // (120 * (patch.window.width + 2 * reach)) - 2 * reach, 64)
    bands = np.empty((2, *patch.window.shape), dtype=np.uint8)
    for strip in patch.window.strips(rows):
        if method == "s2cloudless":
            clouds = _by_s2cloudless(workspace, acquisition, strip, numbers, threads)
        else:
            clouds = _by_band(workspace, acquisition, strip, method, numbers)
        bands[(slice(None), *patch.window.slices(strip))] = clouds
    write_raster(
        workspace.cloud(patch, acquisition),
        bands,
        workspace.layout.grid,
        patch.window,
        nodata=255,
        names=("probability", "mask"),
        tags={
            FINGERPRINT_TAG: workspace.cloud_fingerprint(patch, acquisition),
            "TIFFTAG_DATETIME": acquisition.time.strftime("%Y:%m:%d %H:%M:%S"),
            "METHOD": method,
        },
    )


def _by_band(
    workspace: Workspace, acquisition: Acquisition, window: Window, method: str, numbers: dict[str, Any]
) -> np.ndarray:
    """(2, y, x) from one band that tells clouds; radar (`none`) has none and is valid where it has data."""
    around = window.expanded(numbers["reach"]).intersection(workspace.layout.domain)
    if method == "none":
        has_data = workspace.read_scene(acquisition, around, acquisition.bands).any(axis=0)
        return np.where(has_data, np.uint8(0), np.uint8(255))[np.newaxis].repeat(2, axis=0)
    if method == "clp":
        chance, other = workspace.read_scene(acquisition, around, ["CLP", acquisition.bands[0]])
        probability = np.rint(chance / 2.55).astype(np.uint8)
        mask, has_data = dilated_mask(probability, numbers["threshold"], numbers["dilation"]), other > 0
    else:
        name, classify = ("SCL", classify_scl) if method == "scl" else ("QA", classify_qa)
        classes = workspace.read_scene(acquisition, around, [name])[0]
        probability, mask, has_data = classify(classes, numbers["dilation"])
    clouds = np.where(has_data, np.stack([probability, mask.astype(np.uint8)]), np.uint8(255))
    return clouds[(slice(None), *around.slices(window))]


def _by_s2cloudless(
    workspace: Workspace, acquisition: Acquisition, window: Window, numbers: dict[str, Any], threads: int
) -> np.ndarray:
    """(2, y, x): cells are whole multiples from the grid's origin and neighbours are read past the patch's edge."""
    factor, margin = numbers["factor"], numbers["average_over"] + numbers["dilation"]
    cells = window.coarse(factor).expanded(margin).intersection(workspace.layout.domain.coarse(factor))
    if acquisition.cells:
        reflectance, has_data = cell_reflectance(workspace.read_cells(acquisition, cells), 1)
        pixels = workspace.read_scene(acquisition, cells.fine(factor), acquisition.bands[:1])
    else:
        pixels = workspace.read_scene(acquisition, cells.fine(factor), DETECTOR_BANDS)
        reflectance, has_data = cell_reflectance(pixels, factor)
    probability = cloud_probability(reflectance, has_data, threads)
    mask = cloud_mask(
        probability,
        has_data,
        threshold=numbers["threshold"],
        average_over=numbers["average_over"],
        dilation=numbers["dilation"],
    )
    coarse = np.stack([percent(probability), mask.astype(np.uint8)])
    fine = coarse.repeat(factor, axis=1).repeat(factor, axis=2)
    clouds = np.where(pixels.any(axis=0), fine, np.uint8(255))
    return clouds[(slice(None), *cells.fine(factor).slices(window))]
