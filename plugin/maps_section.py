"""The maps section: all maps of the project and of the folder in the options, and a way back to each."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QFile, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon, QPixmap
from qgis.PyQt.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QMessageBox, QPushButton

from ..core.store.known_maps import KnownMap, maps_in, size_of
from ..core.store.paths import WorkspacePaths
from ..processing_provider import layers, settings
from ..processing_provider.translation import tr
from .amounts import size_text
from .button_grid import ButtonGrid
from .former_choices import choices_elsewhere, former_choices
from .results_section import accuracy_text
from .running import LatestRun
from .section import Note, Section, as_tooltip
from .session import Session

PICTURE = 48
ROWS = 4  # in sight


class MapsSection(Section):
    """A list of maps; `chosen` is emitted with the workspace of a map that is opened again."""

    chosen = pyqtSignal(Path)
    _sized = pyqtSignal(dict)

    def __init__(self, session: Session) -> None:
        super().__init__(tr("Maps"))
        self._session = session
        self._maps: list[KnownMap] = []
        self._sizes: dict[Path, int] = {}
        self._sized.connect(self._on_sized)
        self._comparing = LatestRun("comparemaps", self, rest_ms=0)
        self._comparing.ended.connect(self._on_compared)
        self.list = QListWidget()
        self.list.setIconSize(QSize(PICTURE, PICTURE))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemSelectionChanged.connect(self._on_selected)
        self.list.itemDoubleClicked.connect(lambda _: self.open_again())
        self.open = self._button("mActionFileOpen", tr("Open"), tr("Its layers, choices and report"))
        self.open.clicked.connect(self.open_again)
        self.again = self._button("mActionDuplicateLayer", tr("As a new map"), tr("Its choices, in a new workspace"))
        self.again.clicked.connect(self.use_choices)
        self.elsewhere = self._button(
            "mActionMoveFeature", tr("Map elsewhere"), tr("Its model in another area or year")
        )
        self.elsewhere.clicked.connect(self.use_model)
        self.compare = self._button("mActionMapTips", tr("Compare"), tr("What has become what between two maps"))
        self.compare.clicked.connect(self.compare_two)
        self.delete = self._button("mActionDeleteSelected", tr("Delete…"), tr("Move its folder to the trash"))
        self.delete.clicked.connect(self.ask_to_delete)
        self.note = Note(self)
        self.column.addWidget(self.list)
        self.column.addWidget(ButtonGrid((self.open, self.again, self.elsewhere, self.compare, self.delete)))
        self.column.addWidget(self.note)
        self.opened.connect(self.refresh)
        session.restored.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """List the maps that there are now."""
        folders = [Path(settings.workspace_folder()), *layers.workspaces_of(QgsProject.instance())]
        if self._session.get("WORKSPACE"):
            folders.append(self._session.workspace)
        self._maps = maps_in(folders)
        number = len(self._maps)
        self.summary.say(tr("1 map") if number == 1 else tr("{} maps").format(number))
        if not self.is_open:
            return
        self.list.clear()
        for known in self._maps:
            item = QListWidgetItem(_icon(known.folder), self._words(known))
            item.setToolTip(as_tooltip(str(known.folder)))
            self.list.addItem(item)
        self.list.setFixedHeight(min(max(number, 1), ROWS) * (PICTURE + 6) + 6)
        self._on_selected()
        folders = [known.folder for known in self._maps]
        threading.Thread(target=self._measure, args=(folders,), daemon=True).start()

    def open_again(self) -> None:
        """Show the layers of the selected map, its choices and its results."""
        (known,) = self._selected() or (None,)
        if known is not None:
            self._session.replace({**former_choices(known.folder), "WORKSPACE": str(known.folder)})
            self.chosen.emit(known.folder)

    def use_choices(self) -> None:
        """Use the choices of the selected map for a new one."""
        (known,) = self._selected() or (None,)
        if known is not None:
            self._session.replace(former_choices(known.folder))
            self.note.say(tr("These are the choices of {}. Change them, and make the map.").format(known.folder.name))

    def use_model(self) -> None:
        """Use the model of the selected map for another area or year."""
        (known,) = self._selected() or (None,)
        if known is not None:
            self._session.replace(choices_elsewhere(known.folder))
            text = tr("The next map is made with the model of {}. Draw an area, and choose imagery and a year.")
            self.note.say(text.format(known.folder.name))

    def compare_two(self) -> None:
        """Compare the two selected maps, the older one with the later."""
        later, earlier = self._selected()
        self.note.say(tr("Comparing {} with {}…").format(earlier.folder.name, later.folder.name))
        files = {"MAP_FROM": earlier, "MAP_TO": later}
        self._comparing.ask({name: str(WorkspacePaths(own.folder).layer("map")) for name, own in files.items()})

    def ask_to_delete(self) -> None:
        """Move the folder of the selected map to the trash, if the user wants it."""
        (known,) = self._selected() or (None,)
        if known is None:
            return
        size = size_text(size_of(known.folder) / 1e6)
        text = tr("Move {} and all that is in it ({}) to the trash?").format(known.folder, size)
        buttons = QMessageBox.StandardButton
        if QMessageBox.question(self, tr("Delete a map"), text, buttons.Yes | buttons.No, buttons.No) == buttons.Yes:
            self._delete(known.folder)

    def stop(self) -> None:
        """Cancel the comparison."""
        self._comparing.cancel()

    def _button(self, icon: str, text: str, help_: str) -> QPushButton:
        button = QPushButton(QgsApplication.getThemeIcon(f"/{icon}.svg"), text)
        button.setToolTip(help_)
        return button

    def _selected(self) -> list[KnownMap]:
        """The selected maps, the latest first."""
        return [self._maps[number] for number in sorted(index.row() for index in self.list.selectedIndexes())]

    def _on_selected(self) -> None:
        selected = self._selected()
        for button in (self.open, self.again, self.delete):
            button.setEnabled(len(selected) == 1)
        has_model = len(selected) == 1 and WorkspacePaths(selected[0].folder).model.is_file()
        self.elsewhere.setEnabled(has_model)
        self.compare.setEnabled(len(selected) == 2 and all(own.made is not None for own in selected))

    def _words(self, known: KnownMap) -> str:
        """The name of a map, when it was made and how large it is, and how good it is, in three lines."""
        size = [size_text(self._sizes[known.folder] / 1e6)] if known.folder in self._sizes else []
        if known.made is None:
            return "\n".join([known.folder.name, ", ".join([tr("not finished"), *size]), ""])
        return "\n".join([known.folder.name, ", ".join([f"{known.made:%Y-%m-%d %H:%M}", *size]), accuracy_text(known)])

    def _measure(self, folders: list[Path]) -> None:
        """In a thread of its own: a country has many files."""
        sizes = {folder: size_of(folder) for folder in folders}
        with suppress(RuntimeError):  # the dock is gone
            self._sized.emit(sizes)

    def _on_sized(self, sizes: dict[Path, int]) -> None:
        self._sizes.update(sizes)
        for number, known in enumerate(self._maps):
            item = self.list.item(number)
            if item is not None and known.folder in sizes:
                item.setText(self._words(known))

    def _on_compared(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if not succeeded:
            self.note.say("\n".join(errors), "error")
            return
        change = Path(results["CHANGE"])
        layer = layers.RunLayer(tr("Change"), change, is_shown=True)
        layers.show_on_top(QgsProject.instance(), change.parent, layer)
        self.note.say(tr("{:.1f} % of the map has changed.").format(100 * results["CHANGED"]), "success")

    def _delete(self, folder: Path) -> None:
        layers.remove_group(QgsProject.instance(), folder)
        if self._session.get("WORKSPACE") and self._session.workspace == folder:
            self._session.set("WORKSPACE", None)
        moved = QFile.moveToTrash(str(folder))
        if moved[0] if isinstance(moved, tuple) else moved:
            self.note.say(tr("{} is in the trash.").format(folder.name), "success")
        else:
            self.note.say(tr("{} cannot be moved to the trash. Delete the folder yourself.").format(folder), "error")
        self._sizes.pop(folder, None)
        self.refresh()


def _icon(folder: Path) -> QIcon:
    """The picture of a map, small; that of a layer where there is none."""
    picture = QPixmap(str(WorkspacePaths(folder).picture("map")))
    if picture.isNull():
        return QgsApplication.getThemeIcon("/mIconRaster.svg")
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return QIcon(picture.scaled(2 * PICTURE, 2 * PICTURE, keep, smooth))
