"""Fetch the acquisitions, patch by patch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..parameters import FolderOutput, Operation
from ..progress import Progress
from . import findscenes
from .declarations import Heavy
from .findscenes import FindScenes

if TYPE_CHECKING:
    from ..grid import Patch
    from ..records import Acquisition
    from ..sources import Source
    from ..workspace import Workspace


@dataclass(frozen=True)
class DownloadScenes(FindScenes, Heavy):
    """The source, the period, and the machine."""


@dataclass(frozen=True)
class Downloaded:
    """Where the scenes are."""

    scenes: Annotated[Path, FolderOutput("Scenes", "One folder for each patch, one GeoTIFF for each acquisition.")]


def run(parameters: DownloadScenes, progress: Progress) -> Downloaded:
    """Find the scenes, and write every one that is not there yet."""
    findscenes.run(parameters, progress.part(0.0, 0.02))
    return fetch(parameters, progress.part(0.02, 1.0))


def fetch(parameters: DownloadScenes, progress: Progress) -> Downloaded:
    """Write every scene of the catalogue that is not there yet."""
    from ..execution import Resources, run_all
    from ..rasters import fingerprint_of
    from ..sources import open_source
    from ..workspace import Workspace

    workspace = Workspace(parameters.workspace)
    source = open_source(parameters.source, parameters.imagery)
    scenes = [(patch, item) for patch in workspace.layout.patches for item in workspace.catalogue.acquisitions]
    missing = [s for s in scenes if fingerprint_of(workspace.scene(*s)) != workspace.scene_fingerprint(*s)]
    progress.info(f"{len(scenes)} scenes; {len(scenes) - len(missing)} are there, {len(missing)} to fetch.")
    run_all(
        partial(_fetch, workspace, source),
        missing,
        lambda scene: f"Patch {scene[0].id} at {scene[1].name}",
        Resources(parameters.memory, parameters.jobs, parameters.backend),
        progress,
    )
    return Downloaded(workspace.scenes_folder)


def _fetch(workspace: Workspace, source: Source, scene: tuple[Patch, Acquisition]) -> None:
    """Write one scene; outside the area it is no data, so that what is kept does not depend on how patches are cut."""
    from ..rasters import FINGERPRINT_TAG, write_raster

    patch, acquisition = scene
    layout = workspace.layout
    pixels = source.read(acquisition, layout.grid, patch.window)
    pixels *= layout.area_mask(patch.window)
    tags = {
        FINGERPRINT_TAG: workspace.scene_fingerprint(patch, acquisition),
        "TIFFTAG_DATETIME": acquisition.time.strftime("%Y:%m:%d %H:%M:%S"),
        "UNITS": "reflectance × 10000",
        "SOURCE": source.kind,
    }
    file = workspace.scene(patch, acquisition)
    write_raster(file, pixels, layout.grid, patch.window, nodata=0, names=source.bands, tags=tags)


OPERATION = Operation(
    name="downloadscenes",
    label="Download scenes",
    group="1 Area and imagery",
    summary="Fetches every acquisition over every patch. What is there already is not fetched again.",
    parameters=DownloadScenes,
    results=Downloaded,
    run=run,
    tags=("Sentinel-2", "download", "imagery"),
)
