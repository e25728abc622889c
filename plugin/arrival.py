"""Adds the layers of a finished run to the project one at a time, so that the window does not freeze."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..processing_provider import layers

PAUSE_MS = 10


class Arrival(QObject):
    """Adds the layers of one workspace; `arrived` is emitted when all are added."""

    arrived = pyqtSignal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._group: layers.QgsLayerTreeGroup | None = None
        self._is_new = False  # else the user may have folded it
        self._waiting: list[layers.RunLayer] = []
        self._timer = QTimer(self)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._add_next)

    def show(self, workspace: Path) -> None:
        """Start adding; layers of an earlier run in the workspace are read again."""
        project = QgsProject.instance()
        self._group = layers.run_group(project, workspace, layers.group_title(workspace))
        self._is_new = not self._group.children()
        self._waiting = layers.layers_of(workspace)
        layers.remove_others(project, self._group, self._waiting)
        self._timer.start()

    def stop(self) -> None:
        """Stop adding layers: the project is closed."""
        self._timer.stop()
        self._waiting = []
        self._group = None

    def _add_next(self) -> None:
        if self._group is not None and self._waiting:
            layers.show_layer(QgsProject.instance(), self._group, self._waiting.pop(0))
            return
        self._timer.stop()
        if self._group is not None and self._is_new:
            self._group.setExpanded(False)  # what the tree shows of an empty group
            self._group.setExpanded(True)
        self.arrived.emit()
