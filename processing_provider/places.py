"""Areas and places: an extent or a point drawn on the map, or a vector layer, in one parameter.

QGIS writes an extent as `xmin,xmax,ymin,ymax [EPSG:n]` and a point as `x,y [EPSG:n]`; the engine reads
`xmin,ymin,xmax,ymax,EPSG:n` and `x,y,EPSG:n`. Both forms are accepted: QGIS's has its CRS in brackets or none, the
engine's has it after a comma.
"""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterPoint,
    QgsProcessingParameters,
    QgsProperty,
)

from .vector_inputs import vector_layer


class PlaceParameter(QgsProcessingParameterPoint):
    """A point parameter that accepts a vector layer too."""

    def checkValueIsAcceptable(self, input: Any, context: Optional[QgsProcessingContext] = None) -> bool:
        """Whether the value is a point or a layer; without a context, any text may be a layer."""
        if super().checkValueIsAcceptable(input, context):
            return True
        if context is None:
            return isinstance(input, str) and bool(input.strip())
        return vector_layer(input, context) is not None


def in_qgis_form(value: Any, context: QgsProcessingContext) -> Any:
    """An extent or point in QGIS's form, converted from the engine's; any other value unchanged."""
    if isinstance(value, QgsProperty):
        value = value.valueAsString(context.expressionContext())[0]
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",")]
    numbers = parts[:-1]
    if len(parts) not in (3, 5) or ":" not in parts[-1] or not all(_is_number(number) for number in numbers):
        return value
    if len(numbers) == 4:
        numbers = [numbers[0], numbers[2], numbers[1], numbers[3]]
    return f"{','.join(numbers)} [{parts[-1]}]"


def extent_text(definition: QgsProcessingParameterDefinition, parameters: dict, context: QgsProcessingContext) -> str:
    """The extent in the engine's form."""
    box = QgsProcessingParameters.parameterAsExtent(definition, parameters, context)
    crs = QgsProcessingParameters.parameterAsExtentCrs(definition, parameters, context)
    return _text([box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()], crs)


def point_text(definition: QgsProcessingParameterDefinition, parameters: dict, context: QgsProcessingContext) -> str:
    """The point in the engine's form."""
    point = QgsProcessingParameters.parameterAsPoint(definition, parameters, context)
    crs = QgsProcessingParameters.parameterAsPointCrs(definition, parameters, context)
    return _text([point.x(), point.y()], crs)


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """The CRS in the engine's form: its code if it has one, otherwise WKT."""
    return crs.authid() or crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT2_2019)


def _text(numbers: list[float], crs: QgsCoordinateReferenceSystem) -> str:
    return ",".join([*(repr(number) for number in numbers), *([crs_text(crs)] if crs.isValid() else [])])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
