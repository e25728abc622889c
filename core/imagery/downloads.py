"""The files to fetch: of each acquisition over each patch the scene, the cells if these are stored separately, and what
the clouds near the edge of the area depend on beyond it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from ..store.acquisitions import Acquisition
from ..store.patch_files import PatchFile
from ..store.paths import WorkspacePaths
from ..store.reading import surroundings_of
from ..store.workspace import Workspace
from ..vocabulary.bands import DETECTOR_BANDS
from .scenes import cells_fingerprint, scene_fingerprint, surroundings_fingerprint


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


def plan_downloads(workspace: Workspace, paths: WorkspacePaths | None = None) -> list[Download]:
    """All files of the catalogue, patch by patch: scenes, cells that are stored separately, surroundings.

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
            if not surroundings_of(workspace, patch, item).window.is_empty:
                downloads.append(_surroundings(workspace, paths, patch, item, bool(shown[row, column])))
    return downloads


def _scene(workspace: Workspace, paths: WorkspacePaths, patch: Patch, item: Acquisition, shows_patch: bool) -> Download:
    layout = workspace.layout
    return Download(
        patch,
        paths.scene(patch, item),
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


def _cells(workspace: Workspace, paths: WorkspacePaths, patch: Patch, item: Acquisition, shows_patch: bool) -> Download:
    layout, factor = workspace.layout, workspace.catalogue.cell_factor
    return Download(
        patch,
        paths.cells(patch, item),
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


def _surroundings(
    workspace: Workspace, paths: WorkspacePaths, patch: Patch, item: Acquisition, shows_patch: bool
) -> Download:
    factor = workspace.catalogue.factor_around(item)
    return Download(
        patch,
        paths.surroundings(patch, item),
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
