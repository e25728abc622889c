"""The messages of a run as signals, for widgets that show more than a log and a progress bar."""

from __future__ import annotations

from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import pyqtSignal


class RunFeedback(QgsProcessingFeedback):
    """Emits every message of the engine (see core/__main__.py) and every line of the log, from the run's own thread."""

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
        """The title of a step, which `message` emits with more detail."""
