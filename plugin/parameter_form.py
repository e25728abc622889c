"""Fields for parameters, with the same widgets as the Processing dialog, beside their labels or below them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterFeatureSource,
    QgsProject,
)
from qgis.gui import (
    QgisInterface,
    QgsGui,
    QgsProcessingContextGenerator,
    QgsProcessingGui,
    QgsProcessingParameterWidgetContext,
)
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from ..core.operations.makemap import MakeMap
from ..core.parameters import Choice, Declared, Names, declared
from ..processing_provider.translation import tr
from .session import PROPOSED, Session

LARGE = 20.0
NARROWEST_FIELD = 24  # characters; in a narrower dock a field stands below its label


class _Contexts(QgsProcessingContextGenerator):
    """Gives widgets a context with the layers of the project."""

    def __init__(self) -> None:
        super().__init__()
        self._context = QgsProcessingContext()
        self._context.setProject(QgsProject.instance())

    def processingContext(self) -> QgsProcessingContext:
        """The context."""
        return self._context


class ParameterForm(QWidget):
    """Fields of parameters of `makemap`, synchronised with the session."""

    def __init__(self, names: Sequence[str], session: Session, iface: QgisInterface, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._is_showing = False
        self._contexts = _Contexts()
        self._algorithm = QgsApplication.processingRegistry().createAlgorithmById("patchwork:makemap")
        self._wrappers = {name: self._wrapper(name, self._algorithm, iface) for name in names}
        self._rows: dict[str, list[QWidget]] = {}
        declarations = {parameter.name.upper(): parameter for parameter in declared(MakeMap)}
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(3)
        layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        character = self.fontMetrics().averageCharWidth()
        for name, wrapper in self._wrappers.items():
            widget = wrapper.createWrappedWidget(self._contexts.processingContext())
            definition = wrapper.parameterDefinition()
            label = QLabel(definition.description())
            label.setBuddy(widget)
            self._rows[name] = [label, widget]
            for part in self._rows[name]:
                part.setToolTip(_help(definition.help()))
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, widget.sizePolicy().verticalPolicy())
            widget.setMinimumWidth(NARROWEST_FIELD * character)
            layout.addRow(label, widget)
            _adapt(widget, declarations[name])
            if isinstance(definition, QgsProcessingParameterFeatureSource):
                _adapt_layer_list(widget, wrapper)
        for wrapper in self._wrappers.values():
            wrapper.postInitialize(list(self._wrappers.values()))
            wrapper.widgetValueHasChanged.connect(self._on_change)
        session.restored.connect(self.show_values)
        session.changed.connect(self._show_value)
        self.show_values()

    def show_only(self, names: Sequence[str]) -> None:
        """Hide all other parameters."""
        for name, widgets in self._rows.items():
            for widget in widgets:
                widget.setVisible(name in names)

    def widget(self, name: str) -> QWidget:
        """The field of a parameter."""
        return self._rows[name][-1]

    def text(self, name: str) -> str:
        """What the list of a choice shows."""
        return str(self.widget(name).currentText())

    def show_values(self) -> None:
        """Show the values of the session."""
        for name in self._wrappers:
            self._show_value(name)

    def _show_value(self, name: str) -> None:
        wrapper = self._wrappers.get(name)
        if wrapper is None:
            return
        value = self._session.get(name)
        if value is None:
            default = wrapper.parameterDefinition().defaultValue()
            value = "" if default == Names.NONE else default  # an empty field is the default
        if wrapper.parameterValue() == value:
            return
        self._is_showing = True  # the signals are needed: fields follow from their layer
        wrapper.setParameterValue(value, self._contexts.processingContext())
        self._is_showing = False

    def _on_change(self, wrapper: Any) -> None:
        if self._is_showing:
            return
        definition = wrapper.parameterDefinition()
        value = wrapper.parameterValue()
        is_default = value == definition.defaultValue() and definition.name() not in PROPOSED
        self._session.set(definition.name(), None if is_default else value)

    def _wrapper(self, name: str, algorithm: QgsProcessingAlgorithm, iface: QgisInterface) -> Any:
        definition = algorithm.parameterDefinition(name)
        wrapper = QgsGui.processingGuiRegistry().createParameterWidgetWrapper(
            definition, QgsProcessingGui.WidgetType.Standard
        )
        context = QgsProcessingParameterWidgetContext()
        context.setProject(QgsProject.instance())
        context.setMapCanvas(iface.mapCanvas())
        context.setMessageBar(iface.messageBar())
        wrapper.setWidgetContext(context)
        wrapper.registerProcessingContextGenerator(self._contexts)
        return wrapper


def _adapt(widget: QWidget, parameter: Declared) -> None:
    """Show labels instead of the values of choices, and large numbers without decimals."""
    if isinstance(widget, QComboBox) and isinstance(parameter.kind, Choice):
        for word, text in parameter.kind.options.items():
            widget.setItemText(widget.findData(word), tr(text))
        widget.setMinimumContentsLength(12)
        widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    if isinstance(widget, QLineEdit) and not parameter.required:
        widget.setPlaceholderText(tr("Default"))
    if isinstance(widget, QDoubleSpinBox) and (parameter.default or 0) >= LARGE:
        widget.setDecimals(0)


def _adapt_layer_list(widget: QWidget, wrapper: Any) -> None:
    """Hide the buttons of the toolbox, and emit changes that QGIS 3.22 does not report after no layer was set."""
    emit = partial(wrapper.widgetValueHasChanged.emit, wrapper)
    for combo in widget.findChildren(QComboBox):
        combo.currentIndexChanged.connect(lambda _: emit())
    for box in widget.findChildren(QCheckBox):
        box.toggled.connect(lambda _: emit())
    for button in widget.findChildren(QToolButton)[:-1]:
        button.hide()  # iterating and filtering are the toolbox's; the last button opens a file


def _help(text: str) -> str:
    """Help as rich text, which tooltips wrap, unlike plain text."""
    return f"<p>{escape(text)}</p>"
