"""The dialog's widget for a choice: the words of the dock, where QGIS would show the values.

Only QGIS imports this module, when a dialog opens: it needs the Processing plugin.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.core import QgsProcessingContext, QgsProcessingParameterDefinition
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from .qgis_widgets import qgis_wrapper


class ChoiceWidget:
    """The widget wrapper of a parameter: own widget in the dialog, QGIS's in the modeler and in batches."""

    def __new__(
        cls,
        parameter: QgsProcessingParameterDefinition,
        dialog: Any,
        row: int = 0,
        col: int = 0,
        labels: Sequence[str] = (),
    ) -> Any:
        """The wrapper for the kind of dialog."""
        return qgis_wrapper(parameter, dialog) or _ChoiceWrapper(parameter, dialog, row, col, labels=labels)


class _ChoiceWrapper(WidgetWrapper):
    """A list of labels, each of which stands for a value."""

    def createWidget(self, labels: Sequence[str] = ()) -> QWidget:
        """Create the list."""
        self._list = QComboBox()
        for label, value in zip(labels, self.parameterDefinition().options()):
            self._list.addItem(label, value)
        self._list.currentIndexChanged.connect(lambda _: self.widgetValueHasChanged.emit(self))
        return self._list

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        """Show a value."""
        self._list.setCurrentIndex(self._list.findData(value))

    def value(self) -> Any:
        """The value that is shown."""
        return self._list.currentData()
