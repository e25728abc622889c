"""Merge the patches of one layer into one raster."""

from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..mapping.layers import LAYERS
from ..parameters import Choice, Operation, RasterOutput
from ..progress import Progress
from .declarations.workspace import WorkspaceParameters


@frozen
class MosaicMap(WorkspaceParameters):
    """Parameters of mosaicmap: the layer."""

    layer: Annotated[str, Choice("Layer", "The layer to merge.", options=LAYERS.labels())] = "map"


@frozen
class StitchedMosaic:
    """Results of mosaicmap: the raster of the whole area."""

    map: Annotated[Path, RasterOutput("Mosaic", "One Cloud Optimized GeoTIFF of the whole area.", destination=True)]


def run(parameters: MosaicMap, progress: Progress) -> StitchedMosaic:
    """Write the layer of the whole area, unless it is current."""
    from ..mapping.area_rasters import write_layer
    from ..store.workspace import Workspace

    return StitchedMosaic(write_layer(Workspace(parameters.workspace), parameters.layer, progress))


OPERATION = Operation(
    name="mosaicmap",
    label="Mosaic patches",
    group="4 Map",
    summary="Merges the patches of a layer into one Cloud Optimized GeoTIFF with overviews.",
    parameters=MosaicMap,
    results=StitchedMosaic,
    run=run,
    tags=("merge", "mosaic", "COG"),
    in_worker=True,
)
