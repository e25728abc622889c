"""The acquisitions of the period: a strip, a table, which are used, and what one looks like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QPixmap
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..processing_provider.translation import tr
from .scene_strip import Scene, SceneStrip

THRESHOLDS = (10, 20, 40, 60)  # percent of cloud cover
ROWS = 5  # of the table, in sight
NUMBER = Qt.ItemDataRole.UserRole


class SceneList(QWidget):
    """`chosen` gives the number of an acquisition that is looked at, `skipped` the names of those that are left out."""

    chosen = pyqtSignal(int)
    skipped = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._scenes: Sequence[Scene] = ()
        self._skipped: frozenset[str] = frozenset()
        self._is_showing = False
        self.strip = SceneStrip(self)
        self.strip.chosen.connect(self._on_chosen)
        self.strip.toggled.connect(self._toggle)
        self.table = _Table()
        self.table.itemChanged.connect(self._on_item)
        self.table.currentCellChanged.connect(self._on_row)
        self.leave_out = QToolButton()
        self.leave_out.setText(tr("Leave out"))
        self.leave_out.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.leave_out.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.leave_out.setMenu(self._menu())
        self.use = QCheckBox(tr("Use this scene"))
        self.use.clicked.connect(lambda _: self._toggle(self.strip.current))
        self.details = _plain_label()
        self.details.setWordWrap(True)
        self.details.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.picture = _plain_label()  # it also shows errors
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout()
        row.addWidget(self.use, 1)
        row.addWidget(self.leave_out)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.strip)
        column.addWidget(self.table)
        column.addLayout(row)
        column.addWidget(self.details)
        column.addWidget(self.picture)

    def show_scenes(self, scenes: Sequence[Scene], skipped: frozenset[str]) -> None:
        """Show these acquisitions, of which some are left out."""
        is_new = [scene.name for scene in scenes] != [scene.name for scene in self._scenes]
        self._scenes, self._skipped = scenes, skipped
        self.setVisible(bool(scenes))
        self.strip.show_scenes(scenes, skipped)
        self._is_showing = True
        self.table.show_scenes(scenes, skipped, is_new)
        self._is_showing = False
        number = self.strip.current
        self.use.setEnabled(number >= 0)
        for widget in (self.details, self.picture):
            widget.setVisible(number >= 0)
        self.use.setChecked(number >= 0 and scenes[number].name not in skipped)

    def say(self, details: str, picture: Optional[QPixmap] = None, text: str = "") -> None:
        """Show what is known of the current acquisition: its facts, and its picture or a text."""
        self.details.setText(details)
        if picture is not None:
            self.picture.setPixmap(picture)
        else:
            self.picture.setText(text)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for percent in THRESHOLDS:
            text = tr("All with more than {} % cloud").format(percent)
            menu.addAction(text, lambda percent=percent: self.skipped.emit(cloudier_than(self._scenes, percent)))
        text = tr("All but the clearest of each month")
        menu.addAction(text, lambda: self.skipped.emit(not_the_clearest_of_a_month(self._scenes)))
        menu.addAction(tr("None"), lambda: self.skipped.emit(frozenset()))
        menu.aboutToShow.connect(self._enable)
        return menu

    def _enable(self) -> None:
        is_known = any(scene.cloud_cover is not None for scene in self._scenes)
        for action in self.leave_out.menu().actions()[:-1]:
            action.setEnabled(is_known)

    def _toggle(self, number: int) -> None:
        self.skipped.emit(self._skipped ^ {self._scenes[number].name})

    def _on_chosen(self, number: int) -> None:
        self._is_showing = True
        self.table.select(number)
        self._is_showing = False
        self.chosen.emit(number)

    def _on_row(self, row: int, *_: Any) -> None:
        if not self._is_showing and row >= 0:
            self.strip.choose(self.table.number(row))

    def _on_item(self, item: QTableWidgetItem) -> None:
        if not self._is_showing and item.column() == 0:
            self._toggle(item.data(NUMBER))


class _Table(QTableWidget):
    """One row for each acquisition; the box says whether it is used, a click on a title sorts."""

    def __init__(self) -> None:
        super().__init__(0, 3)
        self.setHorizontalHeaderLabels([tr("Date"), tr("Cloud %"), tr("Area %")])
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFixedHeight((ROWS + 1) * (self.fontMetrics().height() + 8))

    def show_scenes(self, scenes: Sequence[Scene], skipped: frozenset[str], is_new: bool) -> None:
        """Show these acquisitions, in the order that the user has chosen."""
        if is_new:
            self._fill(scenes)
        for row in range(self.rowCount()):
            is_used = scenes[self.number(row)].name not in skipped
            self.item(row, 0).setCheckState(Qt.CheckState.Checked if is_used else Qt.CheckState.Unchecked)

    def number(self, row: int) -> int:
        """The number of the acquisition in a row."""
        return int(self.item(row, 0).data(NUMBER))

    def select(self, number: int) -> None:
        """Select the row of an acquisition."""
        self.setCurrentCell(next(row for row in range(self.rowCount()) if self.number(row) == number), 0)

    def _fill(self, scenes: Sequence[Scene]) -> None:
        self.setSortingEnabled(False)
        self.setRowCount(len(scenes))
        for number, scene in enumerate(scenes):
            date = QTableWidgetItem(f"{scene.time:%Y-%m-%d}")
            date.setToolTip(f"{scene.time:%Y-%m-%d %H:%M}")
            date.setData(NUMBER, number)
            self.setItem(number, 0, date)
            for column, value in enumerate((scene.cloud_cover, scene.coverage), start=1):
                cell = QTableWidgetItem()
                cell.setData(Qt.ItemDataRole.DisplayRole, "" if value is None else round(value))
                self.setItem(number, column, cell)
        self.setColumnHidden(1, all(scene.cloud_cover is None for scene in scenes))
        self.setSortingEnabled(True)
        self.sortItems(0)


def cloudier_than(scenes: Sequence[Scene], percent: float) -> frozenset[str]:
    """The names of the acquisitions with more cloud; those with an unknown cover are not among them."""
    return frozenset(own.name for own in scenes if own.cloud_cover is not None and own.cloud_cover > percent)


def not_the_clearest_of_a_month(scenes: Sequence[Scene]) -> frozenset[str]:
    """The names of all acquisitions but that of each month which shows most of the area without cloud."""
    clearest: dict[tuple[int, int], Scene] = {}
    for own in scenes:
        month = (own.time.year, own.time.month)
        if month not in clearest or _clear(own) > _clear(clearest[month]):
            clearest[month] = own
    return frozenset({own.name for own in scenes} - {own.name for own in clearest.values()})


def _clear(scene: Scene) -> float:
    """The part of the area that is seen without cloud, in percent; an unknown cloud cover is a whole one."""
    cloud = 100.0 if scene.cloud_cover is None else scene.cloud_cover
    return (100.0 - cloud) * (100.0 if scene.coverage is None else scene.coverage) / 100.0


def _plain_label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
