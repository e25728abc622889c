"""Validation points: label each by imagery, with keys, and assess the map."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsProject
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QColor, QDesktopServices, QHideEvent, QIcon, QKeySequence, QPixmap, QShowEvent
from qgis.PyQt.QtWidgets import QFormLayout, QGridLayout, QPushButton, QShortcut, QSpinBox, QWidget

from ..core.store.paths import WorkspacePaths
from ..processing_provider import layers
from ..processing_provider.translation import tr
from .button_grid import ButtonGrid
from .review import Review
from .series import Series
from .session import Session

_POINTS, _LEAST = 100, 10
_KEYS = 9
_NAME = "%Y%m%dT%H%M%S"  # of an acquisition
_CLEAR = 0.9  # of the valid pixels of the clearest acquisition
CANNOT_TELL = "0"


class PointReview(Review):
    """Validation points of the map, which is hidden meanwhile; labels are stored in their file at once."""

    ALGORITHM, OUTPUT = "drawvalidation", "POINTS"
    TITLE = tr("Validation points")
    FIND = tr("Draw points")
    NOTHING = tr("There is no point.")

    def __init__(self, session: Session, iface: QgisInterface) -> None:
        self.number, self.least = QSpinBox(), QSpinBox()
        super().__init__(session, iface)
        for box, value, low in ((self.number, _POINTS, 2), (self.least, _LEAST, 2)):
            box.setRange(low, 100_000)
            box.setValue(value)
        self._design = QWidget()
        design = QFormLayout(self._design)
        design.setContentsMargins(0, 0, 0, 0)
        design.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        design.addRow(tr("Number of points"), self.number)
        design.addRow(tr("At least in each class"), self.least)
        self.column.insertWidget(0, self._design)
        self.buttons = QGridLayout()
        self.assess = QPushButton(tr("Assess the map"))
        self.assess.clicked.connect(self._assess)
        self.page = QPushButton(tr("Open the page"))
        self.page.setEnabled(False)
        self.answers.addLayout(self.buttons)
        self.answers.addWidget(ButtonGrid((self.assess, self.page)))
        self._page: Optional[Path] = None
        self.page.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._page))))
        self._assessing = self.run_of("assessmap", self._on_assessed)
        self._shortcuts: list[QShortcut] = []
        self.refresh()

    def refresh(self) -> None:
        """Offer to go on with points that there are."""
        has_points = self._file.is_file()
        self.find.setText(tr("Go on labelling") if has_points else self.FIND)
        self._design.setVisible(not has_points)

    def start(self) -> None:
        """Draw points, or show those that there are."""
        if self._file.is_file():
            self.open(self._file)
        else:
            super().start()

    def parameters(self) -> dict[str, Any]:
        """The map of the workspace, and how many points."""
        map_ = str(WorkspacePaths(self._session.workspace).layer("map"))
        return {"MAP": map_, "NUMBER": self.number.value(), "MINIMUM_PER_CLASS": self.least.value()}

    def open(self, file: Path) -> None:
        """Show the points and a clear scene, without the map."""
        scene = clear_scene(self._session.workspace)
        if scene:
            layers.show_imagery(QgsProject.instance(), self._session.workspace, scene)
        self._offer_classes()
        super().open(file)
        self.refresh()

    def first(self) -> int:
        """The first point without a label."""
        return self._next_open(0)

    def words(self) -> str:
        """The label, and how many points have one."""
        feature = self.current
        labelled = sum(self._is_labelled(number) for number in range(len(self._features)))
        names = {entry["id"]: entry["name"] for entry in layers.classes_of(self._session.workspace)}
        label = tr("cannot tell") if feature["cannot_tell"] else names.get(feature["class"], tr("not labelled"))
        return tr("{} ({} labelled)").format(label, labelled)

    def shown(self, series: Series) -> Series:
        """The year without the class of the map, which must not influence the label."""
        return replace(series, class_name="", curves=())

    def label(self, class_id: int) -> None:
        """Store the class of the current point, 0 for cannot tell, and show the next point without a label."""
        layer, feature = self.layer, self.current
        if layer is None or feature is None:
            return
        for name, value in (("class", class_id), ("cannot_tell", not class_id)):
            field = layer.fields().lookupField(name)
            feature.setAttribute(field, value)
            if layer.isEditable():
                layer.changeAttributeValue(feature.id(), field, value)
            elif not layer.dataProvider().changeAttributeValues({feature.id(): {field: value}}):
                self.note.say(tr("The label cannot be stored in {}.").format(layer.source()), "error")
                return
        self.show_place(self._next_open(self._number + 1))

    def showEvent(self, event: QShowEvent) -> None:
        """The keys label while the points are shown."""
        super().showEvent(event)
        for shortcut in self._shortcuts:
            shortcut.setEnabled(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Elsewhere the keys are free."""
        super().hideEvent(event)
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)

    @property
    def _file(self) -> Path:
        map_ = WorkspacePaths(self._session.workspace).layer("map")
        return map_.with_name(f"{map_.stem}_validation.gpkg")

    def _is_labelled(self, number: int) -> bool:
        feature = self._features[number]
        return bool(feature["class"] or feature["cannot_tell"])

    def _next_open(self, start: int) -> int:
        """The next point without a label, round the end; the given one if all have one."""
        count = len(self._features)
        places = [(start + more) % count for more in range(count)]
        return next((place for place in places if not self._is_labelled(place)), start % count)

    def _offer_classes(self) -> None:
        """A button for each class, with its key."""
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
        self._shortcuts = []
        while self.buttons.count():
            self.buttons.takeAt(0).widget().deleteLater()
        entries = layers.classes_of(self._session.workspace)
        offered = [(entry["id"], entry["name"], entry["colour"]) for entry in entries] + [(0, tr("Cannot tell"), "")]
        for number, (id_, name, colour) in enumerate(offered):
            key = CANNOT_TELL if not id_ else str(number + 1) if number < _KEYS else ""
            button = QPushButton(f"{key}  {name}" if key else name)
            if colour:
                button.setIcon(_square(colour))
            button.clicked.connect(partial(lambda own, _: self.label(own), id_))
            self.buttons.addWidget(button, number // 2, number % 2)
            if key:
                shortcut = QShortcut(QKeySequence(key), self)
                shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
                shortcut.activated.connect(partial(self.label, id_))
                shortcut.setEnabled(self.isVisible())
                self._shortcuts.append(shortcut)

    def _assess(self) -> None:
        self.note.say(tr("Working…"))
        map_ = str(WorkspacePaths(self._session.workspace).layer("map"))
        self._assessing.ask({"MAP": map_, "VALIDATION_POINTS": str(self._file), "CLASS_FIELD": "class"})

    def _on_assessed(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if not succeeded:
            self.note.say("\n".join(errors), "error")
            return
        self._page = Path(results["REPORT"])
        self.page.setEnabled(True)
        numbers = (results[name] for name in ("ACCURACY", "ACCURACY_LOW", "ACCURACY_HIGH"))
        accuracy, low, high = (float("nan") if number is None else number for number in numbers)
        text = tr("Accuracy of the map {:.0%}, between {:.0%} and {:.0%} (95 % interval). Areas are on the page.")
        if low != low:
            text = tr("Accuracy of the map {:.0%}, interval unknown: label at least two points of each class.")
        self.note.say(text.format(accuracy, low, high), "success")


def clear_scene(workspace: Path) -> str:
    """Of the acquisitions with about the most valid pixels the one nearest to the middle of the period.

    As `<YYYYMMDDTHHMMSS>`; empty if none is known.
    """
    paths = WorkspacePaths(workspace)
    if not (paths.table("ndvi").is_file() and paths.catalogue.is_file()):
        return ""
    items = json.loads(paths.catalogue.read_text(encoding="utf-8"))["acquisitions"]
    coverage = {item["time"]: item["coverage"] or 0.0 for item in items}
    clear = {}
    with paths.table("ndvi").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            time = datetime.fromisoformat(row["time"])
            clear[time] = float(row["valid_fraction"] or 0) * coverage.get(f"{time:{_NAME}}", 0.0)
    if not clear:
        return ""
    middle = min(clear) + (max(clear) - min(clear)) / 2
    chosen = [time for time, part in clear.items() if part >= _CLEAR * max(clear.values())]
    return f"{min(chosen, key=lambda time: abs(time - middle)):{_NAME}}"


def _square(colour: str) -> QIcon:
    picture = QPixmap(12, 12)
    picture.fill(QColor(colour))
    return QIcon(picture)
