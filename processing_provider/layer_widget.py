"""The dialog's widget for an area or a place: choose a layer, or draw on the map.

Only QGIS imports this module, when a dialog opens: it needs the Processing plugin.
"""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
)
from qgis.gui import QgsGui, QgsProcessingContextGenerator, QgsProcessingGui, QgsProcessingMapLayerComboBox
from qgis.PyQt.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from .qgis_widgets import qgis_wrapper
from .translation import tr
from .vector_inputs import vector_layer


class LayerOrDrawnWidget:
    """The widget wrapper of a parameter: own widget in the dialog, QGIS's in the modeler and in batches."""

    def __new__(cls, parameter: QgsProcessingParameterDefinition, dialog: Any, row: int = 0, col: int = 0) -> Any:
        """The wrapper for the kind of dialog."""
        return qgis_wrapper(parameter, dialog) or _LayerOrDrawnWrapper(parameter, dialog, row, col)


class _LayerOrDrawnWrapper(WidgetWrapper):
    """A list of layers, and below it QGIS's own widget for extents or points."""

    def createWidget(self) -> QWidget:
        """Create both widgets; a chosen layer disables the lower one."""
        parameter = self.parameterDefinition()
        is_area = isinstance(parameter, QgsProcessingParameterExtent)
        polygons, shapes = QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeVectorAnyGeometry
        types = [polygons] if is_area else [shapes]
        self._source = QgsProcessingParameterFeatureSource(parameter.name(), tr("Layer"), types, None, True)
        self._context = QgsProcessingContext()
        self._layers = QgsProcessingMapLayerComboBox(self._source)
        self._layers.setLayer(None)
        self._drawing = QgsGui.processingGuiRegistry().createParameterWidgetWrapper(
            parameter, QgsProcessingGui.WidgetType.Standard
        )
        self._drawn = self._drawing.createWrappedWidget(self._context)
        self._layers.valueChanged.connect(self._on_layer)
        self._drawing.widgetValueHasChanged.connect(lambda _: self.widgetValueHasChanged.emit(self))
        widget = QWidget()
        layout = QGridLayout(widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setColumnStretch(1, 1)
        layout.addWidget(QLabel(tr("Layer")), 0, 0)
        layout.addWidget(self._layers, 0, 1)
        layout.addWidget(QLabel(tr("or extent") if is_area else tr("or point")), 1, 0)
        layout.addWidget(self._drawn, 1, 1)
        return widget

    def createLabel(self) -> QLabel:
        """QGIS's label of the parameter."""
        return self._drawing.createWrappedLabel()

    def setWidgetContext(self, context: Any) -> None:
        """Pass the map canvas and the project to both widgets."""
        super().setWidgetContext(context)
        self._layers.setWidgetContext(context)
        self._drawing.setWidgetContext(context)

    def setDialog(self, dialog: Any) -> None:
        """Hide the dialog while the user draws."""
        super().setDialog(dialog)
        self._drawing.setDialog(dialog)

    def registerProcessingContextGenerator(self, generator: QgsProcessingContextGenerator) -> None:
        """Pass the context generator to both widgets."""
        super().registerProcessingContextGenerator(generator)
        self._drawing.registerProcessingContextGenerator(generator)

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        """Show a layer, an extent or a point."""
        is_layer = vector_layer(value, context) is not None
        if is_layer:
            self._layers.setValue(value, context)
        else:
            self._layers.findChild(QComboBox).setCurrentIndex(0)  # the empty one; setLayer(None) keeps a file
        self._drawing.setParameterValue(None if is_layer else value, context)
        self._drawn.setEnabled(not is_layer)

    def value(self) -> Any:
        """The layer if one is chosen, otherwise the drawn value."""
        return self._layers.value() or self._drawing.parameterValue()

    def _on_layer(self) -> None:
        self._drawn.setEnabled(not self._layers.value())
        self.widgetValueHasChanged.emit(self)
