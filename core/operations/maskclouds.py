"""Cloud probability and cloud mask of every scene."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..frozen import frozen
from ..parameters import FolderOutput, Number, Operation
from ..progress import Progress
from .declarations.features import CloudMethodParameters
from .declarations.workspace import ResourceParameters

if TYPE_CHECKING:
    from ..clouds.masks import CloudMasks
    from ..store.workspace import Workspace


@frozen
class MaskClouds(CloudMethodParameters, ResourceParameters):
    """Parameters of maskclouds: the method and its neighbourhoods, and the threshold."""

    order = 41

    threshold: Annotated[
        float,
        Number(
            "Cloud threshold",
            "Pixels above this cloud probability are masked.",
            advanced=True,
            minimum=0,
            maximum=1,
        ),
    ] = 0.4

    def masks(self, workspace: Workspace) -> CloudMasks:
        """The cloud masks with these settings, which are recorded; DataError if the bands of a method are missing."""
        from ..clouds.masks import CloudMasks
        from ..clouds.settings import CloudRecord, cloud_settings

        settings = cloud_settings(workspace, self.method, self.mask_options(workspace.layout.grid, self.threshold))
        workspace.write(CloudRecord(settings))
        return CloudMasks(workspace, settings)


@frozen
class MaskedClouds:
    """Results of maskclouds: the cloud files."""

    clouds: Annotated[
        Path,
        FolderOutput("Clouds", "One folder for each patch, one GeoTIFF for each acquisition: probability and mask."),
    ]


def run(parameters: MaskClouds, progress: Progress) -> MaskedClouds:
    """Write the cloud files that are missing or out of date."""
    from ..imagery.layers import write_cloud_styles
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    masks = parameters.masks(workspace)
    masks.refresh(masks.scenes, parameters.resources, progress)
    write_cloud_styles(workspace)
    return MaskedClouds(workspace.paths.clouds)


OPERATION = Operation(
    name="maskclouds",
    label="Mask clouds",
    group="2 Clouds and statistics",
    summary="Computes the cloud probability (in percent) and the cloud mask of every scene.",
    parameters=MaskClouds,
    results=MaskedClouds,
    run=run,
    tags=("cloud", "s2cloudless", "SCL"),
)
