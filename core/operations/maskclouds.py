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
    """Parameters of maskclouds: the method, the threshold, and the neighbourhoods."""

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
    average_over: Annotated[
        int,
        Number(
            "Averaging radius",
            "The cloud probability is averaged over a disk of this radius before the threshold; 0 does not average.",
            advanced=True,
            unit="cells",
            whole=True,
            minimum=0,
            maximum=50,
        ),
    ] = 2
    dilation: Annotated[
        int,
        Number(
            "Cloud dilation",
            "The cloud mask is dilated by a disk of this radius, in cells (in pixels with SCL).",
            advanced=True,
            unit="cells",
            whole=True,
            minimum=0,
            maximum=50,
        ),
    ] = 1

    def masks(self, workspace: Workspace) -> CloudMasks:
        """The cloud masks with these settings, which are recorded; DataError if the bands of a method are missing."""
        from ..clouds.choosing import cell_factor
        from ..clouds.masks import CloudMasks
        from ..clouds.methods.record import MaskOptions
        from ..clouds.settings import CloudRecord, cloud_settings

        factor = cell_factor(self.cloud_resolution, workspace.layout.grid)
        options = MaskOptions(self.threshold, self.average_over, self.dilation, factor)
        settings = cloud_settings(workspace, self.method, options)
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
