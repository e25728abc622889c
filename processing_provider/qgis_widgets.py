"""QGIS's own widgets for parameters that have one of ours in the dialog. QGIS imports it when a dialog opens."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import dialogTypes
from qgis.core import QgsProcessingParameterDefinition
from qgis.gui import QgsGui, QgsProcessingGui


def qgis_wrapper(parameter: QgsProcessingParameterDefinition, dialog: Any) -> Any:
    """QGIS's wrapper of a parameter in the modeler and in batches; None in the dialog of one run."""
    registry = QgsGui.processingGuiRegistry()
    kind = dialog.__class__.__name__
    if kind == "ModelerParametersDialog":
        wrapper = registry.createModelerParameterWidget(dialog.model, dialog.childId, parameter, dialog.context)
    elif dialogTypes.get(kind) == QgsProcessingGui.WidgetType.Batch:
        wrapper = registry.createParameterWidgetWrapper(parameter, QgsProcessingGui.WidgetType.Batch)
    else:
        return None
    wrapper.setDialog(dialog)
    return wrapper
