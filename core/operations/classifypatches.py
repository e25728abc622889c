"""Classify every patch with the model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..frozen import frozen
from ..mapping.layers import REQUESTED
from ..parameters import Choice, File, FolderOutput, Names, Number, Operation
from ..progress import Progress
from .declarations.workspace import ResourceParameters

if TYPE_CHECKING:
    from ..mapping.classification import MapSettings


@frozen
class MapParameters(ResourceParameters):
    """Parameters of the map: its smoothing, and the layers of uncertainty beside it."""

    order = 60

    smoothing: Annotated[
        int,
        Number(
            "Smoothing",
            "Each pixel is smoothed with the pixels within this distance; 0 does not smooth.",
            unit="px",
            whole=True,
            minimum=0,
            maximum=20,
        ),
    ] = 0
    smoothing_method: Annotated[
        str,
        Choice(
            "Smoothing method",
            "Majority: the most frequent class within the distance. Bayes: the class that is most probable when the "
            "probabilities of a pixel are drawn towards those around it (as in the R package sits; it uses a distance "
            "of 4).",
            advanced=True,
            options={"majority": "Majority", "bayes": "Bayes"},
        ),
    ] = "majority"
    smoothness: Annotated[
        float,
        Number(
            "Smoothness",
            "Variance of the prior of the Bayes method: the larger, the smoother.",
            advanced=True,
            above=0,
        ),
    ] = 20.0
    minimum_area: Annotated[
        float,
        Number(
            "Minimum area",
            "Connected areas of a class that are smaller get the class around them, after smoothing; 0 keeps all.",
            unit="ha",
            minimum=0,
            maximum=25,
        ),
    ] = 0.0
    layers: Annotated[
        tuple[str, ...],
        Names(
            "Layers",
            "Layers of uncertainty that are made with the map, separated by commas: entropy and margin (from 0 to 1), "
            "probabilities (in percent, one band a class), dissimilarity and applicability (where the model has seen "
            "something alike). The confidence is always made.",
            advanced=True,
            allowed=REQUESTED,
        ),
    ] = ("confidence",)

    @property
    def map_settings(self) -> "MapSettings":
        """The settings of the map."""
        from ..mapping.classification import MapSettings

        return MapSettings(self.smoothing, self.smoothing_method, self.smoothness, self.minimum_area, self.layers)


@frozen
class ModelParameters(MapParameters):
    """Parameters of the map and its model."""

    order = 61

    model: Annotated[
        Optional[Path],
        File(
            "Model",
            "A model made by Train model, of this workspace or another, also of another year or area. Its dates are "
            "moved to the year of the imagery. Default: the model of this workspace.",
            extension="skops",
        ),
    ] = None


@frozen
class ClassifyPatches(ModelParameters):
    """Parameters of classifypatches: the model, the smoothing, and the layers."""


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
    refresh_maps(workspace, parameters.model, parameters.map_settings, parameters.resources, progress)
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
