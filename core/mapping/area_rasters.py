"""Layers and class masks of the whole area, merged from the rasters of the patches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .. import styles
from ..grid.patches import Patch
from ..progress import Progress
from ..reference.record import LabelRecord
from ..store.files import remove
from ..store.fingerprints import fingerprint
from ..store.patch_rasters import LABELS
from ..store.rasters import fingerprint_of
from ..store.reading import read_patch, read_patch_bands
from ..store.workspace import Workspace
from ..vocabulary.classes import ClassScheme
from .decisions import as_percent
from .layers import BESIDE, LAYERS, AreaLayer
from .mosaic import Mosaic, write_mosaic


def write_layer(workspace: Workspace, name: str, progress: Progress) -> Path:
    """The raster of a layer, with its style beside it; not made again if the patches are the same.

    Raises MissingStepError if a patch is missing, ParameterError if there is no layer of that name.
    """
    layer = LAYERS[name]
    facts = workspace.facts(layer.raster.step)
    if layer.raster.name in BESIDE and name not in facts.get("layers", ()):
        raise workspace.missing(f"{layer.label.lower()} of the map", f"{layer.raster.step} with {name} in LAYERS")
    scheme = ClassScheme.from_json(facts["classes"]) if "classes" in facts else None
    classes = scheme if layer.dtype is None else None
    bands = tuple(entry.name for entry in scheme.classes) if scheme and not layer.raster.bands else ()
    fingerprints = facts["fingerprints"]
    patches = workspace.layout.patches
    for patch in patches:
        if patch.id not in fingerprints:
            raise workspace.missing(f"{layer.label} of patch {patch.id}", layer.raster.step)
    made_of = fingerprint(
        "mosaic", name, fingerprints, classes.to_json() if classes else None, [patch.id for patch in patches], *bands
    )
    path = workspace.paths.layer(name)
    if fingerprint_of(path) != made_of:
        dtype = layer.dtype or (classes.dtype if classes else "uint8")
        mosaic = Mosaic(workspace.layout, dtype, layer.nodata, name, made_of, classes, bands)
        write_mosaic(path, mosaic, _reader(workspace, layer, dtype), progress.report)
    _write_styles(workspace, layer, classes)
    progress.report(1.0)
    return path


def write_requested(workspace: Workspace, names: Sequence[str]) -> None:
    """Write the layers of uncertainty that were requested with the map; others are of an older map and removed."""
    for name, layer in LAYERS.items():
        if layer.raster.name not in BESIDE:
            continue
        if name in names:
            write_layer(workspace, name, Progress())
        else:
            remove(workspace.paths.layer(name))
            remove(workspace.paths.layer(name).with_suffix(".qml"))


def _reader(workspace: Workspace, layer: AreaLayer, dtype: str) -> Callable[[Patch], np.ndarray]:
    def read(patch: Patch) -> np.ndarray:
        if not layer.raster.bands:
            return as_percent(read_patch_bands(workspace, layer.raster, patch))
        pixels = read_patch(workspace, layer.raster, patch, layer.name)
        return np.nan_to_num(pixels, nan=layer.nodata).astype(dtype) if np.dtype(dtype).kind == "u" else pixels

    return read


def _write_styles(workspace: Workspace, layer: AreaLayer, classes: ClassScheme | None) -> None:
    """Write the style beside the layer, and beside the patches' rasters if the layer is their first band."""
    file = workspace.paths.layer(layer.name)
    if classes is not None:
        style = styles.class_style(classes)
    elif layer.scale is not None:
        style = styles.scale_style(layer.scale(file))
    else:
        return
    styles.write_style(file, style)
    if layer.name in layer.raster.bands[:1]:
        for patch in workspace.layout.patches:
            styles.write_style(workspace.paths.patch_raster(layer.raster.name, patch), style)


def write_class_masks(workspace: Workspace, labels: LabelRecord, progress: Progress) -> None:
    """Write one raster of the area for each class, 1 where its labels are; those of other classes are removed."""
    entries = labels.classes.classes
    wanted = {workspace.paths.class_mask(entry.id) for entry in entries}
    for old in set(workspace.paths.masks.glob("mask_*.tif")) - wanted:
        remove(old)
        remove(old.with_suffix(".qml"))
    for number, entry in enumerate(entries, start=1):
        path = workspace.paths.class_mask(entry.id)
        styles.write_style(path, styles.mask_style(entry))
        made_of = fingerprint("mask", entry.id, labels.fingerprints)
        if fingerprint_of(path) != made_of:
            mosaic = Mosaic(workspace.layout, "uint8", 0, entry.name, made_of)
            write_mosaic(path, mosaic, _mask_reader(workspace, entry.id))
        progress.report(number / len(entries))


def _mask_reader(workspace: Workspace, class_id: int) -> Callable[[Patch], np.ndarray]:
    def read(patch: Patch) -> np.ndarray:
        mask: np.ndarray = (read_patch(workspace, LABELS, patch, "labels") == class_id).astype(np.uint8)
        return mask

    return read
