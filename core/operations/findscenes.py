"""Find the acquisitions of the period, and estimate the cost of fetching them."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import NumberOutput, Operation, VectorOutput
from ..progress import Progress
from .declarations.scenes import SceneParameters
from .declarations.sources import PlanningParameters


@frozen
class FindScenes(PlanningParameters, SceneParameters):
    """Parameters of findscenes: the source and the period, and the workspace that is planned for."""


@frozen
class FoundScenes:
    """Results of findscenes: the acquisitions, and the costs of fetching them."""

    scenes: Annotated[
        Path,
        VectorOutput(
            "Acquisitions",
            "Time, cloud cover (also of a folder, where its files have SCL or QA), covered part of the area.",
            destination=True,
        ),
    ]
    scene_number: Annotated[int, NumberOutput("Number of acquisitions")]
    requests: Annotated[int, NumberOutput("Number of requests to a service")]
    processing_units: Annotated[float, NumberOutput("Processing units of a service")]
    download_mb: Annotated[float, NumberOutput("Download in megabytes")]
    disk_mb: Annotated[float, NumberOutput("Disk space in megabytes")]
    minutes: Annotated[float, NumberOutput("Minutes to fetch, approximately")]


def run(parameters: FindScenes, progress: Progress) -> FoundScenes:
    """Write the acquisitions that show the area to `scenes.json` and to a GeoPackage."""
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    source = parameters.open_source(parameters.ledger(workspace))
    number, costs = parameters.find_scenes(workspace, source, progress, estimates_cover=True)
    return FoundScenes(
        workspace.paths.acquisitions_table,
        number,
        costs.price.requests,
        round(costs.price.units, 3),
        round(costs.price.download_bytes / 1e6, 2),
        costs.disk_mb,
        costs.minutes,
    )


OPERATION = Operation(
    name="findscenes",
    label="Find scenes",
    group="1 Area and imagery",
    summary="Lists the acquisitions of the period that show the area, and estimates the cost of fetching them.",
    parameters=FindScenes,
    results=FoundScenes,
    run=run,
    tags=("Sentinel-2", "catalogue", "acquisitions"),
    in_worker=True,
)
