"""Fingerprints of what is fetched."""

from __future__ import annotations

from dataclasses import asdict

from ..grid.patches import Patch
from ..store.acquisitions import Acquisition
from ..store.fingerprints import fingerprint
from ..store.layout import Layout
from ..store.reading import surroundings_of
from ..store.workspace import Workspace


def scene_fingerprint(layout: Layout, patch: Patch, acquisition: Acquisition) -> str:
    """The fingerprint of the bands of one scene."""
    return fingerprint("scene", acquisition.identity, acquisition.bands, layout.patch_fingerprints[patch.id])


def cells_fingerprint(layout: Layout, factor: int, patch: Patch, acquisition: Acquisition) -> str:
    """The fingerprint of the detector's bands of one scene in cells of `factor` × `factor` pixels."""
    return fingerprint("cells", acquisition.identity, factor, layout.patch_fingerprints[patch.id])


def surroundings_fingerprint(workspace: Workspace, patch: Patch, acquisition: Acquisition) -> str:
    """The fingerprint of the bands of one acquisition around the area, near one patch."""
    factor = workspace.catalogue.factor_around(acquisition)
    outside = surroundings_of(workspace, patch, acquisition).fingerprint
    grid = asdict(workspace.layout.grid)
    return fingerprint("surroundings", acquisition.identity, acquisition.around, factor, grid, outside)
