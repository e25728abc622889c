"""The method section: the main parameters, and all others in groups."""

from __future__ import annotations

from functools import partial

from qgis.core import QgsApplication
from qgis.gui import QgisInterface, QgsCollapsibleGroupBoxBasic
from qgis.PyQt.QtWidgets import QVBoxLayout

from ..core.operations.classifypatches import ModelParameters
from ..core.operations.declarations.sources import PeriodParameters, RequestParameters
from ..core.operations.declarations.workspace import ResourceParameters
from ..core.operations.drawsamples import DrawSamples
from ..core.operations.maskclouds import MaskClouds
from ..core.operations.rasterizereference import RasterizeReference
from ..core.operations.splitarea import SplitArea
from ..core.operations.trainmodel import TrainModel
from ..core.parameters import declared
from ..processing_provider.translation import tr
from . import imagery_section, reference_section
from .class_choices import OF_CLASSES
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
    *OF_CLASSES,
    *imagery_section.NAMES,
    *reference_section.NAMES,
    *reference_section.OF_MODEL,
    *reference_section.OF_TABLE,
}
# Groups of the others, by what declares them; the last one takes what the others declare too.
GROUPS = {
    tr("Grid"): (SplitArea,),
    tr("Clouds"): (MaskClouds,),
    tr("Reference"): (RasterizeReference,),
    tr("Features and samples"): (DrawSamples,),
    tr("Training and validation"): (TrainModel,),
    tr("Map and layers"): (ModelParameters,),
    tr("Service"): (RequestParameters, PeriodParameters),
    tr("Computer"): (ResourceParameters,),
}


class MethodSection(Section):
    """Classifier, cloud detection, erosion and smoothing; then every other parameter of `makemap`, in groups."""

    def __init__(self, session: Session, iface: QgisInterface) -> None:
        super().__init__(tr("Method"))
        self._session = session
        self._iface = iface
        self.form = ParameterForm(NAMES, session, iface, self)
        self.column.addWidget(self.form)
        self.groups: dict[str, QgsCollapsibleGroupBoxBasic] = {}
        for title, names in grouped_names().items():
            box = self.groups[title] = QgsCollapsibleGroupBoxBasic(title)
            box.setCollapsed(True)
            box.collapsedStateChanged.connect(partial(self._fill, box, names))
            QVBoxLayout(box).setContentsMargins(6, 6, 6, 6)
            self.column.addWidget(box)
        session.changed.connect(lambda _: self._summarise())
        session.restored.connect(self._summarise)
        self._summarise()

    def _summarise(self) -> None:
        """Say in the header what is chosen."""
        self.summary.say(", ".join(self.form.text(name) for name in ("CLASSIFIER", "METHOD")))

    def _fill(self, box: QgsCollapsibleGroupBoxBasic, names: list[str], is_collapsed: bool) -> None:
        """Create the fields when a group is opened first: there are many."""
        if not is_collapsed and box.layout().isEmpty():
            box.layout().addWidget(ParameterForm(names, self._session, self._iface, self))


def grouped_names() -> dict[str, list[str]]:
    """Names of the parameters of `makemap` that no section shows, in groups, in their order."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("patchwork:makemap")
    shown = ELSEWHERE | set(NAMES)
    definitions = [own for own in algorithm.parameterDefinitions() if not own.isDestination()]
    left = [own.name() for own in definitions if own.name() not in shown]
    found: dict[str, list[str]] = {}
    for title, classes in reversed(GROUPS.items()):
        declares = {parameter.name.upper() for own in classes for parameter in declared(own)}
        found[title] = [name for name in left if name in declares]
        left = [name for name in left if name not in declares]
    return {title: found[title] for title in GROUPS if found[title]}
