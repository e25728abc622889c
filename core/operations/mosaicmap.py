"""The patches of one layer stitched into one raster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..frozen import frozen
from ..parameters import Choice, Operation, RasterOutput
from ..progress import Progress
from .declarations import InWorkspace

if TYPE_CHECKING:
    from ..store.workspace import Workspace
    from ..vocabulary.classes import ClassScheme


@frozen
class Layer:
    """Where a layer comes from: a folder of patch rasters with a band of its name, and the step that makes them."""

    title: str
    kind: str
    step: str
    dtype: Optional[str]
    nodata: float


# Where the data type is None, the class scheme decides.
LAYERS: dict[str, Layer] = {
    "map": Layer("Land-cover map", "maps", "classifypatches", None, 0),
    "confidence": Layer("Confidence", "maps", "classifypatches", "uint8", 255),
    "labels": Layer("Labels", "labels", "rasterizereference", None, 0),
    "valid_count": Layer("Valid observations", "statistics", "observationstatistics", "uint16", 0),
    "mean_cloud_probability": Layer(
        "Mean cloud probability", "statistics", "observationstatistics", "float32", float("nan")
    ),
    "mean_ndvi": Layer("Mean NDVI", "statistics", "observationstatistics", "float32", float("nan")),
}


@frozen
class MosaicMap(InWorkspace):
    """Which layer."""

    layer: Annotated[
        str,
        Choice("Layer", "What is stitched together.", options={name: layer.title for name, layer in LAYERS.items()}),
    ] = "map"


@frozen
class Mosaicked:
    """The raster of the whole area."""

    map: Annotated[Path, RasterOutput("Mosaic", "One Cloud Optimized GeoTIFF of the whole area.", destination=True)]


def run(parameters: MosaicMap, progress: Progress) -> Mosaicked:
    """Write the layer of the whole area."""
    from ..store.workspace import Workspace

    return Mosaicked(write_layer(Workspace(parameters.workspace), parameters.layer, progress))


def write_layer(workspace: Workspace, name: str, progress: Progress) -> Path:
    """The mosaic of a layer, with its style beside it; not made again where the patches are the same."""
    import numpy as np

    from ..mapping.mosaic import write_mosaic
    from ..store import rasters
    from ..store.records import fingerprint
    from ..vocabulary.classes import ClassScheme

    layer = LAYERS[name]
    scheme: Optional[ClassScheme] = None
    if layer.dtype is None:
        scheme = ClassScheme.from_json(workspace.record(layer.step)["classes"])
    names = workspace.record(layer.step)["fingerprints"]
    patches = workspace.layout.patches
    lacking = [patch.id for patch in patches if patch.id not in names]
    if lacking:
        raise workspace.missing(f"{layer.title} of patch {lacking[0]}", layer.step)
    made_of = fingerprint("mosaic", name, names, scheme.to_json() if scheme else None, [patch.id for patch in patches])
    path = workspace.product(f"{name}.tif")
    if rasters.fingerprint_of(path) == made_of:
        _write_styles(workspace, name, scheme)
        progress.report(1.0)
        return path
    dtype = layer.dtype or (scheme.dtype if scheme else "uint8")

    def read(patch: object) -> np.ndarray:
        pixels = workspace.read_patch(layer.kind, patch, name, layer.step)  # type: ignore[arg-type]
        return np.nan_to_num(pixels).astype(dtype) if np.dtype(dtype).kind == "u" else pixels

    write_mosaic(
        path,
        workspace.layout.grid,
        workspace.layout.domain,
        patches,
        read,
        dtype=dtype,
        nodata=layer.nodata,
        name=name,
        fingerprint=made_of,
        scheme=scheme,
        report=progress.report,
    )
    _write_styles(workspace, name, scheme)
    return path


def _write_styles(workspace: Workspace, name: str, scheme: Optional[ClassScheme]) -> None:
    """Put the style of a layer beside its mosaic, and beside the patches' rasters where it is their first band."""
    import numpy as np

    from .. import styles
    from ..store import rasters

    mosaic = workspace.product(f"{name}.tif")
    if scheme is not None:
        style = styles.class_style(scheme)
    elif name in ("confidence", "mean_ndvi"):
        style = styles.scale_style(styles.CONFIDENCE if name == "confidence" else styles.MEAN_NDVI)
    else:
        highest = float(np.nan_to_num(rasters.read_overview(mosaic)).max())
        scale = styles.count_scale if name == "valid_count" else styles.mean_cloud_scale
        style = styles.scale_style(scale(highest))
    styles.write_style(mosaic, style)
    if name in ("map", "labels", "valid_count"):
        for patch in workspace.layout.patches:
            styles.write_style(workspace.patch_raster(LAYERS[name].kind, patch), style)


OPERATION = Operation(
    name="mosaicmap",
    label="Mosaic patches",
    group="4 Map",
    summary="Stitches the patches of a layer into one Cloud Optimized GeoTIFF with overviews.",
    parameters=MosaicMap,
    results=Mosaicked,
    run=run,
    tags=("merge", "mosaic", "COG"),
)
