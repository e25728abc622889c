"""Files of patches that are made only if they are missing or out of date.

A file stores the fingerprint of its inputs and settings; it is current if they still have that fingerprint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..execution import Resources, Share, run_all
from ..grid.patches import Patch
from ..progress import Progress
from .patch_rasters import PatchRaster
from .rasters import FINGERPRINT_TAG, fingerprint_of, write_raster
from .workspace import Workspace


@dataclass(frozen=True)
class PatchFile:
    """A file of one patch: the fingerprint that it should have, and its label in messages ("Labels of patch …")."""

    patch: Patch
    file: Path
    fingerprint: str
    label: str

    @property
    def is_current(self) -> bool:
        """Whether the file exists and has the fingerprint."""
        return fingerprint_of(self.file) == self.fingerprint


F = TypeVar("F", bound=PatchFile)


def refresh(
    files: Sequence[F],
    make: Callable[[F, Share], object],
    resources: Resources,
    progress: Progress,
) -> None:
    """Make the files that are not current, in parallel; raises what `run_all` raises.

    `make` gets the threads and the memory that it may use.
    """
    stale = [file for file in files if not file.is_current]
    one = partial(_make, make, resources.share(len(stale)))
    run_all(one, stale, label_of, resources, progress, patch_of=patch_of)


def _make(make: Callable[[F, Share], object], share: Share, file: F) -> None:
    make(file, share)


def label_of(file: PatchFile) -> str:
    """The label of the file."""
    return file.label


def patch_of(file: PatchFile) -> Patch:
    """The patch that the file belongs to."""
    return file.patch


@dataclass(frozen=True)
class Content:
    """The content of a patch raster: `bands` (band, y, x) in the order of the raster's bands, and further tags."""

    bands: np.ndarray
    tags: Mapping[str, str] = field(default_factory=dict)


def refresh_rasters(
    workspace: Workspace,
    raster: PatchRaster,
    label: str,
    fingerprints: Mapping[str, str],
    make: Callable[[Patch, Share], Content],
    resources: Resources,
    progress: Progress,
) -> None:
    """Make the raster of every patch that does not have the patch's fingerprint; raises what `run_all` raises."""
    files = [
        PatchFile(
            patch,
            workspace.paths.patch_raster(raster.name, patch),
            fingerprints[patch.id],
            f"{label} of patch {patch.id}",
        )
        for patch in workspace.layout.patches
    ]
    refresh(files, partial(_write, workspace, raster, make), resources, progress)


def _write(
    workspace: Workspace,
    raster: PatchRaster,
    make: Callable[[Patch, Share], Content],
    file: PatchFile,
    share: Share,
) -> None:
    content = make(file.patch, share)
    write_raster(
        file.file,
        content.bands,
        workspace.layout.grid,
        file.patch.window,
        nodata=raster.nodata,
        names=raster.bands,
        tags={FINGERPRINT_TAG: file.fingerprint, **content.tags},
    )
