"""Labels: the class of each pixel, and the number of its polygon, from the polygons of a reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import shapely

from .. import styles
from ..errors import DataError
from ..execution import Resources, Share
from ..grid.crs import reproject_near
from ..grid.patches import Patch
from ..grid.pixel_grid import PixelGrid
from ..progress import Progress
from ..store.fingerprints import fingerprint
from ..store.patch_files import Content, refresh_rasters
from ..store.patch_rasters import LABELS
from ..store.reading import read_patch
from ..store.vectors import VectorLayer, read_vector, write_geopackage
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted
from .classes import AS_IN_LAYER, ClassSettings, ReferenceClasses, choose_classes
from .corrections import correct
from .polygons import (
    Reference,
    count_zeros,
    elsewhere,
    erode,
    has_ids,
    make_reference,
    no_crs,
    no_polygon,
    read_classes,
    read_texts,
    too_few_classes,
)
from .record import LabelRecord, LabelSettings


@dataclass(frozen=True)
class ReferenceSettings:
    """A vector layer and its fields, the erosion in pixels, the classes, the encoding of a shapefile's texts (None: as
    it declares), the field with the region of each polygon, and other classes for single polygons (`polygon=class`)."""

    layer: str
    class_field: str
    name_field: str | None
    erosion: int
    classes: ClassSettings = AS_IN_LAYER
    encoding: str | None = None
    region_field: str | None = None
    corrections: Sequence[str] = ()


@dataclass(frozen=True)
class PlacedReference:
    """A reference in pixel coordinates with its classes; `identity` changes when its labels may.

    `features` (n,) are the feature ids of the polygons in their layer, `regions` (n,) their regions if there are any.
    """

    classes: ReferenceClasses
    polygons: Reference
    identity: str
    features: np.ndarray
    regions: np.ndarray | None

    def to_layer(self, grid: PixelGrid) -> VectorLayer:
        """The polygons in the CRS of the grid, numbered as in the labels; class 0 = not used."""
        number = np.arange(1, len(self.features) + 1, dtype=np.int64)
        fields = {"polygon": number, "feature": self.features, "class": self.polygons.class_ids.astype(np.int32)}
        if self.regions is not None:
            fields["region"] = self.regions
        return VectorLayer("reference", grid.from_pixels(self.polygons.shapes), fields, grid.crs)


def read_reference(workspace: Workspace, settings: ReferenceSettings, progress: Progress) -> PlacedReference:
    """The reference over the workspace's area; DataError if it cannot be used."""
    layer = read_vector(settings.layer, class_field=settings.class_field, encoding=settings.encoding)
    if len(layer.geometries) == 0:
        raise no_polygon(layer)
    if not layer.crs:
        raise no_crs(layer)
    class_ids, names = read_classes(layer, settings.class_field, settings.name_field)
    classes = choose_classes(names, has_ids(layer, settings.class_field), settings.classes)
    class_ids, absent = correct(class_ids, layer.ids, settings.corrections, classes.ids_of)
    if absent:
        progress.warning(f"Corrections (CORRECTIONS): the reference has no polygon {', '.join(map(str, absent))}.")
    for problem in classes.problems:
        progress.warning(problem)
    grid, domain = workspace.layout.grid, workspace.layout.domain.expanded(settings.erosion)
    shapes = grid.to_pixels(reproject_near(layer.geometries, layer.crs, grid.crs))
    near = shapely.intersects(shapes, shapely.box(domain.column, domain.row, domain.right, domain.bottom))
    if not near.any():
        raise elsewhere(layer)
    shapes, class_ids, features = shapes[near], class_ids[near], layer.ids[near]
    regions = read_texts(layer, settings.region_field)[near] if settings.region_field else None
    zeros = count_zeros(layer, settings.class_field, near)
    polygons = make_reference(shapes, class_ids, names, zeros).classed(classes)
    known = len(np.unique(polygons.class_ids[polygons.class_ids > 0]))
    if known < 2:
        raise too_few_classes(known, settings.class_field, zeros)
    for note in layer.notes:
        progress.warning(note)
    for note in polygons.notes:
        progress.info(note)
    number = len(settings.corrections) - len(absent)
    corrected = (f"{counted(number, 'polygon')} corrected (CORRECTIONS).",) if number else ()
    polygons = replace(polygons, notes=(*layer.notes, *polygons.notes, *corrected))
    identity = fingerprint(shapely.to_wkb(shapes, hex=True).tolist(), polygons.class_ids.tolist())
    return PlacedReference(classes, polygons, identity, features, regions)


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
    classes = reference.classes.mapped
    for entry in classes.classes:
        if not counts[entry.id]:
            progress.warning(f"Class {entry.id} ({entry.name}) has no labelled pixel in the area.")
    if not any(counts[id_] for id_ in classes.ids):
        raise DataError(
            "No pixel is labelled: no polygon is wide enough for the erosion. Set EROSION to 0, or use larger polygons."
        )
    identity = _write_reference(workspace, reference)
    record = LabelRecord(
        fingerprints,
        classes,
        LabelSettings(settings.layer, settings.class_field, settings.erosion),
        {id_: counts[id_] for id_ in classes.ids},
        {id_: int((reference.polygons.class_ids == id_).sum()) for id_ in classes.ids},
        reference.polygons.notes,
        identity,
        reference.classes.aliases,
    )
    workspace.write(record)
    return record


def _write_reference(workspace: Workspace, reference: PlacedReference) -> str:
    """Write the polygons that are used unless they are current; returns their fingerprint."""
    regions = None if reference.regions is None else reference.regions.tolist()
    identity = fingerprint("reference", reference.identity, reference.features.tolist(), regions)
    old = workspace.find(LabelRecord)
    file = workspace.paths.reference
    if old is None or old.reference != identity or not file.exists():
        workspace.forget(LabelRecord)
        write_geopackage(file, reference.to_layer(workspace.layout.grid))
        styles.write_style(file, styles.outline_style(styles.REFERENCE_COLOUR, "class"))
    return identity


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
