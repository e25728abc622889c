"""Fetch the acquisitions, patch by patch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Callable

from ..frozen import frozen
from ..parameters import FolderOutput, Operation
from ..progress import Progress
from . import findscenes
from .declarations import Heavy
from .findscenes import FindScenes

if TYPE_CHECKING:
    from ..grid.patches import Patch
    from ..imagery.downloads import Download

# A value on its way: as it comes, decoded, with the mask of the area, and as it is written.
_BYTES_ON_THE_WAY = 10


@frozen
class DownloadScenes(FindScenes, Heavy):
    """The source, the period, and the machine."""


@frozen
class Downloaded:
    """Where the scenes are."""

    scenes: Annotated[Path, FolderOutput("Scenes", "One folder for each patch, one GeoTIFF for each acquisition.")]


def run(parameters: DownloadScenes, progress: Progress) -> Downloaded:
    """Find the scenes, and write every one that is not there yet."""
    findscenes.run(parameters, progress.part(0.0, 0.02))
    return fetch(parameters, progress.part(0.02, 1.0))


def fetch(
    parameters: DownloadScenes, progress: Progress, on_arrival: Callable[[Download], None] = lambda download: None
) -> Downloaded:
    """Write every file of the catalogue that is not there yet; `on_arrival` is told each that comes from a network."""
    from .. import execution
    from ..imagery.downloads import fetch as fetch_one
    from ..imagery.downloads import plan_downloads
    from ..imagery.layers import write_acquisitions
    from ..imagery.sources import is_paid, open_source
    from ..imagery.sources.ledger import Ledger
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    ledger = Ledger(workspace.product("downloads.csv"), parameters.budget, parameters.rate, parameters.connections)
    source = open_source(parameters.source, parameters.imagery, parameters.service, ledger)
    downloads = plan_downloads(workspace)
    missing = [download for download in downloads if not download.is_there]
    progress.info(f"{len(downloads)} files; {len(downloads) - len(missing)} are there, {len(missing)} to fetch.")
    resources = execution.Resources(parameters.memory, parameters.jobs, parameters.backend)
    one = partial(fetch_one, workspace, source)
    if source.traits.waits:
        asked = {download.file for download in missing}
        for download in downloads:
            if download.file not in asked:
                on_arrival(download)
        # Twice as many where the ledger counts the connections: while one answer is written the next is on its way.
        threads = parameters.connections * (2 if is_paid(source) else 1)
        threads = min(threads, _most_at_a_time(missing, parameters.memory))
        execution.run_in_threads(one, missing, _label, threads, progress, on_done=on_arrival, patch_of=_patch_of)
    else:
        execution.run_all(one, missing, _label, resources, progress, patch_of=_patch_of)
    write_acquisitions(workspace)
    return Downloaded(workspace.scenes_folder)


def _patch_of(download: Download) -> Patch:
    return download.patch


def _label(download: Download) -> str:
    return f"Patch {download.patch.id} at {download.acquisition.name}"


def _most_at_a_time(downloads: Sequence[Download], memory: int) -> int:
    """How many answers may be on their way so that they take a quarter of the memory (MB) at most."""
    values = max((len(d.bands) * d.window.height * d.window.width for d in downloads), default=1)
    return max(int(memory * 1e6 / 4 / (values * _BYTES_ON_THE_WAY)), 1)


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
