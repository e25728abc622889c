"""The imagery section: source, account, period, acquisitions and their costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QDate, Qt
from qgis.PyQt.QtGui import QPixmap
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QSizePolicy

from ..processing_provider import settings
from ..processing_provider.translation import tr
from .account_list import show_accounts
from .area_section import AreaSection, minutes_text, size_text
from .parameter_form import ParameterForm
from .running import LatestRun
from .scene_strip import Scene, SceneStrip
from .section import Note, Section
from .session import Session, plain

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
        self.test = QPushButton(tr("Test the account"))
        self.test.clicked.connect(self._test_account)
        self.account = Note(self)
        self.find = QPushButton(QgsApplication.getThemeIcon("/mIndicatorTemporal.svg"), tr("Find scenes"))
        self.find.clicked.connect(self.find_scenes)
        self.note = Note(self)
        self.strip = SceneStrip(self)
        self.strip.chosen.connect(self._on_chosen)
        self.strip.toggled.connect(self._toggle)
        self.use = QCheckBox(tr("Use this scene"))
        self.use.clicked.connect(lambda _: self._toggle(self.strip.current))
        self.details = QLabel()
        self.details.setTextFormat(Qt.TextFormat.PlainText)
        self.details.setWordWrap(True)
        self.details.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.picture = QLabel()
        self.picture.setTextFormat(Qt.TextFormat.PlainText)  # it also shows errors
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        shown = (self.test, self.account, self.find, self.note, self.strip, self.details, self.use, self.picture)
        for widget in shown:
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
        if name == "SOURCE":
            self._show_fields()
            self._suggest_period()
        if name == "AUTH":
            self._show_accounts()
        if name in NAMES:
            self._forget()
        if name == "SKIP_SCENES":
            self._show_scenes()

    def _suggest_period(self) -> None:
        """Suggest last year for sources that need a period, unless the user has set one; other sources need none."""
        year = QDate.currentDate().year() - 1
        suggested = {"START": f"{year}-01-01", "END": f"{year}-12-31"}
        chosen = {name: plain(self._session.get(name)) for name in suggested}
        if self._session.source.needs_period and not any(chosen.values()):
            for name, day in suggested.items():
                self._session.set(name, day)
        elif not self._session.source.needs_period and chosen == suggested:
            for name in suggested:
                self._session.set(name, None)

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
        self.strip.setVisible(bool(self._scenes))
        self.strip.show_scenes(self._scenes, self._skipped())
        number = self.strip.current
        for widget in (self.use, self.details, self.picture):
            widget.setVisible(bool(self._scenes) and number >= 0)
        if self._scenes and number >= 0:
            self.use.setChecked(self._scenes[number].name not in self._skipped())

    def _on_chosen(self, number: int) -> None:
        scene = self._scenes[number]
        self.details.setText(scene.text)
        self.picture.setText(tr("Quick look…"))
        self._show_scenes()
        self._look.ask({**self._planning(), "TIME": scene.name})

    def _on_look(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if succeeded:
            if (results["BRIGHT"] or 0.0) > CLOUDY:
                self.details.setText(tr("{}. Cloudy, or snow: it is bright everywhere.").format(self.details.text()))
            side = min(max(self.width() - 40, 120), 320)
            pixmap = QPixmap(results["PICTURE"])
            self.picture.setPixmap(
                pixmap.scaled(
                    side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
                )
            )
        else:
            self.picture.setText("\n".join(errors))

    def _toggle(self, number: int) -> None:
        name = self._scenes[number].name
        self._session.set("SKIP_SCENES", ",".join(sorted(self._skipped() ^ {name})) or None)


def _read_scenes(file: str) -> Iterator[Scene]:
    """The acquisitions of a `scenes.gpkg`, in order of time."""
    for feature in QgsVectorLayer(file, "scenes", "ogr").getFeatures():
        cloud, coverage = (_number(feature[name]) for name in ("cloud_cover", "coverage"))
        yield Scene(datetime.fromisoformat(str(feature["time"])), cloud, coverage)


def _number(value: Any) -> Optional[float]:
    """The value as float, None for NULL and NaN."""
    return float(value) if isinstance(value, float) and math.isfinite(value) else None
