"""Labels: the class of each pixel, and the number of its polygon, from the polygons of a reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import shapely

from ..errors import DataError
from ..execution import Resources, Share
from ..grid.crs import reproject_near
from ..grid.patches import Patch
from ..progress import Progress
from ..store.fingerprints import fingerprint
from ..store.patch_files import Content, refresh_rasters
from ..store.patch_rasters import LABELS
from ..store.reading import read_patch
from ..store.vectors import read_vector
from ..store.workspace import Workspace
from ..vocabulary.classes import ClassScheme, read_colours
from .polygons import (
    Reference,
    count_zeros,
    elsewhere,
    erode,
    make_reference,
    no_crs,
    no_polygon,
    read_classes,
    too_few_classes,
)
from .record import LabelRecord, LabelSettings


@dataclass(frozen=True)
class ReferenceSettings:
    """A vector layer and its fields, the erosion in pixels, classes to skip (id or name), colours (`id=#rrggbb`),
    and the encoding of a shapefile's texts (None: as it declares)."""

    layer: str
    class_field: str
    name_field: str | None
    erosion: int
    skipped: Sequence[str]
    colours: Sequence[str]
    encoding: str | None = None


@dataclass(frozen=True)
class PlacedReference:
    """A reference in pixel coordinates with the classes that are used; `identity` changes when its labels may."""

    classes: ClassScheme
    polygons: Reference
    identity: str


def read_reference(workspace: Workspace, settings: ReferenceSettings, progress: Progress) -> PlacedReference:
    """The reference over the workspace's area; DataError if it cannot be used."""
    layer = read_vector(settings.layer, class_field=settings.class_field, encoding=settings.encoding)
    if len(layer.geometries) == 0:
        raise no_polygon(layer)
    if not layer.crs:
        raise no_crs(layer)
    class_ids, names = read_classes(layer, settings.class_field, settings.name_field)
    scheme = ClassScheme.of(names)
    colours, colourless = read_colours(settings.colours, scheme)
    classes = scheme.recoloured(colours)
    skipped, unknown = classes.find(settings.skipped)
    if unknown:
        progress.warning(f"Skipped classes (SKIP_CLASSES): the reference has no class {', '.join(unknown)}.")
    if colourless:
        progress.warning(f"Class colours (CLASS_COLOURS): the reference has no class {', '.join(colourless)}.")
    grid, domain = workspace.layout.grid, workspace.layout.domain.expanded(settings.erosion)
    shapes = grid.to_pixels(reproject_near(layer.geometries, layer.crs, grid.crs))
    near = shapely.intersects(shapes, shapely.box(domain.column, domain.row, domain.right, domain.bottom))
    if not near.any():
        raise elsewhere(layer)
    shapes, class_ids = shapes[near], class_ids[near]
    zeros = count_zeros(layer, settings.class_field, near)
    polygons = make_reference(shapes, class_ids, names, zeros).without(skipped)
    known = len(np.unique(polygons.class_ids[polygons.class_ids > 0]))
    if known < 2:
        raise too_few_classes(known, settings.class_field, zeros)
    for note in layer.notes:
        progress.warning(note)
    for note in polygons.notes:
        progress.info(note)
    polygons = replace(polygons, notes=(*layer.notes, *polygons.notes))
    identity = fingerprint(shapely.to_wkb(shapes, hex=True).tolist(), polygons.class_ids.tolist())
    return PlacedReference(classes.only([id_ for id_ in classes.ids if id_ not in skipped]), polygons, identity)


def refresh_labels(
    workspace: Workspace, settings: ReferenceSettings, resources: Resources, progress: Progress
) -> LabelRecord:
    """Make the labels that are missing or out of date, and record them; DataError if no pixel is labelled."""
    reference = read_reference(workspace, settings, progress)
    layout = workspace.layout
    fingerprints = {
        id_: fingerprint("labels", reference.identity, settings.erosion, own)
        for id_, own in layout.patch_fingerprints.items()
    }
    burn = partial(_burn, workspace, reference.polygons, settings.erosion)
    refresh_rasters(workspace, LABELS, "Labels", fingerprints, burn, resources, progress)
    counts = _count_labels(workspace)
    classes = reference.classes
    for entry in classes.classes:
        if not counts[entry.id]:
            progress.warning(f"Class {entry.id} ({entry.name}) has no labelled pixel in the area.")
    if not any(counts[id_] for id_ in classes.ids):
        raise DataError(
            "No pixel is labelled: no polygon is wide enough for the erosion. Set EROSION to 0, or use larger polygons."
        )
    record = LabelRecord(
        fingerprints,
        classes,
        LabelSettings(settings.layer, settings.class_field, settings.erosion),
        {id_: counts[id_] for id_ in classes.ids},
        {id_: int((reference.polygons.class_ids == id_).sum()) for id_ in classes.ids},
        reference.polygons.notes,
    )
    workspace.write(record)
    return record


def _burn(workspace: Workspace, reference: Reference, erosion: int, patch: Patch, share: Share) -> Content:
    """The labels of one patch: the class after erosion, and the number of the polygon."""
    around = patch.window.expanded(erosion)
    polygons = reference.burn_polygons(around)
    classes = erode(reference.to_classes(polygons), erosion)[around.slices(patch.window)]
    classes = classes * workspace.layout.area_mask(patch.window)
    polygons = np.where(classes > 0, polygons[around.slices(patch.window)], np.uint32(0))
    return Content(np.stack([classes.astype(np.uint32), polygons]))


def _count_labels(workspace: Workspace) -> Counter[int]:
    """The labelled pixels of each class id."""
    counts: Counter[int] = Counter()
    for patch in workspace.layout.patches:
        found, number = np.unique(read_patch(workspace, LABELS, patch, "labels"), return_counts=True)
        counts.update(dict(zip(found.tolist(), number.tolist(), strict=True)))
    return counts
