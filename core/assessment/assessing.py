"""A map compared with validation points or polygons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely

from ..errors import DataError, ParameterError
from ..grid.crs import reproject
from ..reference.polygons import read_classes
from ..store.rasters import burn
from ..store.vectors import VectorLayer, read_vector
from ..vocabulary.class_entries import read_merges
from ..vocabulary.classes import ClassScheme
from ..vocabulary.plurals import counted
from .design import CANNOT_TELL, STRATUM, STRATUM_PIXELS
from .estimators import AccuracyAndArea, Sample, estimate
from .maps import ClassMap, open_map


@dataclass(frozen=True)
class Units:
    """Labelled units: class on the map, class of the reference, stratum and cluster (n,), and the layer's notes."""

    mapped: np.ndarray
    reference: np.ndarray
    strata: np.ndarray
    clusters: np.ndarray | None
    notes: tuple[str, ...]
    of_polygons: bool

    def take(self, which: np.ndarray) -> Units:
        """Those where the mask is true."""
        clusters = None if self.clusters is None else self.clusters[which]
        kept = {name: getattr(self, name)[which] for name in ("mapped", "reference", "strata")}
        return replace(self, clusters=clusters, **kept)


@dataclass(frozen=True)
class MapAssessment:
    """The figures of a map, its classes with those of the reference, the area in hectares, and what is to be said.

    `mapped_ha` are the hectares of each class on the map. `notes` are about what was left out, and about limits.
    """

    figures: AccuracyAndArea
    classes: ClassScheme
    area_ha: float
    mapped_ha: Mapping[int, float]
    units: int
    notes: tuple[str, ...]


def assess_map(
    path: Path, source: str, class_field: str, *, strata: Path | None = None, merge: Sequence[str] = ()
) -> MapAssessment:
    """Accuracy and area of a map from points or polygons with known classes.

    The strata are those that drawvalidation stored with the points, those of a raster, or the classes of the map.
    Raises DataError if nothing can be compared.
    """
    classes = open_map(path)
    layer = read_vector(source, class_field=class_field, any_shape=True)
    if not layer.crs:
        raise DataError(f"{layer.name} has no CRS. Assign one (in QGIS: Assign projection).")
    ids, scheme = _reference_ids(layer, class_field, classes.classes)
    layer = replace(layer, geometries=reproject(layer.geometries, layer.crs, classes.grid.crs))
    units, sizes = _units(classes, layer, ids, open_map(strata) if strata else None)
    units = _without_unknown(units, scheme)
    joined = read_merges(merge, scheme.ids_of, scheme)
    units = replace(units, mapped=_renamed(units.mapped, joined), reference=_renamed(units.reference, joined))
    scheme = scheme.only([id_ for id_ in scheme.ids if joined.get(id_, id_) == id_])
    sample, left_out = _sample(units, sizes)
    figures = estimate(sample)
    area_ha = float(sample.sizes.sum()) * classes.pixel_ha
    mapped: dict[int, float] = {}
    for id_, count in classes.pixels.items():
        mapped[joined.get(id_, id_)] = mapped.get(joined.get(id_, id_), 0.0) + count * classes.pixel_ha
    notes = (*units.notes, *left_out, *_limits(units, figures, scheme))
    return MapAssessment(figures, scheme, area_ha, mapped, len(units.mapped), notes)


def _reference_ids(layer: VectorLayer, class_field: str, classes: ClassScheme) -> tuple[np.ndarray, ClassScheme]:
    """Class ids (n,) of the map's numbering, 0 where unlabelled, and the classes of map and reference."""
    own, names = read_classes(layer, class_field, None)
    numbers: dict[int, int] = {}
    new: dict[int, str] = {}
    for id_, name in names.items():
        found = classes.ids_of(name)
        if found:
            numbers[id_] = found[0]
        else:
            free = id_ if id_ not in classes.ids and id_ not in new else max((*classes.ids, *new)) + 1
            numbers[id_], new[free] = free, name
    ids = np.array([numbers.get(id_, 0) for id_ in own.tolist()], dtype=np.int64)
    if CANNOT_TELL in layer.fields:
        ids[layer.fields[CANNOT_TELL].astype(bool)] = -1
    added = ClassScheme.of(new).classes
    return ids, ClassScheme(tuple(sorted((*classes.classes, *added), key=lambda entry: entry.id)))


def _units(
    classes: ClassMap, layer: VectorLayer, ids: np.ndarray, strata: ClassMap | None
) -> tuple[Units, dict[int, int]]:
    """The units of the layer, points or all pixels of polygons, and the pixels of each stratum."""
    kinds = set(np.unique(shapely.get_type_id(layer.geometries)).tolist())
    if kinds <= {0}:
        x, y = shapely.get_coordinates(layer.geometries).T
        mapped = _at(classes, x, y)
        if strata is not None:
            return Units(mapped, ids, _at(strata, *_moved(x, y, classes, strata)), None, layer.notes, False), dict(
                strata.pixels
            )
        if STRATUM in layer.fields and STRATUM_PIXELS in layer.fields:
            own = layer.fields[STRATUM].astype(np.int64)
            sizes = dict(zip(own.tolist(), layer.fields[STRATUM_PIXELS].astype(np.int64).tolist(), strict=True))
            return Units(mapped, ids, own, None, layer.notes, False), sizes
        return Units(mapped, ids, mapped, None, layer.notes, False), dict(classes.pixels)
    if not kinds <= {3, 6}:
        raise DataError(f"{layer.name} has points and other shapes. Use a layer of points, or one of polygons.")
    if strata is not None:
        raise ParameterError("STRATA is for points; polygons are compared class by class. Leave STRATA out.")
    return _of_polygons(classes, layer, ids), dict(classes.pixels)


def _of_polygons(classes: ClassMap, layer: VectorLayer, ids: np.ndarray) -> Units:
    """All pixels whose centres lie in polygons; a polygon is a cluster."""
    shapes = classes.grid.to_pixels(layer.geometries)
    mapped, reference, clusters = [], [], []
    for number, (shape, id_) in enumerate(zip(shapes, ids.tolist(), strict=True)):
        window = classes.grid.window_of_centres(tuple(shapely.bounds(shape)))
        window = window.intersection(classes.window)
        if window.is_empty:
            continue
        inside = burn(np.array([shape], dtype=object), np.ones(1, dtype=np.uint8), window) > 0
        own = classes.read(window)[inside]
        mapped.append(own.astype(np.int64))
        reference.append(np.full(len(own), id_))
        clusters.append(np.full(len(own), number))
    if not mapped:
        raise DataError(f"{layer.name} has no polygon on the map. Is the CRS ({layer.crs}) right?")
    all_mapped = np.concatenate(mapped)
    joined = np.concatenate(reference), all_mapped, np.concatenate(clusters)
    return Units(all_mapped, *joined, layer.notes, True)


def _moved(x: np.ndarray, y: np.ndarray, one: ClassMap, other: ClassMap) -> tuple[np.ndarray, np.ndarray]:
    points = reproject(shapely.points(x, y), one.grid.crs, other.grid.crs)
    moved = shapely.get_coordinates(points).T
    return moved[0], moved[1]


def _at(classes: ClassMap, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n,): the class at each place, 0 without data, -1 outside the map."""
    columns = np.floor((x - classes.grid.left) / classes.grid.pixel_width).astype(np.int64)
    rows = np.floor((classes.grid.top - y) / classes.grid.pixel_height).astype(np.int64)
    found = np.full(len(x), -1, dtype=np.int64)
    for window, ids in classes.blocks():
        here = (rows >= window.row) & (rows < window.bottom) & (columns >= window.column) & (columns < window.right)
        if here.any():
            found[here] = ids[rows[here] - window.row, columns[here] - window.column]
    return found


def _without_unknown(units: Units, classes: ClassScheme) -> Units:
    """The units that can be compared; the others are counted in notes. DataError if none is left."""
    what = "pixel" if units.of_polygons else "point"
    reasons = (
        (units.reference == 0, "without a label"),
        (units.reference == -1, "marked as cannot tell"),
        (units.mapped == -1, "outside the map"),
        (units.mapped == 0, "on no data"),
        (units.strata <= 0, "outside the strata"),
    )
    left = np.ones(len(units.mapped), dtype=bool)
    notes = []
    for mask, reason in reasons:
        number = int((mask & left).sum())
        if number:
            notes.append(f"{counted(number, what)} {reason} left out.")
        left &= ~mask
    if not left.any():
        raise DataError(f"No {what} can be compared with the map. {' '.join(notes)}")
    return replace(units.take(left), notes=(*units.notes, *notes))


def _renamed(ids: np.ndarray, joined: Mapping[int, int]) -> np.ndarray:
    renamed = ids.copy()
    for one, other in joined.items():
        renamed[ids == one] = other
    return renamed


def _sample(units: Units, sizes: Mapping[int, int]) -> tuple[Sample, tuple[str, ...]]:
    """The sample of the strata that have units, and what is to be said about the others."""
    present = np.unique(units.strata)
    empty = [id_ for id_ in sizes if id_ not in present]
    notes = []
    if empty:
        share = sum(sizes[id_] for id_ in empty) / sum(sizes.values())
        names = ", ".join(str(id_) for id_ in sorted(empty))
        notes.append(
            f"No unit in {counted(len(empty), 'stratum', 'strata')} ({names}): {share:.1%} of the map is not assessed."
        )
    numbers = np.array([sizes[int(id_)] for id_ in present], dtype=float)
    sample = Sample(np.searchsorted(present, units.strata), units.mapped, units.reference, numbers, units.clusters)
    return sample, tuple(notes)


def _limits(units: Units, figures: AccuracyAndArea, classes: ClassScheme) -> list[str]:
    """What the figures cannot say."""
    notes = []
    present = np.unique(units.strata)
    thin = [str(int(present[position])) for position in figures.thin]
    if thin:
        notes.append(
            f"Stratum {', '.join(thin)} has fewer than two units, so the standard errors are unknown. Label more "
            "of its points."
        )
    missing = [id_ for id_ in np.unique(units.mapped).tolist() if id_ not in units.reference]
    unmapped = [id_ for id_ in np.unique(units.reference).tolist() if id_ not in units.mapped]
    for ids, text in ((missing, "is on the map, but no unit has it"), (unmapped, "was found, but is not on the map")):
        notes += [f"Class {classes.name(id_)} {text}." for id_ in ids]
    if units.of_polygons:
        notes.append(
            "The units are pixels of polygons that were not drawn at random: accuracy and area hold for the map only "
            "if the polygons are typical of it. Intervals respect that pixels of a polygon are alike. For figures that "
            "can be published, draw and label validation points."
        )
    return notes
