"""Where the engine is missing: says so, and installs it at the press of one button."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication, QgsTask
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ..processing_provider.interpreter import INSTALL, what_is_missing, what_is_out_of_date
from ..processing_provider.translation import tr
from .running import Run
from .section import Note

LONGEST = 90  # characters


class InstallationNote(QFrame):
    """Hidden where the engine is there and up to date; `installed` comes when it has been installed."""

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
        """Look whether the engine is there; the interpreter is asked in the background."""
        if self._run is None:
            self._task = QgsTask.fromFunction(tr("Looking for the engine"), _what_is_wrong, on_finished=self._on_looked)
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
        """End an installation that is under way; nothing half-made stays."""
        if self._run is not None:
            self._run.cancel()

    def _install_or_cancel(self) -> None:
        if self._run is not None:
            self._run.cancel()
            return
        self._run = Run("installengine", {}, self)
        self._run.progressed.connect(self._on_progress)
        self._run.said.connect(lambda level, text: self.note.say(_in_short(text)))
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
    """What the engine lacks, or why it is out of date; empty where it can run. How to install it is the button's."""
    return (what_is_missing() or what_is_out_of_date()).replace(INSTALL, "").strip()


def _in_short(text: str) -> str:
    """The beginning of a line of pip, which may name a hundred packages."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
