"""The cloud files of scenes: cloud probability and cloud mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ..execution import Resources, Share
from ..grid.patches import Patch
from ..imagery.scenes import cells_fingerprint, scene_fingerprint, surroundings_fingerprint
from ..progress import Progress
from ..store.acquisitions import Acquisition
from ..store.fingerprints import fingerprint
from ..store.patch_files import PatchFile, refresh
from ..store.rasters import FINGERPRINT_TAG, write_raster
from ..store.reading import NO_CLOUD_DATA, surroundings_of
from ..store.workspace import Workspace
from .methods.record import MaskTask
from .settings import CloudRecord, CloudSettings

Scene = tuple[Patch, Acquisition]


@dataclass(frozen=True)
class CloudFile(PatchFile):
    """The cloud file of one scene."""

    acquisition: Acquisition


@dataclass(frozen=True)
class CloudMasks:
    """All cloud files of a workspace, and their settings."""

    workspace: Workspace
    settings: CloudSettings

    @classmethod
    def of(cls, workspace: Workspace) -> CloudMasks:
        """The cloud files with the recorded settings; MissingStepError before `maskclouds`."""
        return cls(workspace, workspace.read(CloudRecord).settings)

    @property
    def scenes(self) -> list[Scene]:
        """Every acquisition over every patch."""
        return [(p, item) for p in self.workspace.layout.patches for item in self.workspace.catalogue.acquisitions]

    def neighbours(self, patch: Patch, acquisition: Acquisition) -> list[Patch]:
        """The patches whose scenes the mask of one scene depends on: its own and those within reach."""
        return self.workspace.layout.patches_within(patch, self.settings.of(acquisition)[1]["reach"])

    def fingerprint(self, patch: Patch, acquisition: Acquisition) -> str:
        """The fingerprint of one cloud file: of the settings and the scenes within reach."""
        method, settings = self.settings.of(acquisition)
        layout = self.workspace.layout
        within = self.workspace.catalogue.within_imagery(patch.window.expanded(settings["reach"]))
        near = layout.patches_within(patch, settings["reach"])
        made_of = [scene_fingerprint(layout, other, acquisition) for other in near]
        if acquisition.cells:
            factor = self.workspace.catalogue.cell_factor
            made_of += [cells_fingerprint(layout, factor, other, acquisition) for other in near]
        if not surroundings_of(self.workspace, patch, acquisition).window.is_empty:
            made_of.append(surroundings_fingerprint(self.workspace, patch, acquisition))
        return fingerprint("cloud", method.name, settings, asdict(within), made_of)

    def patch_fingerprint(self, patch: Patch) -> str:
        """The fingerprint of all cloud files of a patch together."""
        acquisitions = self.workspace.catalogue.acquisitions
        return fingerprint([(item.name, self.fingerprint(patch, item)) for item in acquisitions])

    def refresh(self, scenes: Sequence[Scene], resources: Resources, progress: Progress) -> None:
        """Make the cloud files of these scenes that are missing or out of date."""
        files = [
            CloudFile(
                patch,
                self.workspace.paths.cloud(patch, item),
                self.fingerprint(patch, item),
                f"Clouds of patch {patch.id} at {item.name}",
                item,
            )
            for patch, item in scenes
        ]
        refresh(files, self._write, resources, progress)

    def _write(self, file: CloudFile, share: Share) -> None:
        """Write one cloud file, computed strip by strip within the budget."""
        window = file.patch.window
        method, settings = self.settings.of(file.acquisition)
        # One pixel of the detector's bands takes about 100 bytes on the way: counts, sums and means of cells.
        reach = settings["reach"]
        rows = max(share.budget // (120 * (window.width + 2 * reach)) - 2 * reach, 64)
        bands = np.full((2, *window.shape), NO_CLOUD_DATA)
        for strip in self.workspace.catalogue.within_imagery(window).strips(rows):
            task = MaskTask(self.workspace, file.patch, file.acquisition, strip, settings, share.threads)
            outside = self.workspace.layout.outside(strip, 1)
            bands[(slice(None), *window.slices(strip))] = np.where(outside, NO_CLOUD_DATA, method.mask(task))
        write_raster(
            file.file,
            bands,
            self.workspace.layout.grid,
            window,
            nodata=255,
            names=("probability", "mask"),
            tags={
                FINGERPRINT_TAG: file.fingerprint,
                "TIFFTAG_DATETIME": file.acquisition.time.strftime("%Y:%m:%d %H:%M:%S"),
                "METHOD": method.name,
            },
        )
