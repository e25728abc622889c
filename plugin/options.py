"""The page "Patchwork" of QGIS's options."""

from __future__ import annotations

import os

from qgis.core import QgsApplication, QgsTask
from qgis.gui import QgsAuthConfigSelect, QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..core.operations.declarations.workspace import ResourceParameters
from ..core.parameters import Number, declared
from ..processing_provider import interpreter, settings
from ..processing_provider.provider import ICON
from ..processing_provider.translation import tr
from .account_list import show_accounts

MOST = 2**31 - 1  # what a spin box can hold
CHARACTERS_OF_PATH = 30
ONLY_BASIC = "proxy"  # what QGIS uses accounts for that are a name and a password, and no others


class OptionsFactory(QgsOptionsWidgetFactory):
    """Creates the page when the options are opened."""

    def __init__(self) -> None:
        super().__init__("Patchwork", QIcon(str(ICON)))

    def icon(self) -> QIcon:
        """The icon in the list of pages."""
        return QIcon(str(ICON))

    def createWidget(self, parent: QWidget) -> QgsOptionsPageWidget:
        """A page with the current settings."""
        return OptionsPage(parent)


class OptionsPage(QgsOptionsPageWidget):
    """Settings for all maps."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.python = QgsFileWidget()
        self.python.lineEdit().setPlaceholderText(tr("QGIS's own"))
        self.python.setFilePath(settings.python())
        self.state = _note(_variable_comes_first())
        self._task = None
        self.test = QPushButton(tr("Test"))
        self.test.clicked.connect(self._start_test)
        self.install = QPushButton(tr("Install engine…"))
        self.install.clicked.connect(self._install)

        self.workspace_folder = QgsFileWidget()
        self.workspace_folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.workspace_folder.setFilePath(settings.workspace_folder())
        kinds = {parameter.name: parameter.kind for parameter in declared(ResourceParameters)}
        self.memory = _number(kinds["memory"], settings.memory(), step=500)
        self.jobs = _number(kinds["jobs"], settings.jobs(), step=1)
        self.jobs.setSpecialValueText(tr("One for each core"))
        self.account = QgsAuthConfigSelect(self, ONLY_BASIC)
        self.account.setConfigId(settings.account())
        show_accounts(self.account, settings.account())
        self.account.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._engine_box())
        layout.addWidget(
            _box(
                tr("Runs"),
                (tr("Folder for new workspaces"), self.workspace_folder),
                (tr(kinds["memory"].label), self.memory),
                (tr(kinds["jobs"].label), self.jobs),
            )
        )
        account = _note(
            tr(
                "Account of Sentinel Hub or the Copernicus Data Space Ecosystem: client id as user name, client secret "
                "as password. QGIS keeps them encrypted."
            )
        )
        layout.addWidget(_box(tr("Account"), ("", self.account), ("", account)))
        layout.addStretch()

    def apply(self) -> None:
        """Save the settings; QGIS calls this on OK."""
        settings.python.set(self.python.filePath().strip())
        settings.workspace_folder.set(self.workspace_folder.filePath().strip())
        settings.memory.set(self.memory.value())
        settings.jobs.set(self.jobs.value())
        settings.account.set(self.account.configId())

    def _engine_box(self) -> QGroupBox:
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.test)
        row.addWidget(self.install)
        row.addStretch()
        return _box(tr("Engine"), (tr("Python interpreter"), self.python), ("", buttons), ("", self.state))

    def _start_test(self) -> None:
        """Test the interpreter of the page in the background."""
        python = self.python.filePath().strip()
        self.test.setEnabled(False)
        self.state.setText(tr("Testing…"))
        self._task = QgsTask.fromFunction(
            tr("Testing the engine"),
            lambda task: interpreter.what_is_missing(python),
            on_finished=self._show_test,
        )
        QgsApplication.taskManager().addTask(self._task)

    def _show_test(self, exception: object, missing: str = "") -> None:
        self.test.setEnabled(True)
        text = str(exception or missing or tr("All required packages are installed."))
        self.state.setText(text)
        self.state.setToolTip(text)

    def _install(self) -> None:
        import processing

        # not execAlgorithmDialog: what is shown before it is modal stays blocked by the options
        processing.createAlgorithmDialog("patchwork:installengine").exec()
        self._start_test()


def _variable_comes_first() -> str:
    chosen = os.environ.get(interpreter.VARIABLE)
    return tr("The environment variable {} takes precedence: {}").format(interpreter.VARIABLE, chosen) if chosen else ""


def _number(kind: Number, value: int, *, step: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(int(kind.minimum), MOST)
    box.setSingleStep(step)
    box.setSuffix(f" {kind.unit}" if kind.unit else "")
    box.setToolTip(tr(kind.help))
    box.setValue(value)
    return box


def _note(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # there are commands to copy
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)  # a long path does not widen the page
    label.setSizePolicy(policy)
    return label


def _box(title: str, *rows: tuple[str, QWidget]) -> QGroupBox:
    box = QGroupBox(title)
    form = QFormLayout(box)
    form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    for label, widget in rows:
        if isinstance(widget, QgsFileWidget):  # wraps below its label on a narrow page
            widget.setMinimumWidth(widget.fontMetrics().averageCharWidth() * CHARACTERS_OF_PATH)
        form.addRow(*([label, widget] if label else [widget]))
    return box
