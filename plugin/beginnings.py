"""What a project proposes for a reference."""

from __future__ import annotations

from typing import Optional

from qgis.core import NULL, QgsMapLayer, QgsProject, QgsVectorLayer, QgsWkbTypes

from ..core.store.paths import WorkspacePaths
from ..processing_provider.layers import file_of

MOST_FEATURES = 20_000  # more take too long to look at
MOST_CLASSES = 40


def only_reference(project: QgsProject) -> Optional[QgsVectorLayer]:
    """The only polygon layer of a project that is no layer of a map, if one field of it may hold classes."""
    found = [layer for layer in project.mapLayers().values() if _is_polygons(layer) and not _is_of_a_map(layer)]
    return found[0] if len(found) == 1 and len(plausible_fields(found[0])) == 1 else None


def plausible_fields(layer: QgsVectorLayer) -> list[str]:
    """The fields that may hold classes: texts or whole numbers of which each stands for two polygons or more, on
    average."""
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


def _is_polygons(layer: QgsMapLayer) -> bool:
    is_vector = isinstance(layer, QgsVectorLayer) and layer.isValid()
    return is_vector and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry


def _is_of_a_map(layer: QgsMapLayer) -> bool:
    file = file_of(layer)
    return file is not None and WorkspacePaths(file.parent).grid.exists()
