"""The table of classes of the reference: which are used, their names and colours, and which become others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Optional

from qgis.gui import QgsColorButton
from qgis.PyQt.QtCore import QPoint, QSize, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QColor, QResizeEvent, QShowEvent
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from ..processing_provider.translation import tr
from .class_choices import ClassChoices
from .section import as_tooltip

USED, COLOUR, NAME, ID, POLYGONS, HECTARES = range(6)
MOST_ROWS = 12  # in sight; more scroll
ROW_MARGIN, HEADER_MARGIN = 10, 24  # pixels
LEAST_NAME = 10  # characters


class ClassTable(QTableWidget):
    """One row for each class of `checkreference`; `changed` is emitted when the user edits one."""

    changed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(0, 6, parent)
        self.setHorizontalHeaderLabels([tr("Used"), "", tr("Class"), tr("Id"), tr("Polygons"), tr("ha")])
        self.verticalHeader().setVisible(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self._open_menu(self.rowAt(at.y()), at))
        self._merges: dict[int, int] = {}
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(24)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.itemChanged.connect(lambda item: self.changed.emit() if item.column() in (USED, NAME) else None)

    def sizeHint(self) -> QSize:
        """As high as its rows, of which the most are scrolled."""
        rows = sum(self.rowHeight(row) for row in range(min(self.rowCount(), MOST_ROWS)))
        header = self.horizontalHeader()
        return QSize(200, max(header.sizeHint().height(), header.height()) + rows + 2 * self.frameWidth())

    def minimumSizeHint(self) -> QSize:
        """The same height: nothing of it is hidden by what stands below."""
        return QSize(50, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns."""
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        """Fit to what a style makes of the text, which is known after it is shown."""
        super().showEvent(event)
        QTimer.singleShot(0, self._fit)

    def _fit(self) -> None:
        """Rows as high as the text, and no columns for which there is no room beside the names; Qt would cut these."""
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + ROW_MARGIN)
        header = self.horizontalHeader()
        free = self.viewport().width() - LEAST_NAME * self.fontMetrics().averageCharWidth()
        for column in (USED, COLOUR, ID, POLYGONS, HECTARES):
            title = header.fontMetrics().horizontalAdvance(self.horizontalHeaderItem(column).text()) + HEADER_MARGIN
            free -= max(self.sizeHintForColumn(column), header.sectionSizeHint(column), title)
            self.setColumnHidden(column, free < 0)
        is_whole = self.rowCount() <= MOST_ROWS
        policies = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(policies.ScrollBarAlwaysOff if is_whole else policies.ScrollBarAsNeeded)
        self.updateGeometry()

    def show_classes(self, classes: Sequence[Mapping[str, Any]], chosen: ClassChoices) -> None:
        """Show these classes with what is chosen for them; those with skipped ids are unchecked."""
        self.blockSignals(True)
        self._merges = dict(chosen.merges)
        self.setRowCount(len(classes))
        for row, entry in enumerate(classes):
            used = QTableWidgetItem()
            used.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            is_used = entry["id"] not in chosen.skipped
            used.setCheckState(Qt.CheckState.Checked if is_used else Qt.CheckState.Unchecked)
            used.setToolTip(tr("Polygons of unused classes are treated as unknown"))
            used.setData(Qt.ItemDataRole.UserRole, int(entry["id"]))
            self.setItem(row, USED, used)
            self.setCellWidget(row, COLOUR, self._colour_button(entry, chosen.colours))
            hectares = "–" if entry["hectares"] is None else f"{entry['hectares']:,.1f}"
            becomes = chosen.merges.get(entry["id"])
            self._put(row, NAME, chosen.names.get(entry["id"], entry["name"]))
            self._put(row, ID, str(entry["id"]) if becomes is None else f"{entry['id']} → {becomes}")
            self._put(row, POLYGONS, str(entry["polygons"]))
            self._put(row, HECTARES, hectares)
            name = self.item(row, NAME)
            name.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsEditable)
            name.setData(Qt.ItemDataRole.UserRole, entry["name"])
        self.blockSignals(False)
        self._fit()

    @property
    def choices(self) -> ClassChoices:
        """What the table says."""
        return ClassChoices(self.names, self.colours, self._merges, tuple(self.skipped))

    @property
    def names(self) -> dict[int, str]:
        """Names by class id; an empty one is the former."""
        items = {self._id(row): self.item(row, NAME) for row in range(self.rowCount())}
        return {id_: item.text().strip() or item.data(Qt.ItemDataRole.UserRole) for id_, item in items.items()}

    def merge(self, id_: int, other: Optional[int]) -> None:
        """Make a class a part of another one, and with it what was a part of it; None: a class of its own again."""
        self._merges.pop(id_, None)
        if other is not None:
            self._merges |= dict.fromkeys((id_, *(own for own, to in self._merges.items() if to == id_)), other)
        self.changed.emit()

    def menu(self, row: int) -> QMenu:
        """What can be done with the class of a row."""
        id_, menu = self._id(row), QMenu(self)
        rename = menu.addAction(tr("Rename"))
        rename.triggered.connect(lambda: self.editItem(self.item(row, NAME)))
        into = menu.addMenu(tr("Merge into"))
        for other, name in self.names.items():
            if other != id_ and other not in self._merges:
                into.addAction(name.replace("&", "&&")).triggered.connect(partial(self._merge_into, id_, other))
        if id_ in self._merges:
            menu.addAction(tr("A class of its own")).triggered.connect(lambda: self.merge(id_, None))
        return menu

    def _merge_into(self, id_: int, other: int, _: bool = False) -> None:
        self.merge(id_, other)

    def _open_menu(self, row: int, at: QPoint) -> None:
        if row >= 0:
            self.menu(row).popup(self.viewport().mapToGlobal(at))

    def _id(self, row: int) -> int:
        return int(self.item(row, USED).data(Qt.ItemDataRole.UserRole))

    @property
    def skipped(self) -> list[int]:
        """Ids of the unused classes."""
        items = [self.item(row, USED) for row in range(self.rowCount())]
        return [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Unchecked]

    @property
    def colours(self) -> dict[int, str]:
        """Colours by class id, as #rrggbb."""
        return {self._id(row): self.cellWidget(row, COLOUR).color().name() for row in range(self.rowCount())}

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
