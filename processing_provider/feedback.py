"""The messages of a run as signals, for widgets that show more than a log and a progress bar."""

from __future__ import annotations

from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import pyqtSignal


class RunFeedback(QgsProcessingFeedback):
    """Emits each message of the engine (see core/__main__.py) and each line of the log, in the thread of the run."""

    message = pyqtSignal(dict)
    logged = pyqtSignal(str, str)  # level (info, warning, error) and text

    def __init__(self) -> None:
        super().__init__(False)

    def pushInfo(self, info: str) -> None:
        """A line of the log."""
        self.logged.emit("info", info)

    def pushWarning(self, warning: str) -> None:
        """A warning."""
        self.logged.emit("warning", warning)

    def reportError(self, error: str, fatalError: bool = False) -> None:
        """An error."""
        self.logged.emit("error", error)

    def setProgressText(self, text: str) -> None:
        """Ignore the title of a step: `message` has it too."""
