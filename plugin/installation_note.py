"""The note that the engine is missing, with a button that installs it."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication, QgsTask
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..processing_provider.interpreter import what_is_missing, what_is_out_of_date
from ..processing_provider.translation import tr
from .running import Run
from .section import Note

LONGEST = 90  # characters


class InstallationNote(QFrame):
    """Hidden if the engine is installed and up to date; `installed` is emitted after an installation."""

    installed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._run: Optional[Run] = None
        self._task: Optional[QgsTask] = None
        self.note = Note(self)
        self.button = QPushButton()
        self.button.setObjectName("install-engine")
        self.button.clicked.connect(self._install_or_cancel)
        self.bar = QProgressBar()
        column = QVBoxLayout(self)
        for widget in (self.note, self.button, self.bar):
            column.addWidget(widget)
        self.setVisible(False)

    def look(self) -> None:
        """Check the engine in the background."""
        if self._run is None:
            self._task = QgsTask.fromFunction(tr("Checking the engine"), _what_is_wrong, on_finished=self._on_looked)
            QgsApplication.taskManager().addTask(self._task)

    def _on_looked(self, error: Optional[Exception], missing: Optional[str] = None) -> None:
        if self._run is not None:
            return
        wrong = str(error) if error else missing or ""
        self.setVisible(bool(wrong))
        self.bar.setVisible(False)
        self.button.setText(tr("Install the engine"))
        self.note.say(wrong, "warning")

    def stop(self) -> None:
        """Cancel a running installation; nothing incomplete remains."""
        if self._run is not None:
            self._run.cancel()

    def _install_or_cancel(self) -> None:
        if self._run is not None:
            self._run.cancel()
            return
        self._run = Run("installengine", {}, self)
        self._run.progressed.connect(self._on_progress)
        self._run.logged.connect(lambda level, text: self.note.say(_in_short(text)))
        self._run.ended.connect(self._on_ended)
        self.bar.setVisible(True)
        self.bar.setRange(0, 0)
        self.button.setText(tr("Cancel"))

    def _on_progress(self, percent: float) -> None:
        self.bar.setRange(0, 100)
        self.bar.setValue(round(percent))

    def _on_ended(self, succeeded: bool, results: dict[str, Any]) -> None:
        run, self._run = self._run, None
        if succeeded:
            self.look()
            self.installed.emit()
            return
        errors = run.errors if run is not None else []
        self._on_looked(None, "\n".join(errors) or tr("The installation was cancelled. Nothing was changed."))


def _what_is_wrong(task: QgsTask) -> str:
    """Why the engine cannot run or is out of date; empty if it can run. The button is the advice."""
    return (what_is_missing() or what_is_out_of_date()).text


def _in_short(text: str) -> str:
    """The beginning of a line of pip, which may list a hundred packages."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
