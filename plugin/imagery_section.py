"""The imagery section: source, account, period, acquisitions and their costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QPixmap
from qgis.PyQt.QtWidgets import QComboBox, QPushButton

from ..processing_provider import settings
from ..processing_provider.translation import tr
from .account_list import show_accounts
from .amounts import minutes_text, size_text
from .area_section import AreaSection
from .parameter_form import ParameterForm
from .running import LatestRun
from .scene_list import SceneList
from .scene_strip import Scene
from .section import Note, Section
from .session import PROPOSED, SAMPLE, Session, plain

PERIOD = ("START", "END", "MAX_CLOUD_COVER")
NAMES = ("SOURCE", "IMAGERY", "BAND_NAMES", "SERVICE_URL", "AUTH", "COLLECTION", *PERIOD, "BUDGET")

CLOUDY = 0.95  # bright fraction of a picture that shows nothing else


class ImagerySection(Section):
    """The parameters of the chosen source, and the strip of acquisitions."""

    def __init__(self, session: Session, iface: QgisInterface, area: AreaSection) -> None:
        super().__init__(tr("Imagery"))
        self._session = session
        self._area = area
        self._scenes: list[Scene] = []
        self._found_in: Optional[Path] = None
        self._find = LatestRun("findscenes", self, rest_ms=0)
        self._find.ended.connect(self._on_found)
        self._look = LatestRun("quicklook", self, rest_ms=100)
        self._look.ended.connect(self._on_look)
        self._sign_in = LatestRun("checkinstallation", self, rest_ms=0)
        self._sign_in.ended.connect(self._on_signed_in)
        self.form = ParameterForm(NAMES, session, iface, self)
        self.column.addWidget(self.form)
        sources = self.form.widget("SOURCE")
        sources.view().setRowHidden(sources.findData(SAMPLE), True)  # a button of the area offers it
        self.test = QPushButton(tr("Test the account"))
        self.test.clicked.connect(self._test_account)
        self.account = Note(self)
        self.find = QPushButton(QgsApplication.getThemeIcon("/mIndicatorTemporal.svg"), tr("Find scenes"))
        self.find.clicked.connect(self.find_scenes)
        self.note = Note(self)
        self.scenes = SceneList()
        self.scenes.chosen.connect(self._on_chosen)
        self.scenes.skipped.connect(lambda names: self._session.set("SKIP_SCENES", ",".join(sorted(names)) or None))
        for widget in (self.test, self.account, self.find, self.note, self.scenes):
            self.column.addWidget(widget)
        session.changed.connect(self._on_change)
        session.restored.connect(self._show_fields)
        session.restored.connect(self._forget)
        area.planned.connect(lambda _: self._forget())
        entries = self.form.widget("AUTH").findChild(QComboBox).model()  # QGIS fills it again after each edit
        entries.rowsInserted.connect(lambda *_: self._show_accounts(), Qt.ConnectionType.QueuedConnection)
        self._show_fields()
        self._forget()

    def find_scenes(self) -> None:
        """Find the acquisitions of the period over the planned patches."""
        if not self._area.numbers:
            self.note.say(tr("Choose an area first."), "warning")
            return
        self.note.say(tr("Finding scenes…"))
        self.find.setEnabled(False)
        self._found_in = self._area.workspace
        parameters = self._planning()
        parameters.pop("SKIP_SCENES", None)  # skipped ones are shown too
        self._find.ask(parameters)

    def _planning(self) -> dict[str, Any]:
        """The parameters of a step over the planned patches, on account of the workspace of the map."""
        parameters = self._session.parameters()
        return {**parameters, "WORKSPACE": str(self._found_in), "PLANNED_FOR": parameters["WORKSPACE"]}

    def stop(self) -> None:
        """Cancel all requests."""
        for latest in (self._find, self._look, self._sign_in):
            latest.cancel()

    def _on_change(self, name: str) -> None:
        if name in ("SOURCE", "IMAGERY"):
            self._show_fields()
        if name in PROPOSED or name == "IMAGERY":
            self.form.show_values()  # what is proposed follows from them
        if name == "AUTH":
            self._show_accounts()
        if name in NAMES:
            self._forget()
        if name == "SKIP_SCENES":
            self._show_scenes()

    def _show_fields(self) -> None:
        fields = [name.upper() for name in self._session.source.fields]
        self.form.show_only(("SOURCE", *PERIOD, *fields))
        self.test.setVisible("AUTH" in fields)
        self.account.say("")
        self._show_accounts()

    def _show_accounts(self) -> None:
        show_accounts(self.form.widget("AUTH"), self._session.get("AUTH") or "", settings.account())

    def _forget(self) -> None:
        """Forget the acquisitions: they belong to other settings."""
        self._find.cancel()
        self._look.cancel()
        self._scenes = []
        self.find.setEnabled(True)
        self.note.say("")
        self._show_scenes()

    def _test_account(self) -> None:
        self.account.say(tr("Signing in…"))
        parameters = self._session.parameters()
        named = {name: parameters[name] for name in ("SERVICE_URL", "TOKEN_URL", "AUTH") if name in parameters}
        self._sign_in.ask({"SERVICE_URL": "sentinelhub", **named})

    def _on_signed_in(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if succeeded and results["ACCOUNT"]:
            self.account.say(results["ACCOUNT"], "success" if results["SIGNED_IN"] else "error")
        else:
            self.account.say("\n".join(errors) or tr("Choose an account first."), "error")

    def _on_found(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        self.find.setEnabled(True)
        if not succeeded:
            self.note.say("\n".join(errors), "error")
            return
        self._scenes = list(_read_scenes(results["SCENES"]))
        number, units = len(self._scenes), math.ceil(results["PROCESSING_UNITS"] or 0)
        parts = [tr("1 acquisition") if number == 1 else tr("{} acquisitions").format(number)]
        if units:
            parts.append(tr("1 processing unit") if units == 1 else tr("{:,} processing units").format(units))
            parts.append(tr("{} to download").format(size_text(results["DOWNLOAD_MB"])))
        parts.append(tr("{} on disk").format(size_text(results["DISK_MB"])))
        parts.append(tr("download takes about {}").format(minutes_text(results["MINUTES"])))
        self.note.say(", ".join(parts) + ".")
        self._show_scenes()

    def _skipped(self) -> frozenset[str]:
        return frozenset(filter(None, (self._session.get("SKIP_SCENES") or "").split(",")))

    def _summarise(self) -> None:
        """Say in the header what is chosen."""
        parts = [tr(self._session.source.label).partition(" (")[0]]
        start, end = (str(plain(self._session.get(name)) or "") for name in ("START", "END"))
        if start[4:] == "-01-01" and end == f"{start[:4]}-12-31":
            parts.append(start[:4])
        elif start or end:
            parts.append(f"{start} – {end}")
        if self._scenes:
            used = sum(scene.name not in self._skipped() for scene in self._scenes)
            parts.append(tr("1 scene") if used == 1 else tr("{} scenes").format(used))
        self.summary.say(", ".join(parts))

    def _show_scenes(self) -> None:
        self._summarise()
        self.scenes.show_scenes(self._scenes, self._skipped())

    def _on_chosen(self, number: int) -> None:
        self._show_scenes()
        self.scenes.say(self._scenes[number].text, text=tr("Quick look…"))
        self._look.ask({**self._planning(), "TIME": self._scenes[number].name})

    def _on_look(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        details = self._scenes[self.scenes.strip.current].text
        if not succeeded:
            self.scenes.say(details, text="\n".join(errors))
            return
        if (results["BRIGHT"] or 0.0) > CLOUDY:
            details = tr("{}. Cloudy, or snow: it is bright everywhere.").format(details)
        side = min(max(self.width() - 40, 120), 320)
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        self.scenes.say(details, QPixmap(results["PICTURE"]).scaled(side, side, keep, smooth))


def _read_scenes(file: str) -> Iterator[Scene]:
    """The acquisitions of a `scenes.gpkg`, in order of time."""
    for feature in QgsVectorLayer(file, "scenes", "ogr").getFeatures():
        cloud, coverage = (_number(feature[name]) for name in ("cloud_cover", "coverage"))
        yield Scene(datetime.fromisoformat(str(feature["time"])), cloud, coverage)


def _number(value: Any) -> Optional[float]:
    """The value as float, None for NULL and NaN."""
    return float(value) if isinstance(value, float) and math.isfinite(value) else None
