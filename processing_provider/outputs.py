"""The outputs of operations in Processing: results for the modeler, and destinations for copies.

Files are in the workspace. A destination that is not set, or that is QGIS's "temporary file", means the file in the
workspace itself, which is kept after the session. Only vector layers are copied to a temporary file, since QGIS writes
to open GeoPackages.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputDefinition,
    QgsProcessingOutputFile,
    QgsProcessingOutputFolder,
    QgsProcessingOutputHtml,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputString,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameters,
    QgsProcessingParameterVectorDestination,
    QgsProcessingUtils,
    QgsProperty,
)

from ..core import operations
from ..core import parameters as kinds
from ..core.parameters import Declared, Operation, Output, declared
from . import layers
from .styling import post_process
from .translation import tr

RESULTS: dict[type[Output], type[QgsProcessingOutputDefinition]] = {
    kinds.RasterOutput: QgsProcessingOutputRasterLayer,
    kinds.VectorOutput: QgsProcessingOutputVectorLayer,
    kinds.TableOutput: QgsProcessingOutputFile,
    kinds.PageOutput: QgsProcessingOutputHtml,
    kinds.FileOutput: QgsProcessingOutputFile,
    kinds.FolderOutput: QgsProcessingOutputFolder,
    kinds.NumberOutput: QgsProcessingOutputNumber,
    kinds.TextOutput: QgsProcessingOutputString,
}
destinations_of = lru_cache(maxsize=None)(operations.destinations_of)
LAYERS = (kinds.RasterOutput, kinds.VectorOutput)


def destination_parameters(operation: Operation) -> list[QgsProcessingParameterDefinition]:
    """The optional destinations of an operation: its first layer and its files are created by default."""
    wanted = destinations_of(operation)
    first_layer = next((name for name, output in wanted.items() if isinstance(output, LAYERS)), None)
    return [
        _destination(name, output, create_by_default=name == first_layer or not isinstance(output, LAYERS))
        for name, output in wanted.items()
    ]


def plain_results(operation: Operation) -> list[QgsProcessingOutputDefinition]:
    """The outputs without a destination; the workspace is one, so that models can pass it to the next operation."""
    wanted = destinations_of(operation)
    results = [output for output in declared(operation.results) if output.name not in wanted]
    definitions = [RESULTS[type(output.kind)](output.name.upper(), tr(output.kind.label)) for output in results]
    workspace = workspace_parameter(operation)
    if workspace is not None and workspace.name not in {output.name for output in results}:
        definitions.append(QgsProcessingOutputFolder(workspace.name.upper(), tr(workspace.kind.label)))
    return definitions


def workspace_parameter(operation: Operation) -> Optional[Declared]:
    """The workspace parameter of an operation, if it has one."""
    return next((parameter for parameter in declared(operation.parameters) if parameter.name == "workspace"), None)


def written_to(operation: Operation, values: Mapping[str, Any]) -> list[Path]:
    """The files and folders of the engine's values that an operation writes layers to."""
    makes_layers = any(isinstance(output.kind, (*LAYERS, kinds.FolderOutput)) for output in declared(operation.results))
    names = [*destinations_of(operation), *(["workspace"] if makes_layers else [])]
    return [Path(values[name]) for name in names if values.get(name)]


def wrong_destinations(
    definitions: list[QgsProcessingParameterDefinition], parameters: Mapping[str, Any], context: QgsProcessingContext
) -> list[str]:
    """Errors of the destinations: unsupported formats, folders that do not exist."""
    wrong = []
    for definition in definitions:
        path = _path(parameters.get(definition.name()), context)
        if not isinstance(path, str) or path in ("", QgsProcessing.TEMPORARY_OUTPUT):
            continue
        what = f"{definition.description()} ({definition.name()})"
        folder, extensions = os.path.dirname(os.path.abspath(path)), _extensions(definition)
        if not path.lower().endswith(extensions):
            wrong.append(tr("{}: {} must end in {}.").format(what, path, " / ".join(extensions)))
        elif not os.path.isdir(folder):
            wrong.append(tr("{}: there is no folder {}.").format(what, folder))
    return wrong


def _extensions(definition: QgsProcessingParameterDefinition) -> tuple[str, ...]:
    if isinstance(definition, QgsProcessingParameterRasterDestination):
        return (".tif", ".tiff")
    return (f".{definition.defaultFileExtension()}",)


class Destinations:
    """The destinations of one run."""

    def __init__(
        self,
        definitions: list[QgsProcessingParameterDefinition],
        parameters: Mapping[str, Any],
        context: QgsProcessingContext,
    ) -> None:
        """Read the destinations; layers to load are registered in the context."""
        self.files: dict[str, str] = {}
        self._shown: dict[str, QgsProcessingContext.LayerDetails] = {}
        self._titles: dict[str, str] = {}
        for definition in definitions:
            self._find(definition, dict(parameters), context)

    def _find(
        self, definition: QgsProcessingParameterDefinition, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> None:
        name, value = definition.name(), parameters.get(definition.name())
        is_temporary = _path(value, context) == QgsProcessing.TEMPORARY_OUTPUT
        is_raster = isinstance(definition, QgsProcessingParameterRasterDestination)
        if is_temporary and isinstance(definition, QgsProcessingParameterFileDestination):
            return
        if is_temporary and is_raster:
            if isinstance(value, QgsProcessingOutputLayerDefinition) and value.destinationProject is not None:
                hint = QgsProcessingUtils.LayerHint.Raster
                self._shown[name] = QgsProcessingContext.LayerDetails(
                    value.destinationName, value.destinationProject, name, hint
                )
                self._titles[name] = definition.description()
            return
        if isinstance(definition, QgsProcessingParameterFileDestination):
            file = QgsProcessingParameters.parameterAsFileOutput(definition, parameters, context)
        else:
            file = QgsProcessingParameters.parameterAsOutputLayer(definition, parameters, context)
        if file:
            self.files[name.lower()] = os.path.abspath(file)

    def show(self, results: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Load the requested layers, each with its style and group."""
        for name, details in self._shown.items():
            details.name = details.name or layers.title_of(Path(results[name])) or self._titles[name]
            context.addLayerToLoadOnCompletion(results[name], details)
        for path in results.values():
            if isinstance(path, str) and context.willLoadLayerOnCompletion(path):
                post_process(context.layerToLoadOnCompletionDetails(path), path, results.get("WORKSPACE"))


def _path(value: Any, context: QgsProcessingContext) -> Any:
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    if isinstance(value, QgsProperty):
        return value.valueAsString(context.expressionContext())[0]
    return value


def _destination(name: str, output: Output, *, create_by_default: bool) -> QgsProcessingParameterDefinition:
    common = {
        "name": name.upper(),
        "description": tr(output.label),
        "optional": True,
        "createByDefault": create_by_default,
    }
    if isinstance(output, kinds.RasterOutput):
        definition = QgsProcessingParameterRasterDestination(**common)
    elif isinstance(output, kinds.VectorOutput):
        definition = QgsProcessingParameterVectorDestination(**common)
    else:
        pattern = f"{output.extension.upper()} (*.{output.extension})"
        definition = QgsProcessingParameterFileDestination(fileFilter=pattern, **common)
    definition.setHelp(_destination_help(output))
    return definition


def _destination_help(output: Output) -> str:
    kept = tr("It is in the workspace; a file given here is a copy.")
    return f"{tr(output.help)} {kept}" if output.help else kept
