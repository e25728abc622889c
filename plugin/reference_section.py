"""The reference section: the layer, its classes and its problems, before a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qgis.core import QgsCategorizedSymbolRenderer, QgsMapLayer, QgsProcessingContext, QgsProject
from qgis.gui import QgisInterface

from ..processing_provider.translation import tr
from ..processing_provider.vector_inputs import vector_layer
from .area_section import AreaSection
from .beginnings import is_polygons, only_reference
from .class_table import ClassTable
from .parameter_form import ParameterForm
from .running import LatestRun
from .section import Note, Section
from .session import OF_REFERENCE, Session

NAMES = OF_REFERENCE
OF_MODEL = ("MODEL",)
CHECKED = (*NAMES, "ENCODING", "AREA")


class ReferenceSection(Section):
    """The reference layer, its fields, and the table of classes."""

    def __init__(self, session: Session, iface: QgisInterface, area: AreaSection) -> None:
        super().__init__(tr("Reference"))
        self._session = session
        self._classes: list[dict[str, Any]] = []
        self._check = LatestRun("checkreference", self)
        self._check.ended.connect(self._on_checked)
        self.form = ParameterForm(NAMES, session, iface, self)
        self.model = ParameterForm(OF_MODEL, session, iface, self)
        self.note = Note(self)
        self.table = ClassTable(self)
        self.table.changed.connect(self._on_table)
        self.sample = Note(self)
        for widget in (self.form, self.sample, self.table, self.note, self.model):
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
        if name in ("REFERENCE", "CLASS_FIELD"):
            self._session.set("SKIP_CLASSES", None)
            self._session.set("CLASS_COLOURS", None)
        if name in ("REFERENCE", "CLASS_FIELD", "SOURCE"):
            self._session.set("CORRECTIONS", None)  # of the polygons of another layer
        if name in (*NAMES, *OF_MODEL, "ENCODING", "SOURCE"):
            self._check_layer()

    def _check_layer(self) -> None:
        """Check the current layer and fields."""
        has_own = self._session.source.reference is not None
        model = self._session.get("MODEL")
        self.form.setVisible(not has_own and not model)
        self.sample.say(tr("This source has its own reference.") if has_own and not model else "")
        self._check.cancel()
        layer = self._session.get("REFERENCE")
        if model or has_own or not layer:
            self._show([])
            self.note.say(tr("The model maps the area; it needs no reference.") if model else "")
            ready = tr("none, the model {}").format(Path(model).name) if model else tr("its own")
            self.summary.say(ready if model or has_own else tr("none chosen"))
            return
        self.summary.say("")
        if not self._session.get("CLASS_FIELD"):
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
        words = _words(classes)
        chosen = _colours_from(self._session.get("CLASS_COLOURS"), words) or self._colours_of_layer()
        listed = (self._session.get("SKIP_CLASSES") or "").split(",")
        skipped = {id_ for id_, word in words.items() if word in listed}
        self.table.setVisible(bool(classes))
        self.table.show_classes(classes, skipped, chosen)
        if classes and chosen:
            self._on_table()

    def _on_table(self) -> None:
        """Store the classes and colours that the user, or the layer's style, has set."""
        own = {entry["id"]: entry["colour"] for entry in self._classes}
        words = _words(self._classes)
        others = [f"{words[id_]}={colour}" for id_, colour in self.table.colours.items() if colour != own[id_].lower()]
        self._session.set("CLASS_COLOURS", ",".join(others) or None)
        self._session.set("SKIP_CLASSES", ",".join(words[id_] for id_ in self.table.skipped) or None)

    def _layer_name(self) -> str:
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


def _words(classes: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """What stands for a class in a list: its id, or its name where its id is also the name of a class."""
    names = {entry["name"] for entry in classes}
    return {entry["id"]: entry["name"] if str(entry["id"]) in names else str(entry["id"]) for entry in classes}


def _colours_from(text: Any, words: Mapping[int, str]) -> dict[int, str]:
    """`1=#ffff00,2=#054907` as ids and colours."""
    given = dict(entry.rpartition("=")[::2] for entry in str(text or "").split(",") if entry)
    return {id_: given[word] for id_, word in words.items() if word in given}
