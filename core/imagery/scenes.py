"""Fingerprints of scenes."""

from __future__ import annotations

from ..grid.patches import Patch
from ..store.acquisitions import Acquisition
from ..store.fingerprints import fingerprint
from ..store.layout import Layout


def scene_fingerprint(layout: Layout, patch: Patch, acquisition: Acquisition) -> str:
    """The fingerprint of the bands of one scene."""
    return fingerprint("scene", acquisition.identity, acquisition.bands, layout.patch_fingerprints[patch.id])


def cells_fingerprint(layout: Layout, factor: int, patch: Patch, acquisition: Acquisition) -> str:
    """The fingerprint of the detector's bands of one scene in cells of `factor` × `factor` pixels."""
    return fingerprint("cells", acquisition.identity, factor, layout.patch_fingerprints[patch.id])
