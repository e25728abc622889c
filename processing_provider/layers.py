"""The layers of a run: one group of the layer tree for each workspace, with names, order and styles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsLayerTree,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsMapLayer,
    QgsMapLayerLegendUtils,
    QgsMapLayerStyle,
    QgsPalettedRasterRenderer,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..core.frozen import frozen
from ..core.mapping.layers import LAYERS, REFERENCE_GROUP
from ..core.store.patch_rasters import LABELS
from ..core.store.paths import WorkspacePaths
from .translation import tr

WORKSPACE_PROPERTY = "patchwork/workspace"
STYLE_PROPERTY = "patchwork/style"  # a hash of the style that a layer got last
PATCHES, SCENES = "Patches", "Scenes"


@frozen
class RunLayer:
    """A layer of a run: its title, its file, its subgroup ("" for none), and whether it is visible at first."""

    title: str
    file: Path
    subgroup: str = ""
    is_shown: bool = False


def group_title(workspace: Path) -> str:
    """The title of the group of a workspace."""
    return tr("Patchwork – {}").format(workspace.name)


def title_of(file: Path) -> Optional[str]:
    """The layer title of a file in a workspace; None for files that are no layer of the whole area."""
    if file.name == WorkspacePaths(file.parent).patches.name:
        return tr(PATCHES)
    return tr(LAYERS[file.stem].label) if file.stem in LAYERS else None


def layers_of(workspace: Path, *, scenes: bool = True) -> list[RunLayer]:
    """The existing layers of a workspace, from top to bottom."""
    paths = WorkspacePaths(workspace)
    layers = [RunLayer(tr(PATCHES), paths.patches, is_shown=True)]
    layers += [
        RunLayer(tr(layer.label), paths.layer(layer.name), tr(layer.group), layer.is_shown) for layer in LAYERS.values()
    ]
    layers = [layer for layer in layers if layer.file.exists()]
    layers += [RunLayer(name, file, tr(REFERENCE_GROUP), True) for name, file in _masks(paths)]
    if scenes:
        for file in sorted(paths.acquisitions.glob("*.vrt")):
            time = datetime.strptime(file.stem, "%Y%m%dT%H%M%S")
            layers.append(RunLayer(f"{time:%Y-%m-%d %H:%M}", file, tr(SCENES), True))
    return layers


def run_group(project: QgsProject, workspace: Path, title: str) -> QgsLayerTreeGroup:
    """The group of a workspace, created at the top of the layer tree if there is none."""
    root = project.layerTreeRoot()
    for group in root.findGroups():
        owner = group.customProperty(WORKSPACE_PROPERTY)
        if owner == str(workspace) or (owner is None and group.name() == title):
            break
    else:
        group = root.insertGroup(0, title)
    group.setCustomProperty(WORKSPACE_PROPERTY, str(workspace))
    return group


def workspaces_of(project: QgsProject) -> list[Path]:
    """The workspaces whose layers the project has."""
    owners = (group.customProperty(WORKSPACE_PROPERTY) for group in project.layerTreeRoot().findGroups())
    return [Path(owner) for owner in owners if isinstance(owner, str) and owner]


def remove_group(project: QgsProject, workspace: Path) -> None:
    """Remove the group of a workspace, and all layers of the project whose files are in it."""
    root = project.layerTreeRoot()
    files = {id_: file_of(layer) for id_, layer in project.mapLayers().items()}
    project.removeMapLayers([id_ for id_, file in files.items() if file is not None and workspace in file.parents])
    for group in root.findGroups():
        if group.customProperty(WORKSPACE_PROPERTY) == str(workspace) and not group.findLayers():
            root.removeChildNode(group)


def remove_others(project: QgsProject, group: QgsLayerTreeGroup, wanted: Sequence[RunLayer]) -> None:
    """Remove the layers of runs that are not wanted from the group; layers that the user added stay."""
    files = {layer.file for layer in wanted}
    nodes = [node for node in group.findLayers() if _is_run_layer(node) and file_of(node.layer()) not in files]
    project.removeMapLayers([node.layerId() for node in nodes])
    for child in group.children():
        if QgsLayerTree.isGroup(child) and not child.children():
            group.removeChildNode(child)


def show_layer(project: QgsProject, group: QgsLayerTreeGroup, layer: RunLayer) -> Optional[QgsMapLayer]:
    """Add a layer to its place in the group or its subgroup; None if the file cannot be opened.

    A layer that is there already is read again. Its name, place, visibility and style are the user's, except where the
    run has written another style, such as that of other classes.
    """
    node = next((own for own in group.findLayers() if _is_run_layer(own) and file_of(own.layer()) == layer.file), None)
    if node is not None and node.layer().isValid():
        _read_again(node.layer())
        if _style_beside(layer.file) != node.layer().customProperty(STYLE_PROPERTY):
            load_style(node.layer())
            _hide_band_name(node)
            node.layer().legendChanged.emit()
        return node.layer()
    opened = _opened(layer)
    if opened is None:
        return None
    if node is not None:
        project.removeMapLayer(node.layerId())
    project.addMapLayer(opened, False)
    node = QgsLayerTreeLayer(opened)
    _mark_as_run_layer(node)
    _hide_band_name(node)  # before it is in the tree, which does not ask again
    node.setItemVisibilityChecked(layer.is_shown)
    node.setExpanded(layer.is_shown and not layer.subgroup)
    parent = _subgroup(group, layer.subgroup)
    parent.insertChildNode(_place(parent, layer.file), node)
    return opened


def show_on_top(project: QgsProject, workspace: Path, layer: RunLayer) -> Optional[QgsMapLayer]:
    """Add a layer at the top of the group of its workspace, in place of an older one of the same file; None if the
    file cannot be opened."""
    group = run_group(project, workspace, group_title(workspace))
    opened = _opened(layer)
    if opened is None:
        return None
    older = [node.layerId() for node in group.findLayers() if file_of(node.layer()) == layer.file]
    project.removeMapLayers(older)
    project.addMapLayer(opened, False)
    _mark_as_run_layer(group.insertLayer(0, opened))
    return opened


def show_imagery(project: QgsProject, workspace: Path, scene: str) -> None:
    """Show one scene (`<YYYYMMDDTHHMMSS>`) of a workspace, and of its other layers only the patches."""
    group = run_group(project, workspace, group_title(workspace))
    for node in group.findLayers():
        file = file_of(node.layer())
        shown = file is not None and (file.stem == scene or file == WorkspacePaths(workspace).patches)
        node.setItemVisibilityChecked(shown)
    scenes = group.findGroup(tr(SCENES))
    if scenes is not None:
        scenes.setItemVisibilityChecked(True)


def classes_of(workspace: Path) -> list[dict[str, Any]]:
    """The classes of the reference of a workspace: id, name and colour (#rrggbb) of each; none before it is read."""
    record = WorkspacePaths(workspace).record(LABELS.step)
    if not record.exists():
        return []
    classes: list[dict[str, Any]] = json.loads(record.read_text(encoding="utf-8"))["classes"]
    return classes


def move_into_group(project: QgsProject, group: QgsLayerTreeGroup, layer: QgsMapLayer) -> None:
    """Move a layer of the project into the group and sort it there; an older layer of the same file is removed."""
    file = file_of(layer)
    older = [node.layerId() for node in group.findLayers() if _is_run_layer(node) and file_of(node.layer()) == file]
    project.removeMapLayers([id_ for id_ in older if id_ != layer.id()])
    if layer.id() in older:
        layer.reload()  # Processing reuses the layer of the project, which still shows the previous file
    node = project.layerTreeRoot().findLayer(layer.id())
    if node is not None and node.parent() == project.layerTreeRoot():
        moved = node.clone()
        group.insertChildNode(_place(group, file), moved)
        project.layerTreeRoot().removeChildNode(node)
        node = moved
    if node is not None and node.parent() == group:
        _mark_as_run_layer(node)


def load_style(layer: QgsMapLayer) -> None:
    """Apply the style beside a layer's file, including its temporal properties, which QGIS does not load by itself."""
    file = file_of(layer)
    if file is not None and file.with_suffix(".qml").exists():
        layer.loadNamedStyle(str(file.with_suffix(".qml")))
        layer.setCustomProperty(STYLE_PROPERTY, _style_beside(file))
        layer.triggerRepaint()


def file_of(layer: Optional[QgsMapLayer]) -> Optional[Path]:
    """The file of a layer; None if it has none."""
    if layer is None:
        return None
    path = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("path")
    return Path(path) if path else None


def sort_key(file: Path) -> int:
    """The layer sort key: greater for files further up in the layer tree."""
    names = ["patches", *LAYERS]
    return len(names) - names.index(file.stem) if file.stem in names else 0


def _opened(layer: RunLayer) -> Optional[QgsMapLayer]:
    """The layer of a file with its style; None if it cannot be opened."""
    if layer.file.suffix == ".gpkg":
        opened: QgsMapLayer = QgsVectorLayer(str(layer.file), layer.title, "ogr")
    else:
        opened = QgsRasterLayer(str(layer.file), layer.title)
    if not opened.isValid():
        return None
    load_style(opened)
    return opened


def _masks(paths: WorkspacePaths) -> list[tuple[str, Path]]:
    """The existing class masks, with the names of their classes."""
    masks = [(entry["name"], paths.class_mask(entry["id"])) for entry in classes_of(paths.folder)]
    return [(name, file) for name, file in masks if file.exists()]


def _subgroup(group: QgsLayerTreeGroup, name: str) -> QgsLayerTreeGroup:
    """A subgroup, created collapsed and invisible if there is none."""
    if not name:
        return group
    found = group.findGroup(name)
    if found is None:
        found = group.addGroup(name)
        found.setExpanded(False)
        found.setItemVisibilityChecked(False)
    return found


def _place(group: QgsLayerTreeGroup, file: Optional[Path]) -> int:
    """The position of a file among the nodes of a group: below the last one that comes before it."""
    rank = _rank(file)
    above = 0
    for number, node in enumerate(group.children(), start=1):
        other = file_of(node.layer()) if QgsLayerTree.isLayer(node) else None
        if other is not None and _rank(other) < rank:
            above = number
    return above


def _rank(file: Optional[Path]) -> tuple[int, int, str]:
    """What sorts files from top to bottom: layers in their order, then scenes and masks by name."""
    name = file.stem if file is not None else ""
    return (-sort_key(file) if file is not None else 0, len(name), name)


def _read_again(layer: QgsMapLayer) -> None:
    """Read a file that has changed, also its extent; the style stays."""
    style = QgsMapLayerStyle()
    style.readFromLayer(layer)
    layer.setDataSource(layer.source(), layer.name(), layer.providerType())
    style.writeToLayer(layer)
    layer.triggerRepaint()


def _style_beside(file: Path) -> str:
    """A hash of the style beside a file; empty if there is none."""
    try:
        return hashlib.sha256(file.with_suffix(".qml").read_bytes()).hexdigest()[:20]
    except OSError:
        return ""


def _hide_band_name(node: QgsLayerTreeLayer) -> None:
    """Leave the line "Band 1: map (Palette)" out of the legend of classes."""
    renderer = node.layer().renderer()
    if isinstance(renderer, QgsPalettedRasterRenderer):
        QgsMapLayerLegendUtils.setLegendNodeOrder(node, list(range(1, len(renderer.classes()) + 1)))


def _mark_as_run_layer(node: QgsLayerTreeLayer) -> None:
    node.setCustomProperty(WORKSPACE_PROPERTY, True)


def _is_run_layer(node: QgsLayerTreeLayer) -> bool:
    return bool(node.customProperty(WORKSPACE_PROPERTY))
