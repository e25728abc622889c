"""The reference section: the layer, its classes and its problems, before a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qgis.core import QgsCategorizedSymbolRenderer, QgsMapLayer, QgsProcessingContext, QgsProject
from qgis.gui import QgisInterface

from ..processing_provider.translation import tr
from ..processing_provider.vector_inputs import vector_layer
from . import class_choices
from .area_section import AreaSection
from .beginnings import is_polygons, only_reference
from .class_choices import ClassChoices
from .class_styles import restyle
from .class_table import ClassTable
from .parameter_form import ParameterForm
from .running import LatestRun
from .section import Note, Section
from .session import OF_REFERENCE, Session

NAMES = OF_REFERENCE
OF_MODEL = ("MODEL",)
OF_TABLE = ("CLASS_SCHEME",)
CHECKED = (*NAMES, *OF_TABLE, "MERGE", "ENCODING", "AREA", "SOURCE")


class ReferenceSection(Section):
    """The reference layer, its fields, and the table of classes."""

    def __init__(self, session: Session, iface: QgisInterface, area: AreaSection) -> None:
        super().__init__(tr("Reference"))
        self._session = session
        self._classes: list[dict[str, Any]] = []
        self._shown = ClassChoices({}, {}, {}, ())
        self._has_own = session.source.reference is not None
        self._check = LatestRun("checkreference", self)
        self._check.ended.connect(self._on_checked)
        self.form = ParameterForm(NAMES, session, iface, self)
        self.model = ParameterForm(OF_MODEL, session, iface, self)
        self.note = Note(self)
        self.table = ClassTable(self)
        self.table.changed.connect(self._on_table)
        self.scheme = ParameterForm(OF_TABLE, session, iface, self)
        self.hint = Note(self)
        self.hint.say(tr("Double-click a name to change it; right-click a class to merge it into another."))
        self.sample = Note(self)
        for widget in (self.form, self.sample, self.scheme, self.table, self.hint, self.note, self.model):
            self.column.addWidget(widget)
        session.changed.connect(self._on_change)
        session.restored.connect(self._check_layer)
        session.restored.connect(self._propose)
        QgsProject.instance().layersAdded.connect(self._on_added)
        area.planned.connect(lambda _: self._check_layer())
        self._propose()
        self._check_layer()

    def stop(self) -> None:
        """Cancel the check."""
        QgsProject.instance().layersAdded.disconnect(self._on_added)
        self._check.cancel()

    def _on_added(self, added: Sequence[QgsMapLayer]) -> None:
        """Look at the project again; the many rasters of a map do not matter."""
        if any(is_polygons(layer) for layer in added):
            self._propose()

    def _propose(self) -> None:
        """Propose the only polygon layer of the project, and the only field of it that may hold classes."""
        found = None if self._session.get("REFERENCE") else only_reference(QgsProject.instance())
        if found is not None:
            layer, field = found
            self._session.propose("REFERENCE", layer.id())
            self._session.propose("CLASS_FIELD", field)

    def _on_change(self, name: str) -> None:
        has_own = self._session.source.reference is not None
        if name in ("REFERENCE", "CLASS_FIELD") or has_own != self._has_own:
            self._has_own = has_own
            class_choices.forget(self._session)
            self._session.set("CORRECTIONS", None)  # of the polygons of another layer
        if name in OF_TABLE:  # what was chosen by hand would hide the names and colours of the scheme
            self._session.set("CLASS_NAMES", None)
            self._session.set("CLASS_COLOURS", None)
        if name in (*CHECKED, *OF_MODEL) and name != "AREA":
            self._check_layer()

    def _check_layer(self) -> None:
        """Check the current layer and fields."""
        has_own = self._has_own = self._session.source.reference is not None
        model = self._session.get("MODEL")
        self.form.setVisible(not has_own and not model)
        self.sample.say(tr("This source has its own reference.") if has_own and not model else "")
        self._check.cancel()
        if model or not (has_own or self._session.get("REFERENCE")):
            self._show([])
            self.note.say(tr("The model maps the area; it needs no reference.") if model else "")
            self.summary.say(tr("none, the model {}").format(Path(model).name) if model else tr("none chosen"))
            return
        self.summary.say("")
        if not (has_own or self._session.get("CLASS_FIELD")):
            self._show([])
            self.summary.say(tr("no class field chosen"))
            self.note.say(tr("Choose the field with the class of each polygon."))
            return
        self.note.say(tr("Checking the reference…"))
        parameters = self._session.parameters()
        self._check.ask({name: parameters[name] for name in CHECKED if name in parameters})

    def _on_checked(self, succeeded: bool, results: dict[str, Any], errors: list[str]) -> None:
        if not succeeded:
            self._show([])
            self.note.say("\n".join(errors), "error")
            self.summary.say(tr("not usable"))
            return
        self._show(json.loads(results["CLASSES"]))
        problems = results["PROBLEMS"]
        number, warnings = len(self._classes), len(problems.splitlines())
        parts = [self._layer_name(), tr("1 class") if number == 1 else tr("{} classes").format(number)]
        if warnings:
            parts.append(tr("1 warning") if warnings == 1 else tr("{} warnings").format(warnings))
        self.summary.say(", ".join(parts) + ("" if warnings else " ✓"))
        level = ("warning" if results["USABLE"] else "error") if problems else "success"
        self.note.say(problems or tr("No problems found."), level)

    def _show(self, classes: list[dict[str, Any]]) -> None:
        self._classes = classes
        chosen = class_choices.read(self._session, classes)
        is_plain = not (chosen.colours or self._has_own or self._session.get("CLASS_SCHEME"))
        styled = self._colours_of_layer() if classes and is_plain else {}
        chosen = replace(chosen, colours=chosen.colours or styled)
        for widget in (self.table, self.scheme, self.hint):
            widget.setVisible(bool(classes))
        self.table.show_classes(classes, chosen)
        before, self._shown = self._shown, self.table.choices
        if styled:
            class_choices.write(self._session, classes, self._shown)
        restyle(QgsProject.instance(), self._session.workspace, before, self._shown)

    def _on_table(self) -> None:
        """Store what the user has changed, and show it in the layers of the map."""
        before, self._shown = self._shown, self.table.choices
        class_choices.write(self._session, self._classes, self._shown)
        restyle(QgsProject.instance(), self._session.workspace, before, self._shown)

    def _layer_name(self) -> str:
        if self._session.source.reference is not None:
            return tr("its own")
        context = _project_context()
        layer = vector_layer(self._session.get("REFERENCE"), context)
        return str(self._session.get("REFERENCE")) if layer is None else layer.name()

    def _colours_of_layer(self) -> dict[int, str]:
        """Colours of a layer that is already styled by the class field."""
        context = _project_context()
        layer = vector_layer(self._session.get("REFERENCE"), context)
        renderer = layer.renderer() if layer is not None else None
        if not isinstance(renderer, QgsCategorizedSymbolRenderer):
            return {}
        if renderer.classAttribute().strip('"') != self._session.get("CLASS_FIELD"):
            return {}
        shown = {str(category.value()): category.symbol().color().name() for category in renderer.categories()}
        keys = {entry["id"]: (str(entry["id"]), entry["name"]) for entry in self._classes}
        return {id_: shown[key] for id_, names in keys.items() for key in names if key in shown}


def _project_context() -> QgsProcessingContext:
    """A context with the layers of the project. It owns a layer that is a file, and closes it when it goes."""
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return context
