"""The parameters chosen in the dock, stored in the QGIS project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsProperty,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QObject, Qt, pyqtSignal

from ..core.imagery.sources import SOURCES
from ..core.imagery.sources.record import SourceRecord
from ..core.operations.declarations.sources import SourceParameters
from ..processing_provider import settings

SCOPE, KEY = "Patchwork", "/session"
SAMPLE = "sample"
CATALOGUE = "stac"  # an open one, without an account
OF_REFERENCE = ("REFERENCE", "CLASS_FIELD", "NAME_FIELD")
PERIOD = ("START", "END")
PROPOSED = ("SOURCE", *PERIOD)  # by the session itself


class Session(QObject):
    """Parameters of `makemap` by their upper-case names, as Processing takes them; None for the default.

    `changed` is emitted with the name of a changed value, `restored` when all values may have changed. While a project
    is closed or opened, widgets lose and find layers: nothing is set then, until `restore` is called.
    """

    changed = pyqtSignal(str)
    restored = pyqtSignal()

    def __init__(self, project: QgsProject, parent: QObject) -> None:
        super().__init__(parent)
        self._project = project
        self._values: dict[str, Any] = {}
        self._proposals: dict[str, Any] = {}
        self._text = ""  # the values as the project holds them
        self.restore()

    def get(self, name: str) -> Any:
        """The value of a parameter, or what is proposed where none is chosen; None for the default."""
        value = self._values.get(name)
        return self._proposal(name) if value is None else value

    def set(self, name: str, value: Any) -> None:
        """Set a value, or with None the default."""
        value = None if value == "" else value
        if plain(value) == plain(self.get(name)) or self._stored() != self._text:
            return
        self._proposals.pop(name, None)
        self._store({**self._values, name: value})
        self.changed.emit(name)

    def propose(self, name: str, value: Any) -> None:
        """Propose a value; it counts until the user chooses one, and is not stored in the project."""
        if self._values.get(name) is None and self._proposals.get(name) != value:
            self._proposals[name] = value
            self.changed.emit(name)

    def replace(self, values: dict[str, Any]) -> None:
        """Set these values, and all others to their defaults."""
        self._store(values)
        self._proposals = {}
        self.restored.emit()

    def restore(self) -> None:
        """Restore the values of the project; none if it has none or they cannot be read."""
        self._text = self._stored()
        try:
            self._values = {str(name): _from_plain(value) for name, value in json.loads(self._text).items()}
        except (ValueError, AttributeError):
            self._values = {}
        self._proposals = {}
        self.restored.emit()

    def _proposal(self, name: str) -> Any:
        """The proposal for a parameter: the open catalogue where there is no folder of imagery; for a source that needs
        a period a whole year, that of the other date if it is set, otherwise last year."""
        if name == "SOURCE":
            return None if self._values.get("IMAGERY") else CATALOGUE
        if name in PERIOD:
            chosen = next((str(plain(self._values[own])) for own in PERIOD if self._values.get(own)), "")
            year = chosen[:4] or QDate.currentDate().year() - 1
            return f"{year}-{'01-01' if name == 'START' else '12-31'}" if self.source.needs_period else None
        return self._proposals.get(name)

    def _store(self, values: dict[str, Any]) -> None:
        self._values = values
        self._text = json.dumps({key: plain(own) for key, own in values.items() if own is not None})
        self._project.writeEntry(SCOPE, KEY, self._text)

    def _stored(self) -> str:
        return str(self._project.readEntry(SCOPE, KEY, "{}")[0])

    @property
    def source(self) -> SourceRecord:
        """The chosen source."""
        name = self.get("SOURCE")
        return SOURCES[name if name in SOURCES else SourceParameters.source]

    @property
    def is_sample(self) -> bool:
        """Whether the built-in sample region is chosen."""
        return self.get("SOURCE") == SAMPLE

    @property
    def workspace(self) -> Path:
        """The workspace: the chosen folder, or a new one; the sample region has its own."""
        chosen = self.get("WORKSPACE")
        if chosen:
            return Path(chosen)
        folder = Path(settings.workspace_folder())
        if self.is_sample:
            return folder / "sample-region"
        name = self._project.baseName() or "map"
        taken = (folder / f"{name}-{number}" for number in range(1, 10_000))
        return next(path for path in taken if not path.exists())

    def parameters(self) -> dict[str, Any]:
        """All chosen values, with the workspace and the settings of the options."""
        values = {name: self.get(name) for name in {*self._values, *self._proposals, *PROPOSED}}
        chosen = {name: as_layer(value) for name, value in values.items() if value is not None}
        if self.source.reference is not None or "MODEL" in chosen:  # then none is asked for
            chosen = {name: value for name, value in chosen.items() if name not in OF_REFERENCE}
        machine = {"MEMORY": settings.memory(), "JOBS": settings.jobs()}
        account = {"AUTH": settings.account()} if settings.account() else {}
        return {**machine, **account, **chosen, "WORKSPACE": str(self.workspace)}


def as_layer(value: Any) -> Any:
    """A drawn shape, `{"wkt": …, "crs": …}`, as a layer; any other value as it is."""
    if not (isinstance(value, dict) and "wkt" in value):
        return value
    layer = QgsVectorLayer("Polygon", "area", "memory", QgsVectorLayer.LayerOptions(False))
    layer.setCrs(QgsCoordinateReferenceSystem(value["crs"]))
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(value["wkt"]))
    layer.dataProvider().addFeature(feature)
    return layer


def plain(value: Any) -> Any:
    """A value as a JSON value."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        return {"layer": value.source.staticValue(), "selected": value.selectedFeaturesOnly}
    if isinstance(value, QgsProperty):
        return value.staticValue()
    if isinstance(value, QDateTime):
        value = value.date()
    if isinstance(value, QDate):
        return value.toString(Qt.DateFormat.ISODate)
    return value


def _from_plain(value: Any) -> Any:
    if isinstance(value, dict) and "layer" in value:
        return QgsProcessingFeatureSourceDefinition(str(value["layer"]), bool(value["selected"]))
    return value
