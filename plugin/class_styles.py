"""Names and colours of classes in the layers of a map that are loaded already, without a run."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsPalettedRasterRenderer, QgsProject, QgsRasterLayer
from qgis.PyQt.QtGui import QColor

from ..core.mapping.layers import LAYERS
from ..processing_provider.layers import file_of
from .class_choices import ClassChoices

CLASS_LAYERS = [layer.name for layer in LAYERS.values() if layer.dtype is None]


def restyle(project: QgsProject, workspace: Path, before: ClassChoices, now: ClassChoices) -> None:
    """Show what is other now than before, in classes that have their former names; what the user has styled stays."""
    colours = {id_: colour for id_, colour in now.colours.items() if colour != before.colours.get(id_)}
    names = {id_: name for id_, name in now.names.items() if name != before.names.get(id_)}
    if not (colours or names):
        return
    for layer in project.mapLayers().values():
        file, renderer = file_of(layer), layer.renderer() if isinstance(layer, QgsRasterLayer) else None
        if file is None or file.parent != workspace or file.stem not in CLASS_LAYERS:
            continue
        if not isinstance(renderer, QgsPalettedRasterRenderer):
            continue
        classes = renderer.classes()
        for entry in classes:
            id_ = int(entry.value)
            if entry.label == before.names.get(id_):
                entry.color = QColor(colours.get(id_, entry.color))
                entry.label = names.get(id_, entry.label)
        layer.setRenderer(QgsPalettedRasterRenderer(renderer.input(), renderer.band(), classes))
        layer.triggerRepaint()
        layer.legendChanged.emit()
