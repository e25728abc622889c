"""The Processing algorithm of an operation, from the operation's declaration."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameters,
    QgsProject,
)
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QIcon

from ..core import parameters as kinds
from ..core.errors import ParameterError
from ..core.parameters import Declared, Operation, declared
from ..core.vocabulary.plurals import listed
from . import accounts, bindings, outputs, places
from .bindings import QgisValues
from .translation import tr
from .vector_inputs import has_several_layers

HELP = Path(__file__).resolve().parents[1] / "resources" / "help" / "operations.html"


class OperationAlgorithm(QgsProcessingAlgorithm):
    """An operation of the engine, run in a child process."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self._operation = operation
        self._values: dict[str, Any] = {}
        self._secrets: dict[str, str] = {}

    def createInstance(self) -> OperationAlgorithm:
        """A new instance of the same operation."""
        return OperationAlgorithm(self._operation)

    def initAlgorithm(self, configuration: Mapping[str, Any] = {}) -> None:
        """Declare parameters and outputs."""
        for parameter in declared(self._operation.parameters):
            self.addParameter(bindings.define(parameter))
        for definition in outputs.destination_parameters(self._operation):
            self.addParameter(definition)
        for result in outputs.plain_results(self._operation):
            self.addOutput(result)

    # Names and help

    def name(self) -> str:
        """The permanent name."""
        return self._operation.name

    def displayName(self) -> str:
        """The display name."""
        return tr(self._operation.label)

    def group(self) -> str:
        """The group; its digit sorts the groups by workflow."""
        return tr(self._operation.group)

    def groupId(self) -> str:
        """The group's id."""
        return group_id(self._operation.group)

    def tags(self) -> list[str]:
        """Search tags."""
        return [tr(tag) for tag in self._operation.tags]

    def icon(self) -> QIcon:
        """The provider's icon."""
        return self.provider().icon() if self.provider() else QIcon()

    def svgIconPath(self) -> str:
        """The file of the provider's icon."""
        return self.provider().svgIconPath() if self.provider() else ""

    def shortDescription(self) -> str:
        """The summary of the operation."""
        return tr(self._operation.summary)

    def shortHelpString(self) -> str:
        """Summary, parameters and outputs, one paragraph each, as HTML.

        For qgis_process, which shows it as it is and lists parameters and outputs itself, the summary alone.
        """
        if QgsApplication.platform() == "qgis_process":
            return self.shortDescription()
        return "\n".join([tr(self._operation.summary), *self._parameter_help(), *self._output_help()])

    def helpUrl(self) -> str:
        """The section of the help page that comes with the plugin."""
        return help_url(self._operation.name)

    def _parameter_help(self) -> list[str]:
        asked = [parameter.kind for parameter in declared(self._operation.parameters)]
        heading = [f"<b>{tr('Parameters')}</b>"] if asked else []
        return [*heading, *(_paragraph(kind.label, bindings.help_of(kind)) for kind in asked)]

    def _output_help(self) -> list[str]:
        given = [output.kind for output in declared(self._operation.results)]
        return [f"<b>{tr('Outputs')}</b>", *(_paragraph(output.label, output.help) for output in given)]

    # Before a run

    def canExecute(self) -> tuple[bool, str]:
        """Whether the engine can run, and if not, why and what to do."""
        from .interpreter import what_is_missing  # only needed for a run: QGIS starts faster without it

        missing = what_is_missing()
        return not missing, str(missing)

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        """Check the values before a run."""
        parameters = self._in_qgis_form(parameters, context)
        ok, message = super().checkParameterValues(parameters, context)
        if not ok:
            return ok, "\n".join(self._wrong_choices(parameters)) or message
        given = QgisValues(parameters, context, QgsProcessingFeedback(), exports_layers=False)
        values = self._engine_values(given)
        try:
            faults = self._operation.parameters.from_values(values).faults()
        except ParameterError as error:
            return False, str(error)
        wrong = [
            *faults,
            *self._wrong_paths(values),
            *self._wrong_fields(values, given),
            *self._wrong_account(parameters),
            *outputs.wrong_destinations(self.destinationParameterDefinitions(), parameters, context),
        ]
        return not wrong, "\n".join(wrong)

    def _wrong_choices(self, parameters: Mapping[str, Any]) -> list[str]:
        """Of each value that is none of the allowed ones, what is allowed; QGIS says only that it is wrong."""
        wrong = []
        for parameter in declared(self._operation.parameters):
            value = parameters.get(parameter.name.upper())
            if isinstance(parameter.kind, kinds.Choice) and isinstance(value, str) and value:
                try:
                    parameter.kind.read(value)
                except ValueError as error:
                    wrong.append(f"{tr(parameter.kind.label)} ({parameter.name.upper()}): {error}.")
        return wrong

    def _wrong_paths(self, values: Mapping[str, Any]) -> list[str]:
        wrong = []
        for parameter in declared(self._operation.parameters):
            path = values.get(parameter.name)
            what = f"{tr(parameter.kind.label)} ({parameter.name.upper()})"
            if path is None:
                continue
            if isinstance(parameter.kind, kinds.Folder) and parameter.kind.may_be_new:
                if os.path.exists(path) and not os.path.isdir(path):
                    wrong.append(tr("{}: {} is a file. Choose a folder.").format(what, path))
            elif isinstance(parameter.kind, kinds.Folder) and not os.path.isdir(path):
                wrong.append(tr("{}: there is no folder {}.").format(what, path))
            elif isinstance(parameter.kind, kinds.File) and not os.path.isfile(path):
                wrong.append(tr("{}: there is no file {}.").format(what, path))
        return wrong

    def _wrong_fields(self, values: Mapping[str, Any], given: QgisValues) -> list[str]:
        wrong = []
        for parameter in declared(self._operation.parameters):
            field = values.get(parameter.name)
            if field is None or not isinstance(parameter.kind, kinds.FieldName):
                continue
            name = parameter.kind.of.upper()
            if has_several_layers(given.values.get(name), given.context):
                continue
            layer = self.parameterDefinition(name)
            source = QgsProcessingParameters.parameterAsSource(layer, dict(given.values), given.context)
            if source is not None and source.fields().lookupField(field) < 0:
                what = f"{tr(parameter.kind.label)} ({parameter.name.upper()})"
                names = listed(source.fields().names(), tr("no fields"))
                wrong.append(tr("{}: the layer has no field {}. It has {}.").format(what, field, names))
        return wrong

    # The run

    def prepareAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Convert the values to JSON values and files, in the thread that owns the layers."""
        parameters = self._in_qgis_form(parameters, context)
        self._values = self._engine_values(QgisValues(parameters, context, feedback))
        self._secrets = self._account_of(parameters)
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the engine; returns the outputs by name, none if cancelled."""
        from . import engine
        from .released import released

        destinations = outputs.Destinations(self.destinationParameterDefinitions(), parameters, context)
        values = {**self._values, **destinations.files}
        in_worker = self._operation.in_worker
        written = outputs.written_to(self._operation, values)
        with released(context.project() or QgsProject.instance(), written):
            results = engine.run(self._operation.name, values, feedback, self._secrets, in_worker=in_worker)
        if results is None:
            return {}
        if "workspace" in self._values:
            results.setdefault("WORKSPACE", self._values["workspace"])
        destinations.show(results, context)
        return results

    def _account_of(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """The environment with the account, empty if none is chosen; QgsProcessingException if it cannot be used."""
        for parameter in declared(self._operation.parameters):
            configuration = parameters.get(parameter.name.upper())
            if isinstance(parameter.kind, kinds.Account) and configuration:
                return accounts.secrets_of(configuration)
        return {}

    def _wrong_account(self, parameters: Mapping[str, Any]) -> list[str]:
        try:
            self._account_of(parameters)
        except QgsProcessingException as error:
            return [str(error)]
        return []

    def _in_qgis_form(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> dict[str, Any]:
        drawn = [p for p in declared(self._operation.parameters) if isinstance(p.kind, (kinds.Area, kinds.Place))]
        names = {parameter.name.upper() for parameter in drawn}
        return {
            name: places.in_qgis_form(value, context) if name in names else value for name, value in parameters.items()
        }

    def _engine_values(self, given: QgisValues) -> dict[str, Any]:
        values = {
            parameter.name: self._engine_value(parameter, given) for parameter in declared(self._operation.parameters)
        }
        return {name: value for name, value in values.items() if value is not None}

    def _engine_value(self, parameter: Declared, given: QgisValues) -> Any:
        return bindings.engine_value(parameter, self.parameterDefinition(parameter.name.upper()), given)


def group_id(group: str) -> str:
    """The id of a group of the toolbox: the letters of its name."""
    return re.sub(r"[^a-z]", "", group.lower())


def help_url(name: str) -> str:
    """The address of an algorithm's section in the help page."""
    address = QUrl.fromLocalFile(str(HELP))
    address.setFragment(name)
    return address.toString(QUrl.ComponentFormattingOption.FullyEncoded)


def _paragraph(label: str, text: str) -> str:
    plain = escape(tr(text), quote=False)
    return f"<i>{tr(label)}</i>: {plain}" if plain else f"<i>{tr(label)}</i>"
