"""Rasterize reference polygons as class ids on the pixel grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

from ..errors import ParameterError
from ..frozen import frozen
from ..parameters import FieldName, FolderOutput, Names, Number, Operation, RasterOutput
from ..progress import Progress
from .declarations.reference import ClassParameters, with_built_in_reference
from .declarations.workspace import ResourceParameters

if TYPE_CHECKING:
    from ..reference.labels import ReferenceSettings


@frozen
class RasterizeReference(ClassParameters, ResourceParameters):
    """Parameters of rasterizereference: the reference layer, the erosion, the classes that are used."""

    order = 32

    erosion: Annotated[
        int,
        Number(
            "Erosion",
            "Labels are eroded by this distance, since pixels at the edges of polygons are mixed; different classes "
            "are kept apart.",
            unit="px",
            whole=True,
            minimum=0,
            maximum=50,
        ),
    ] = 1
    corrections: Annotated[
        tuple[str, ...],
        Names(
            "Corrections",
            "Other classes for single polygons, as polygon=class separated by commas, such as 17=forest,23=0: the "
            "feature id, as in the table of Check labels, and a class by name or id. 0 leaves the polygon out. The "
            "layer stays as it is.",
            advanced=True,
        ),
    ] = ()
    region_field: Annotated[
        Optional[str],
        FieldName(
            "Region field",
            "Field with the region of each polygon, such as a district or a year. The accuracy in each region is then "
            "measured with a model that was trained on the others.",
            advanced=True,
            of="reference",
        ),
    ] = None

    @property
    def reference_settings(self) -> ReferenceSettings:
        """The settings of reading the reference; ParameterError if the layer or its class field is missing."""
        from ..reference.labels import ReferenceSettings

        if self.reference is None or self.class_field is None:
            raise ParameterError(
                "Reference (REFERENCE) or class field (CLASS_FIELD) is missing: polygons of known class, and the field "
                "with the class."
            )
        return ReferenceSettings(
            self.reference,
            self.class_field,
            self.name_field,
            self.erosion,
            self.class_settings,
            self.encoding,
            self.region_field,
            self.corrections,
        )


@frozen
class RasterizedReference:
    """Results of rasterizereference: the labels as rasters of the area."""

    labels: Annotated[Path, RasterOutput("Labels", "Class ids, 0 = unknown.", destination=True)]
    masks: Annotated[Path, FolderOutput("Class masks", "One GeoTIFF for each class, 1 at its labels.")]


def run(parameters: RasterizeReference, progress: Progress) -> RasterizedReference:
    """Write the labels that are missing or out of date, then the rasters of the whole area."""
    from ..mapping.area_rasters import write_class_masks, write_layer
    from ..reference.labels import refresh_labels
    from ..store.workspace import Workspace

    workspace = Workspace(parameters.workspace)
    if workspace.has_catalogue:
        source = workspace.catalogue.source
        parameters = with_built_in_reference(parameters, source, workspace.paths.sample_reference)
    settings = parameters.reference_settings
    record = refresh_labels(workspace, settings, parameters.resources, progress.part(0.0, 0.6))
    labels = write_layer(workspace, "labels", progress.part(0.6, 0.7))
    write_class_masks(workspace, record, progress.part(0.7, 1.0))
    return RasterizedReference(labels, workspace.paths.masks)


OPERATION = Operation(
    name="rasterizereference",
    label="Rasterize reference",
    group="3 Reference and model",
    summary="Burns the reference polygons into class ids on the pixel grid, with one mask for each class.",
    parameters=RasterizeReference,
    results=RasterizedReference,
    run=run,
    tags=("labels", "training", "reference", "rasterize"),
)
