"""The table of classes of the reference: which are used, and their colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from qgis.gui import QgsColorButton
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from ..processing_provider.translation import tr
from .section import as_tooltip

USED, COLOUR, NAME, ID, POLYGONS, HECTARES = range(6)
MOST_ROWS = 12  # in sight; more scroll


class ClassTable(QTableWidget):
    """One row for each class of `checkreference`; `changed` is emitted when the user edits one."""

    changed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(0, 6, parent)
        self.setHorizontalHeaderLabels([tr("Used"), "", tr("Class"), tr("Id"), tr("Polygons"), tr("ha")])
        self.verticalHeader().setVisible(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(24)
        self.itemChanged.connect(lambda item: self.changed.emit() if item.column() == USED else None)

    def show_classes(self, classes: Sequence[Mapping[str, Any]], skipped: set[int], colours: Mapping[int, str]) -> None:
        """Show these classes; those with skipped ids are unchecked."""
        self.blockSignals(True)
        self.setRowCount(len(classes))
        for row, entry in enumerate(classes):
            used = QTableWidgetItem()
            used.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            is_used = entry["id"] not in skipped
            used.setCheckState(Qt.CheckState.Checked if is_used else Qt.CheckState.Unchecked)
            used.setToolTip(tr("Polygons of unused classes are treated as unknown"))
            used.setData(Qt.ItemDataRole.UserRole, int(entry["id"]))
            self.setItem(row, USED, used)
            self.setCellWidget(row, COLOUR, self._colour_button(entry, colours))
            hectares = "–" if entry["hectares"] is None else f"{entry['hectares']:,.1f}"
            for column, text in ((NAME, entry["name"]), (ID, entry["id"]), (POLYGONS, entry["polygons"])):
                self._put(row, column, str(text))
            self._put(row, HECTARES, hectares)
        self.blockSignals(False)
        rows = min(len(classes), MOST_ROWS)
        height = self.horizontalHeader().sizeHint().height() + sum(self.rowHeight(row) for row in range(rows)) + 4
        self.setFixedHeight(height)

    @property
    def skipped(self) -> list[int]:
        """Ids of the unused classes."""
        items = [self.item(row, USED) for row in range(self.rowCount())]
        return [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Unchecked]

    @property
    def colours(self) -> dict[int, str]:
        """Colours by class id, as #rrggbb."""
        return {
            self.item(row, USED).data(Qt.ItemDataRole.UserRole): self.cellWidget(row, COLOUR).color().name()
            for row in range(self.rowCount())
        }

    def _colour_button(self, entry: Mapping[str, Any], colours: Mapping[int, str]) -> QgsColorButton:
        button = QgsColorButton(self)
        button.setColor(QColor(colours.get(entry["id"], entry["colour"])))
        button.setShowMenu(False)
        button.setFixedWidth(26)
        button.setToolTip(as_tooltip(tr("Colour of {}").format(entry["name"])))
        button.colorChanged.connect(lambda _: self.changed.emit())
        return button

    def _put(self, row: int, column: int, text: str) -> None:
        item = QTableWidgetItem(text)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setToolTip(as_tooltip(text))
        if column != NAME:
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setItem(row, column, item)
