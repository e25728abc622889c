"""The quality section: suspicious labels, places to label next, validation points."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgisInterface
from qgis.PyQt.QtWidgets import QTabWidget

from ..core.store.paths import WorkspacePaths
from ..processing_provider.translation import tr
from .label_review import LabelReview
from .point_review import PointReview
from .section import Note, Section
from .session import Session
from .suggestion_review import SuggestionReview


class QualitySection(Section):
    """What to do about the labels and the accuracy once there is a map."""

    def __init__(self, session: Session, iface: QgisInterface) -> None:
        super().__init__(tr("Labels and accuracy"))
        self._session = session
        self.note = Note(self)
        self.labels = LabelReview(session, iface)
        self.suggestions = SuggestionReview(session, iface)
        self.points = PointReview(session, iface)
        self.tabs = QTabWidget()
        for review, title in (
            (self.labels, tr("Labels")),
            (self.suggestions, tr("Suggestions")),
            (self.points, tr("Validation")),
        ):
            self.tabs.addTab(review, title)
        self.column.addWidget(self.note)
        self.column.addWidget(self.tabs)
        session.changed.connect(lambda name: self.refresh() if name == "WORKSPACE" else None)
        session.restored.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Enable what the workspace allows."""
        has_map = WorkspacePaths(self._session.workspace).layer("map").is_file()
        self.tabs.setEnabled(has_map)
        self.note.say("" if has_map else tr("Make the map first."))
        self.summary.say(tr("check labels, label more, validate") if has_map else tr("no map yet"))
        self.points.refresh()

    def finish(self, results: dict[str, Any]) -> None:
        """After a run: what its corrections have changed."""
        self.refresh()
        self.labels.finish(results)

    def stop(self) -> None:
        """Cancel what runs."""
        for number in range(self.tabs.count()):
            self.tabs.widget(number).stop()
