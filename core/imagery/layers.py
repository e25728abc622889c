"""Acquisitions as layers: one raster of the whole area each, and styles beside the files of patches."""

from __future__ import annotations

import os

from .. import styles
from ..store.acquisitions import Acquisition
from ..store.files import remove, update_text
from ..store.virtual_mosaic import virtual_mosaic
from ..store.workspace import Workspace


def write_acquisitions(workspace: Workspace) -> None:
    """Write for each acquisition one raster that shows its scenes together, and styles beside it and each scene.

    Those of acquisitions that are no longer in the catalogue are removed.
    """
    acquisitions = workspace.catalogue.acquisitions
    shown = styles.shown_moments([item.time for item in acquisitions])
    for item, moments in zip(acquisitions, shown, strict=True):
        style = styles.scene_style(item.bands, moments)
        for patch in workspace.layout.patches:
            styles.write_style(workspace.paths.scene(patch, item), style)
        file = workspace.paths.acquisition(item)
        styles.write_style(file, style)
        update_text(file, _together(workspace, item))
    wanted = {workspace.paths.acquisition(item) for item in acquisitions}
    for file in set(workspace.paths.acquisitions.glob("[0-9]*T[0-9]*.vrt")) - wanted:
        remove(file)
        remove(file.with_suffix(".qml"))


def write_cloud_styles(workspace: Workspace) -> None:
    """Write the style of cloud probability, with its time range, beside each cloud file."""
    acquisitions = workspace.catalogue.acquisitions
    for item, moments in zip(acquisitions, styles.shown_moments([item.time for item in acquisitions]), strict=True):
        style = styles.scale_style(styles.CLOUD_PROBABILITY, moments)
        for patch in workspace.layout.patches:
            styles.write_style(workspace.paths.cloud(patch, item), style)


def _together(workspace: Workspace, item: Acquisition) -> str:
    """The scenes of one acquisition as one raster; paths are relative, so that the workspace can be moved."""
    layout, folder = workspace.layout, workspace.paths.acquisitions
    sources = [
        (os.path.relpath(workspace.paths.scene(patch, item), folder).replace(os.sep, "/"), patch.window)
        for patch in layout.patches
    ]
    tags = {"TIFFTAG_DATETIME": item.time.strftime("%Y:%m:%d %H:%M:%S")}
    return virtual_mosaic(layout.grid, layout.domain, sources, item.bands, nodata=0, tags=tags)
