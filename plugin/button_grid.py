"""Buttons beside each other while there is room, otherwise below each other."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QGridLayout, QSizePolicy, QWidget

GAP = 4


class ButtonGrid(QWidget):
    """Widgets in columns of the same width: as many as fit, at most `columns`."""

    def __init__(self, widgets: Sequence[QWidget], columns: int = 2) -> None:
        super().__init__()
        self._widgets = widgets
        self._most = self._columns = columns
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        for widget in widgets:
            widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """As narrow as the widest of them."""
        return QSize(self._widest, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange them in as many columns as fit."""
        super().resizeEvent(event)
        fitting = (self.width() + GAP) // max(self._widest + GAP, 1)
        columns = min(max(fitting, 1), self._most)
        if columns != self._columns:
            self._columns = columns
            self._arrange()

    @property
    def _widest(self) -> int:
        return max(widget.minimumSizeHint().width() for widget in self._widgets)

    def _arrange(self) -> None:
        for number, widget in enumerate(self._widgets):
            self._grid.addWidget(widget, number // self._columns, number % self._columns)
        for column in range(self._most):
            self._grid.setColumnStretch(column, int(column < self._columns))
        self.updateGeometry()
