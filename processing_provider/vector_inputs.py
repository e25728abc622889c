"""Vector layers handed to the engine, which knows files only."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameters,
    QgsProcessingUtils,
    QgsProperty,
    QgsVectorLayer,
)

from .translation import tr

# What the engine's own GDAL certainly reads; anything else is exported. GeoPackage keeps the order of features, which
# decides where polygons overlap, and long field names.
READABLE = ["gpkg", "shp", "geojson", "json", "fgb", "kml", "gml"]
EXPORTED = "gpkg"


def vector_layer(value: Any, context: QgsProcessingContext) -> Optional[QgsVectorLayer]:
    """The vector layer that a value means (a layer, its id or name, a file, a selection of one), or None."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source
    if isinstance(value, QgsProperty):
        value = value.valueAsString(context.expressionContext())[0]
    if isinstance(value, str) and value.strip():
        value = QgsProcessingUtils.mapLayerFromString(value, context)
    return value if isinstance(value, QgsVectorLayer) else None


def to_file(label: str, value: Any, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> str:
    """A file with what the person sees in QGIS: selection, filter, layer, CRS and fields as they are set there.

    The file is the layer's own where it says the same, otherwise an export among QGIS's temporary files. Call it in the
    thread of the layer. Raises QgsProcessingException where there is no such layer.
    """
    layer = vector_layer(value, context)
    if layer is None:
        shown = value.source.staticValue() if isinstance(value, QgsProcessingFeatureSourceDefinition) else value
        raise QgsProcessingException(tr("{}: there is no vector layer or vector file {}.").format(label, shown))
    if not _is_as_its_file(layer):
        value = _exact_copy(layer, value, context, feedback)
    definition = QgsProcessingParameterFeatureSource("LAYER", label)
    path = QgsProcessingParameters.parameterAsCompatibleSourceLayerPath(
        definition, {"LAYER": value}, context, READABLE, EXPORTED, feedback
    )
    if not path:
        raise QgsProcessingException(tr("{}: the layer {} cannot be read.").format(label, layer.name()))
    return str(path)


def _is_as_its_file(layer: QgsVectorLayer) -> bool:
    """Whether the file knows the CRS, the fields (joined and virtual ones too) and the edits that QGIS shows."""
    data = layer.dataProvider()
    return not layer.isModified() and layer.crs() == data.crs() and layer.fields().names() == data.fields().names()


def _exact_copy(
    layer: QgsVectorLayer, value: Any, context: QgsProcessingContext, feedback: QgsProcessingFeedback
) -> QgsVectorLayer:
    request = QgsFeatureRequest()
    if isinstance(value, QgsProcessingFeatureSourceDefinition) and value.selectedFeaturesOnly:
        request.setFilterFids(layer.selectedFeatureIds())
    copy = layer.materialize(request, feedback)
    context.temporaryLayerStore().addMapLayer(copy)
    return copy
