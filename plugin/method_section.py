"""The method section: the main parameters, and all others under More."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication
from qgis.gui import QgisInterface, QgsCollapsibleGroupBoxBasic
from qgis.PyQt.QtWidgets import QVBoxLayout

from ..processing_provider.translation import tr
from . import imagery_section, reference_section
from .parameter_form import ParameterForm
from .section import Section
from .session import Session

NAMES = ("CLASSIFIER", "METHOD", "EROSION", "SMOOTHING")
# What other sections ask, or tables show.
ELSEWHERE = {
    "AREA",
    "PATCH_SIZE",
    "WORKSPACE",
    "SKIP_SCENES",
    "SKIP_CLASSES",
    "CLASS_COLOURS",
    *imagery_section.NAMES,
    *reference_section.NAMES,
}


class MethodSection(Section):
    """Classifier, cloud detection, erosion and smoothing; More has every other parameter of `makemap`."""

    def __init__(self, session: Session, iface: QgisInterface) -> None:
        super().__init__(tr("Method"))
        self._session = session
        self._iface = iface
        self._rest: Optional[ParameterForm] = None
        self.form = ParameterForm(NAMES, session, iface, self)
        self.column.addWidget(self.form)
        session.changed.connect(lambda _: self._summarise())
        session.restored.connect(self._summarise)
        self._summarise()
        self.more = QgsCollapsibleGroupBoxBasic(tr("More"))
        self.more.setCollapsed(True)
        self.more.collapsedStateChanged.connect(self._fill)
        QVBoxLayout(self.more).setContentsMargins(6, 6, 6, 6)
        self.column.addWidget(self.more)

    def _summarise(self) -> None:
        """Say in the header what is chosen."""
        self.summary.say(", ".join(self.form.text(name) for name in ("CLASSIFIER", "METHOD")))

    def _fill(self, is_collapsed: bool) -> None:
        """Create the fields when More is opened first: there are many."""
        if not is_collapsed and self._rest is None:
            self._rest = ParameterForm(other_names(), self._session, self._iface, self)
            self.more.layout().addWidget(self._rest)


def other_names() -> list[str]:
    """Names of the parameters of `makemap` that no section shows, in their order."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("patchwork:makemap")
    shown = ELSEWHERE | set(NAMES)
    return [
        definition.name()
        for definition in algorithm.parameterDefinitions()
        if not definition.isDestination() and definition.name() not in shown
    ]
