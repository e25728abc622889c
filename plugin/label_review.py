"""Polygons of the reference that look mislabelled: look at each, and decide."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsFeature, QgsProcessingContext, QgsProject, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QPushButton

from ..core.parameters import join_names, split_names
from ..core.store.paths import WorkspacePaths
from ..core.vocabulary.plurals import counted
from ..processing_provider import layers
from ..processing_provider.translation import tr
from ..processing_provider.vector_inputs import vector_layer
from .button_grid import ButtonGrid
from .review import Review
from .session import Session

LEFT_OUT = "0"


class LabelReview(Review):
    """Suspicious polygons; decisions are kept as CORRECTIONS, the reference layer stays as it is.

    `again` is emitted to make the map again with them.
    """

    again = pyqtSignal()
    ALGORITHM, OUTPUT = "checklabels", "SUSPECTS"
    TITLE = tr("Suspicious polygons")
    FIND = tr("Check labels")
    NOTHING = tr("No polygon looks like another class.")

    def __init__(self, session: Session, iface: QgisInterface) -> None:
        self.other = QComboBox()
        self.right, self.change, self.leave_out, self.undo, self.train, self.write = (
            QPushButton(text)
            for text in (
                tr("Label is right"),
                tr("Change to"),
                tr("Leave out"),
                tr("Undo"),
                tr("Train again"),
                tr("Write to the layer…"),
            )
        )
        super().__init__(session, iface)
        self._decided: list[str] = []  # polygons in the order of the decisions here, for undo
        self._before: Optional[tempfile.TemporaryDirectory] = None
        self._comparing = self.run_of("comparemaps", self._on_compared)
        self.right.clicked.connect(lambda: self.decide(str(self.current["class"])))
        self.change.clicked.connect(lambda: self.decide(str(self.other.currentData())))
        self.leave_out.clicked.connect(lambda: self.decide(LEFT_OUT))
        self.undo.clicked.connect(self.take_back)
        self.train.clicked.connect(self._train)
        self.write.clicked.connect(self.write_to_layer)
        answers = (self.change, self.other, self.right, self.leave_out, self.undo, self.train)
        self.answers.addWidget(ButtonGrid(answers))
        self.answers.addWidget(self.write)
        session.changed.connect(lambda name: self._refresh() if name == "CORRECTIONS" else None)
        self._refresh()

    @property
    def corrections(self) -> dict[str, str]:
        """The class of each corrected polygon (its feature id), by id or name, 0 if it is left out."""
        entries = split_names(str(self._session.get("CORRECTIONS") or ""))
        return {
            polygon.strip(): word.strip() for polygon, _, word in (entry.partition("=") for entry in entries) if word
        }

    def wanted(self, feature: QgsFeature) -> bool:
        """Polygons that are not decided yet."""
        return str(feature["polygon"]) not in self.corrections

    def words(self) -> str:
        """What the polygon looks like, and what was decided."""
        feature = self.current
        text = tr("polygon {}, {}, looks like {} (score {:.2f})").format(
            feature["polygon"], feature["class_name"], feature["suggested_name"], feature["score"]
        )
        decided = self.corrections.get(str(feature["polygon"]))
        if decided is None:
            return text
        return f"{text} → {tr('left out') if decided == LEFT_OUT else self._names().get(decided, decided)}"

    def classes(self) -> str:
        """The polygon's class and the one that it resembles."""
        return f"{self.current['class']},{self.current['suggested']}"

    def show_place(self, number: int) -> None:
        """Show a polygon, with the suggested class as the first choice."""
        super().show_place(number)
        if self.current is None:
            return
        self.other.clear()
        for entry in layers.classes_of(self._session.workspace):
            self.other.addItem(entry["name"], entry["id"])
        self.other.setCurrentIndex(self.other.findData(int(self.current["suggested"])))

    def decide(self, word: str) -> None:
        """Keep the class of the current polygon, change it, or leave the polygon out (0); then show the next."""
        polygon = str(self.current["polygon"])
        self._decided = [own for own in self._decided if own != polygon] + [polygon]
        self._store({**self.corrections, polygon: word})
        if self._number + 1 < len(self._features):
            self.step(1)
        else:
            self.tell()
            self.note.say(tr("That was the last one. Train again to see what has changed."))

    def take_back(self) -> None:
        """Take back the last decision, and show its polygon."""
        polygon = self._decided.pop()
        self._store({own: word for own, word in self.corrections.items() if own != polygon})
        numbers = [n for n, feature in enumerate(self._features) if str(feature["polygon"]) == polygon]
        if numbers:
            self.show_place(numbers[0])

    def write_to_layer(self) -> None:
        """Write the corrections into the reference layer, as edits that the user saves or undoes."""
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        layer = vector_layer(self._session.get("REFERENCE"), context)
        if layer is None:
            self.note.say(tr("The reference is not a layer of this project, so nothing was written."), "warning")
            return
        number = self._edit(layer)
        edited = counted(number, tr("polygon"), tr("polygons"))
        self.note.say(tr("{} edited in {}. Save or undo the edits of the layer.").format(edited, layer.name()))

    def finish(self, results: dict[str, Any]) -> None:
        """Compare the map that was made with the one before, if it was made from here."""
        if self._before is None:
            return
        before = Path(self._before.name) / "map.tif"
        if results and before.is_file():
            self.note.say(tr("Comparing with the map before…"))
            self._comparing.ask({"MAP_FROM": str(before), "MAP_TO": results["MAP"]})
        else:
            self._drop()

    def forget(self) -> None:
        """Forget the polygons."""
        super().forget()
        self._decided = []
        self._drop()

    def _train(self) -> None:
        """Keep a copy of the map to compare with, and ask for a run."""
        self.stop()
        self._drop()
        map_ = WorkspacePaths(self._session.workspace).layer("map")
        if map_.is_file():
            self._before = tempfile.TemporaryDirectory(prefix="patchwork-")
            shutil.copyfile(map_, Path(self._before.name) / "map.tif")
        self.again.emit()

    def _on_compared(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        self._drop()
        if not succeeded:
            self.note.say("\n".join(errors), "warning")
            return
        run_layer = layers.RunLayer(tr("Change since the map before"), Path(results["CHANGE"]), is_shown=True)
        layers.show_on_top(QgsProject.instance(), self._session.workspace, run_layer)
        self.note.say(tr("{:.1f} % of the map has changed.").format(100 * results["CHANGED"]), "success")

    def _drop(self) -> None:
        if self._before is not None:
            self._before.cleanup()
            self._before = None

    def _store(self, corrections: dict[str, str]) -> None:
        texts = [f"{polygon}={word}" for polygon, word in corrections.items()]
        self._session.set("CORRECTIONS", join_names(texts) or None)

    def _refresh(self) -> None:
        self.undo.setEnabled(bool(self._decided))
        self.write.setEnabled(bool(self.corrections) and bool(self._session.get("REFERENCE")))

    def _names(self) -> dict[str, str]:
        """The name of each class id."""
        return {str(entry["id"]): entry["name"] for entry in layers.classes_of(self._session.workspace)}

    def _edit(self, layer: QgsVectorLayer) -> int:
        """Change the classes in the edit buffer of the layer; returns how many polygons."""
        field = layer.fields().lookupField(self._session.get("CLASS_FIELD"))
        names = self._names()
        ids = {name: id_ for id_, name in names.items()}
        is_number = layer.fields().at(field).isNumeric()
        layer.startEditing()
        layer.beginEditCommand(tr("Patchwork: corrected labels"))
        number = 0
        for polygon, word in self.corrections.items():
            id_ = ids.get(word, word)
            text = id_ if self._session.get("NAME_FIELD") else names.get(id_)  # none is unknown
            value = int(id_) if is_number else text
            if layer.getFeature(int(polygon)).isValid():
                number += layer.changeAttributeValue(int(polygon), field, value)
        layer.endEditCommand()
        return number
