"""Fetch the acquisitions, patch by patch."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import FolderOutput, Operation
from ..progress import Progress
from .declarations.scenes import SceneParameters
from .declarations.workspace import ResourceParameters


@frozen
class DownloadScenes(SceneParameters, ResourceParameters):
    """Parameters of downloadscenes: the source, the period, and the resources."""


@frozen
class DownloadedScenes:
    """Results of downloadscenes: the scenes."""

    scenes: Annotated[Path, FolderOutput("Scenes", "One folder for each patch, one GeoTIFF for each acquisition.")]


def run(parameters: DownloadScenes, progress: Progress) -> DownloadedScenes:
    """Find the acquisitions, and fetch every scene that is missing or out of date."""
    from ..imagery.fetching import fetch_scenes
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    source = parameters.open_source(parameters.ledger(workspace))
    parameters.find_scenes(workspace, source, progress.part(0.0, 0.02))
    fetch_scenes(workspace, source, parameters.connections, parameters.resources, progress.part(0.02, 1.0))
    return DownloadedScenes(workspace.paths.scenes)


OPERATION = Operation(
    name="downloadscenes",
    label="Download scenes",
    group="1 Area and imagery",
    summary="Fetches every acquisition over every patch. Existing scenes are not fetched again.",
    parameters=DownloadScenes,
    results=DownloadedScenes,
    run=run,
    tags=("Sentinel-2", "download", "imagery"),
)
