"""Map the kinds of core/parameters.py to QGIS Processing, and the values of QGIS to those of the engine.

Each kind of parameter has a function that defines the Processing parameter, and one that reads its value as a JSON
value for the engine (None for the default). Kinds of outputs are in outputs.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

from qgis.core import (
    NULL,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterAuthConfig,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameters,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import Qt

from ..core import parameters as kinds
from ..core.errors import ParameterError
from ..core.parameters import Declared, Kind
from . import places, settings, vector_inputs
from .translation import tr

SET_IN_OPTIONS = {"memory": settings.memory, "jobs": settings.jobs}
WIDGET = f"{__package__}.layer_widget.LayerOrDrawnWidget"
CHOICE_WIDGET = f"{__package__}.choice_widget.ChoiceWidget"


@dataclass(frozen=True)
class QgisValues:
    """Values as QGIS passes them, with their context; `exports_layers` is false in a check, which needs no files."""

    values: Mapping[str, Any]
    context: QgsProcessingContext
    feedback: QgsProcessingFeedback
    exports_layers: bool = True

    def layer_file(self, definition: QgsProcessingParameterDefinition) -> str:
        """A file with the parameter's layer; in a check, the parameter's description as a placeholder."""
        value = self.values.get(definition.name())
        if not self.exports_layers:
            return definition.description()
        encoding = str(self.values.get("ENCODING") or "")
        return vector_inputs.to_file(definition.description(), value, self.context, self.feedback, encoding)


Definition = QgsProcessingParameterDefinition
Define = Callable[[Declared, dict[str, Any]], Definition]
Read = Callable[[Definition, QgisValues], Any]


def define(parameter: Declared) -> Definition:
    """The Processing parameter of a declared parameter: upper-case name, label with unit, default, help."""
    kind = parameter.kind
    default = _default(parameter)
    unit = getattr(kind, "unit", "")
    common = {
        "name": parameter.name.upper(),
        "description": f"{tr(kind.label)} ({unit})" if unit else tr(kind.label),
        "defaultValue": default,
        "optional": not parameter.required and default is None,
    }
    definition = PARAMETERS[type(kind)][0](parameter, common)
    definition.setHelp(help_of(kind))
    if kind.advanced:
        definition.setFlags(definition.flags() | Definition.Flag.FlagAdvanced)
    return definition


def _default(parameter: Declared) -> Any:
    """The default in the dialog: from the options if it is set there, otherwise the declared default."""
    if parameter.name in SET_IN_OPTIONS:
        return SET_IN_OPTIONS[parameter.name]()
    return None if parameter.default is None else parameter.kind.plain(parameter.default)


def help_of(kind: Kind) -> str:
    """The help of a parameter; for a choice with its values and their labels."""
    if not isinstance(kind, kinds.Choice):
        return tr(kind.help)
    words = "; ".join(f"{word}: {tr(label)}" for word, label in kind.options.items())
    return f"{tr(kind.help)} ({words})"


def engine_value(parameter: Declared, definition: Definition, given: QgisValues) -> Any:
    """The JSON value for the engine; None for the engine's default."""
    value = given.values.get(definition.name())
    if value is None or value == NULL or value == "":
        return _default(parameter) if parameter.name in SET_IN_OPTIONS else None
    return PARAMETERS[type(parameter.kind)][1](definition, given)


def _define_text(parameter: Declared, common: dict[str, Any]) -> Definition:
    return QgsProcessingParameterString(**common)


def _define_number(parameter: Declared, common: dict[str, Any]) -> Definition:
    kind = parameter.kind
    number_type = QgsProcessingParameterNumber.Type
    lowest = kind.minimum if kind.above is None else kind.above  # QGIS has no exclusive bounds
    bounds = {"minValue": lowest, "maxValue": kind.maximum}
    definition = QgsProcessingParameterNumber(
        type=number_type.Integer if kind.whole else number_type.Double,
        **common,
        **{name: bound for name, bound in bounds.items() if bound is not None},
    )
    definition.setMetadata({"widget_wrapper": {"decimals": 3}})
    return definition


def _define_choice(parameter: Declared, common: dict[str, Any]) -> Definition:
    options = parameter.kind.options
    definition = QgsProcessingParameterEnum(options=list(options), usesStaticStrings=True, **common)
    definition.setMetadata(
        {"widget_wrapper": {"class": CHOICE_WIDGET, "labels": [tr(text) for text in options.values()]}}
    )
    return definition


def _define_date(parameter: Declared, common: dict[str, Any]) -> Definition:
    return QgsProcessingParameterDateTime(type=QgsProcessingParameterDateTime.Type.Date, **common)


def _define_crs(parameter: Declared, common: dict[str, Any]) -> Definition:
    return QgsProcessingParameterCrs(**common)


def _define_area(parameter: Declared, common: dict[str, Any]) -> Definition:
    definition = QgsProcessingParameterExtent(**common)
    definition.setMetadata({"widget_wrapper": WIDGET})
    return definition


def _define_place(parameter: Declared, common: dict[str, Any]) -> Definition:
    definition = places.PlaceParameter(**common)
    definition.setMetadata({"widget_wrapper": WIDGET})
    return definition


def _define_file(parameter: Declared, common: dict[str, Any]) -> Definition:
    file = QgsProcessingParameterFile.Behavior.File
    return QgsProcessingParameterFile(behavior=file, extension=parameter.kind.extension, **common)


def _define_folder(parameter: Declared, common: dict[str, Any]) -> Definition:
    return QgsProcessingParameterFile(behavior=QgsProcessingParameterFile.Behavior.Folder, **common)


def _define_vector(parameter: Declared, common: dict[str, Any]) -> Definition:
    types = QgsProcessing.SourceType
    wanted = types.TypeVectorAnyGeometry if parameter.kind.any_shape else types.TypeVectorPolygon
    return QgsProcessingParameterFeatureSource(types=[wanted], **common)


def _define_raster(parameter: Declared, common: dict[str, Any]) -> Definition:
    return QgsProcessingParameterRasterLayer(**common)


def _read_raster(definition: Definition, given: QgisValues) -> str:
    """The path of the layer's file; ParameterError for a raster that is not a file."""
    layer = QgsProcessingParameters.parameterAsRasterLayer(definition, dict(given.values), given.context)
    if layer is None or not os.path.isfile(layer.source()):
        shown = layer.name() if layer else given.values.get(definition.name())
        raise ParameterError(tr("{}: {} is not a raster file.").format(definition.description(), shown))
    return os.path.abspath(layer.source())


def _define_field(parameter: Declared, common: dict[str, Any]) -> Definition:
    optional = not parameter.required  # QGIS does not take the default of a field that is not given
    layer = parameter.kind.of.upper()
    return QgsProcessingParameterField(parentLayerParameterName=layer, **{**common, "optional": optional})


def _read_text(definition: Definition, given: QgisValues) -> str:
    return str(QgsProcessingParameters.parameterAsString(definition, dict(given.values), given.context))


def _read_number(definition: Definition, given: QgisValues) -> Any:
    if definition.dataType() == QgsProcessingParameterNumber.Type.Integer:
        return QgsProcessingParameters.parameterAsInt(definition, dict(given.values), given.context)
    return QgsProcessingParameters.parameterAsDouble(definition, dict(given.values), given.context)


def _read_choice(definition: Definition, given: QgisValues) -> str:
    return str(QgsProcessingParameters.parameterAsEnumString(definition, dict(given.values), given.context))


def _read_date(definition: Definition, given: QgisValues) -> Any:
    day = QgsProcessingParameters.parameterAsDate(definition, dict(given.values), given.context)
    return day.toString(Qt.DateFormat.ISODate) if day.isValid() else None


def _read_crs(definition: Definition, given: QgisValues) -> Any:
    crs = QgsProcessingParameters.parameterAsCrs(definition, dict(given.values), given.context)
    return places.crs_text(crs) if crs.isValid() else None


def _read_area(definition: Definition, given: QgisValues) -> str:
    if vector_inputs.vector_layer(given.values.get(definition.name()), given.context) is not None:
        return given.layer_file(definition)
    return places.extent_text(definition, dict(given.values), given.context)


def _read_place(definition: Definition, given: QgisValues) -> str:
    if vector_inputs.vector_layer(given.values.get(definition.name()), given.context) is not None:
        return given.layer_file(definition)
    return places.point_text(definition, dict(given.values), given.context)


def _read_path(definition: Definition, given: QgisValues) -> str:
    """The absolute path, since the engine has another working folder."""
    path = QgsProcessingParameters.parameterAsFile(definition, dict(given.values), given.context)
    return os.path.abspath(os.path.expanduser(path))


def _read_vector(definition: Definition, given: QgisValues) -> str:
    return given.layer_file(definition)


def _define_account(parameter: Declared, common: dict[str, Any]) -> Definition:
    return QgsProcessingParameterAuthConfig(**common)


def _read_account(definition: Definition, given: QgisValues) -> None:
    """None: id and secret are passed in the engine's environment (see accounts.py)."""


PARAMETERS: dict[type[Kind], tuple[Define, Read]] = {
    kinds.Text: (_define_text, _read_text),
    kinds.Account: (_define_account, _read_account),
    kinds.Names: (_define_text, _read_text),
    kinds.Number: (_define_number, _read_number),
    kinds.Choice: (_define_choice, _read_choice),
    kinds.Date: (_define_date, _read_date),
    kinds.Crs: (_define_crs, _read_crs),
    kinds.Area: (_define_area, _read_area),
    kinds.Place: (_define_place, _read_place),
    kinds.File: (_define_file, _read_path),
    kinds.RasterFile: (_define_raster, _read_raster),
    kinds.Folder: (_define_folder, _read_path),
    kinds.VectorFile: (_define_vector, _read_vector),
    kinds.FieldName: (_define_field, _read_text),
}
