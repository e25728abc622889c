"""Classify every patch with the model."""

from pathlib import Path
from typing import Annotated, Optional

from ..frozen import frozen
from ..parameters import File, FolderOutput, Number, Operation
from ..progress import Progress
from .declarations.workspace import ResourceParameters


@frozen
class SmoothingParameters(ResourceParameters):
    """Parameters of the smoothing of the map."""

    smoothing: Annotated[
        int,
        Number(
            "Smoothing",
            "Each pixel gets the most frequent class within this distance; 0 does not smooth.",
            unit="px",
            whole=True,
            minimum=0,
            maximum=20,
        ),
    ] = 0


@frozen
class ClassifyPatches(SmoothingParameters):
    """Parameters of classifypatches: the model and the smoothing."""

    model: Annotated[
        Optional[Path],
        File(
            "Model",
            "A model made by Train model, of this workspace or another. Default: the model of this workspace.",
            extension="skops",
        ),
    ] = None


@frozen
class ClassifiedPatches:
    """Results of classifypatches: the map patches."""

    maps: Annotated[Path, FolderOutput("Map patches", "One GeoTIFF for each patch: class and confidence in percent.")]


def run(parameters: ClassifyPatches, progress: Progress) -> ClassifiedPatches:
    """Write the map patches that are missing or out of date."""
    from ..mapping.classification import refresh_maps
    from ..store.patch_rasters import MAPS
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    refresh_maps(workspace, parameters.model, parameters.smoothing, parameters.resources, progress)
    return ClassifiedPatches(workspace.paths.patch_rasters(MAPS.name))


OPERATION = Operation(
    name="classifypatches",
    label="Classify patches",
    group="4 Map",
    summary="Classifies every pixel of every patch with the model; pixels without a valid observation stay 0.",
    parameters=ClassifyPatches,
    results=ClassifiedPatches,
    run=run,
    tags=("prediction", "classification", "land cover"),
)
