"""Vector layers as files, since the engine reads only files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameters,
    QgsProcessingUtils,
    QgsProperty,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from .translation import tr

# Formats that the engine reads; others are exported. GeoPackage keeps long field names and the order of features,
# which matters where polygons overlap.
READABLE = ["gpkg", "shp", "geojson", "json", "fgb", "kml"]
OTHER_JSON = ("ESRIJSON", "TopoJSON")
SHAPEFILE = "ESRI Shapefile"
EXPORTED = "gpkg"
_KEY = "patchwork_fid"  # the column of the feature ids in an export


def vector_layer(value: Any, context: QgsProcessingContext) -> Optional[QgsVectorLayer]:
    """The vector layer of a value: a layer, its id or name, a file, or a layer with selection; otherwise None."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source
    if isinstance(value, QgsProperty):
        value = value.valueAsString(context.expressionContext())[0]
    if isinstance(value, str) and value.strip():
        value = QgsProcessingUtils.mapLayerFromString(value, context)
    return value if isinstance(value, QgsVectorLayer) else None


def has_several_layers(value: Any, context: QgsProcessingContext) -> bool:
    """Whether a value is a file of several layers and names none: QGIS would take the first, the engine asks."""
    if not isinstance(value, str) or not Path(value).is_file():
        return False
    layer = vector_layer(value, context)
    return layer is not None and len(layer.dataProvider().subLayers()) > 1


def to_file(
    label: str, value: Any, context: QgsProcessingContext, feedback: QgsProcessingFeedback, encoding: str = ""
) -> str:
    """A file with the layer as QGIS shows it: selection, filter, CRS, fields, encoding and edits.

    The layer's own file if it has the same content, otherwise an export to a temporary file. `encoding` is that of the
    texts of a shapefile if it is not the layer's. Call it in the thread of the layer. Raises QgsProcessingException if
    there is no such layer or it cannot be exported.
    """
    if has_several_layers(value, context):
        return str(value)
    layer = vector_layer(value, context)
    is_selection = isinstance(value, QgsProcessingFeatureSourceDefinition) and value.selectedFeaturesOnly
    if layer is None:
        shown = value.source.staticValue() if isinstance(value, QgsProcessingFeatureSourceDefinition) else value
        raise QgsProcessingException(tr("{}: there is no vector layer or vector file {}.").format(label, shown))
    if is_selection or not _is_as_its_file(layer):
        return _export(label, _decoded(layer, encoding), is_selection, context, feedback)
    definition = QgsProcessingParameterFeatureSource("LAYER", label)
    path, name = QgsProcessingParameters.parameterAsCompatibleSourceLayerPathAndLayerName(
        definition, {"LAYER": layer}, context, READABLE, EXPORTED, feedback
    )
    return f"{path}|layername={name}" if name else str(path)


def _is_as_its_file(layer: QgsVectorLayer) -> bool:
    """Whether the layer's own file is readable by the engine and has the same features, CRS and fields."""
    data = layer.dataProvider()
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    return (
        data.name() == "ogr"
        and Path(parts["path"]).suffix.lstrip(".").lower() in READABLE
        and Path(parts["path"]).is_file()
        and not parts.get("geometryType")  # a file with several geometry types
        and not layer.subsetString()
        and not layer.isModified()
        and data.storageType() not in OTHER_JSON
        and not _has_another_encoding(layer)
        and layer.crs() == data.crs()
        and layer.fields().names() == data.fields().names()  # joined and virtual fields are not in the file
    )


def _has_another_encoding(layer: QgsVectorLayer) -> bool:
    """Whether the user has set another encoding in the layer's properties than a shapefile declares."""
    data = layer.dataProvider()
    if data.storageType() != SHAPEFILE:
        return False
    as_declared = QgsVectorLayer(layer.source(), "", "ogr")
    return bool(as_declared.dataProvider().encoding() != data.encoding())


def _decoded(layer: QgsVectorLayer, encoding: str) -> QgsVectorLayer:
    """A shapefile's layer with its texts in another encoding; a layer with edits stays as it is shown."""
    if not encoding or layer.dataProvider().storageType() != SHAPEFILE or layer.isModified():
        return layer
    decoded = layer.clone()
    decoded.setProviderEncoding(encoding)
    decoded.selectByIds(layer.selectedFeatureIds())
    return decoded


def _export(
    label: str,
    layer: QgsVectorLayer,
    is_selection: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> str:
    """Export the layer to a GeoPackage, with the feature ids of the layer; features that are not saved yet follow.

    A field `fid` is kept as a normal field: QGIS's own export makes it the key and loses duplicate values.
    """
    fields = QgsVectorLayer(f"NoGeometry?field={_KEY}:int8", "", "memory").fields()  # a whole number in Qt 5 and Qt 6
    for field in layer.fields():
        fields.append(field)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = "layer"
    options.layerOptions = [f"FID={_KEY}"]
    path = QgsProcessingUtils.generateTempFilename(f"layer.{EXPORTED}")
    writer = QgsVectorFileWriter.create(path, fields, layer.wkbType(), layer.crs(), context.transformContext(), options)
    highest = max([0, *layer.allFeatureIds()])
    for feature in layer.getSelectedFeatures() if is_selection else layer.getFeatures():
        if feedback.isCanceled():
            raise QgsProcessingException(tr("{}: the export was cancelled.").format(label))
        number = feature.id() if feature.id() >= 0 else highest - feature.id()
        exported = QgsFeature(fields)
        exported.setGeometry(feature.geometry())
        exported.setAttributes([number, *feature.attributes()])
        writer.addFeature(exported, QgsFeatureSink.Flag.FastInsert)
    writer.flushBuffer()
    message = writer.errorMessage()
    del writer
    if message:
        raise QgsProcessingException(tr("{}: the layer {} cannot be exported: {}").format(label, layer.name(), message))
    return str(path)
