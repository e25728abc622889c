"""Guesses the reference layer of a project."""

from __future__ import annotations

from typing import Optional

from qgis.core import NULL, QgsMapLayer, QgsProject, QgsVectorLayer, QgsWkbTypes

from ..core.store.paths import WorkspacePaths
from ..processing_provider.layers import file_of

MOST_FEATURES = 20_000  # more take too long to look at
MOST_CLASSES = 40


def only_reference(project: QgsProject) -> Optional[tuple[QgsVectorLayer, str]]:
    """The only polygon layer of a project, apart from the layers of maps, and its only field that may hold classes.

    None if there is no such layer or field, or several.
    """
    found = [layer for layer in project.mapLayers().values() if is_polygons(layer) and not _is_of_a_map(layer)]
    fields = plausible_fields(found[0]) if len(found) == 1 else []
    return (found[0], fields[0]) if len(fields) == 1 else None


def plausible_fields(layer: QgsVectorLayer) -> list[str]:
    """The fields that may hold classes: texts or whole numbers, each value on average in two polygons or more."""
    count = layer.featureCount()
    if not 0 < count <= MOST_FEATURES:
        return []
    keys = set(layer.primaryKeyAttributes())
    most = min(MOST_CLASSES, count // 2)
    found = []
    for place, field in enumerate(layer.fields()):
        if place in keys:
            continue
        values = {value for value in layer.uniqueValues(place, most + 2) if value not in (None, NULL)}
        if 2 <= len(values) <= most and all(isinstance(value, (str, int)) for value in values):
            found.append(field.name())
    return found


def is_polygons(layer: QgsMapLayer) -> bool:
    """Whether it is a valid layer of polygons."""
    is_vector = isinstance(layer, QgsVectorLayer) and layer.isValid()
    return is_vector and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry


def _is_of_a_map(layer: QgsMapLayer) -> bool:
    file = file_of(layer)
    return file is not None and WorkspacePaths(file.parent).grid.exists()
