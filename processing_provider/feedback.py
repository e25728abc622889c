"""What a run tells, as signals: for windows that show more of it than a log and a bar."""

from __future__ import annotations

from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import pyqtSignal


class RunFeedback(QgsProcessingFeedback):
    """Emits every message of the engine (see core/__main__.py) and every line of the log, from the run's own thread."""

    told = pyqtSignal(dict)
    said = pyqtSignal(str, str)  # level (info, warning, error) and text

    def __init__(self) -> None:
        super().__init__(False)

    def pushInfo(self, info: str) -> None:
        """A line of the log."""
        self.said.emit("info", info)

    def pushWarning(self, warning: str) -> None:
        """Something to act on."""
        self.said.emit("warning", warning)

    def reportError(self, error: str, fatalError: bool = False) -> None:
        """Why it failed."""
        self.said.emit("error", error)

    def setProgressText(self, text: str) -> None:
        """Which step begins; `told` says it with more."""
