"""Checking a reference layer before a run: its classes and its problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

from ..errors import DataError
from ..grid.crs import Ground, reproject
from ..grid.pixel_grid import PixelGrid
from ..store.vectors import VectorLayer
from ..vocabulary.classes import LandCoverClass
from .classes import AS_IN_LAYER, ClassSettings, ReferenceClasses, choose_classes
from .polygons import (
    count_zeros,
    elsewhere,
    has_ids,
    make_reference,
    no_crs,
    no_polygon,
    read_classes,
    too_few_classes,
)

# Of equal area everywhere on Earth (EASE-Grid 2.0), in pixels of 10 m, as maps have.
_GRID = PixelGrid("EPSG:6933", 0.0, 0.0, 10.0, 10.0)
_HECTARES_PER_PIXEL = 0.01
_MANY_CLASSES = 100
_FEW_POLYGONS = 5
_MOST_LISTED = 10


@dataclass(frozen=True)
class ClassCount:
    """A class of the layer with its polygons and hectares in the area; `hectares` is None if unknown.

    `becomes` is the id of the class into which it is merged, or its own.
    """

    entry: LandCoverClass
    polygons: int
    hectares: float | None
    becomes: int


@dataclass(frozen=True)
class ReferenceCheck:
    """The classes in order of id, the problems, one line each, and whether a run can use the layer nevertheless."""

    classes: tuple[ClassCount, ...]
    problems: tuple[str, ...]
    usable: bool


def check_reference(
    layer: VectorLayer,
    class_field: str,
    name_field: str | None,
    area: Ground | None,
    settings: ClassSettings = AS_IN_LAYER,
) -> ReferenceCheck:
    """Check a layer as a run would read it; only polygons in the area count."""
    if len(layer.geometries) == 0:
        return ReferenceCheck((), (str(no_polygon(layer)),), usable=False)
    problems = [*layer.notes]
    try:
        class_ids, names = read_classes(layer, class_field, name_field)
        classes = choose_classes(names, has_ids(layer, class_field), settings)
    except DataError as error:
        return ReferenceCheck((), (*problems, str(error)), usable=False)
    if len(names) > _MANY_CLASSES:
        problems.append(
            f"The class field {class_field} has {len(names):,} different values. Is this the class field? Choose "
            "another CLASS_FIELD, or continue if it is."
        )
    problems += classes.problems
    try:
        shapes, near = _placed(layer, area)
    except DataError as error:
        return ReferenceCheck(_counted(classes, class_ids, None), (*problems, str(error)), usable=False)
    zeros = count_zeros(layer, class_field, near)
    reference = make_reference(shapes[near], class_ids[near], names, zeros)
    hectares = _hectares_within(reference.shapes, area)
    counts = _counted(classes, reference.class_ids, hectares)
    polygons = Counter(classes.to_map(reference.class_ids).tolist())
    mapped = [(entry, polygons[entry.id]) for entry in classes.mapped.classes]
    known = sum(number > 0 for _, number in mapped)
    problems += [*reference.notes, *_with_few_polygons(mapped)]
    if known < 2:
        problems.append(str(too_few_classes(known, class_field, zeros)))
    return ReferenceCheck(counts, tuple(problems), usable=known >= 2)


def _placed(layer: VectorLayer, area: Ground | None) -> tuple[np.ndarray, np.ndarray]:
    """The shapes in pixels of `_GRID`, and (n,) bool which of them are in the area; DataError if none is."""
    if not layer.crs:
        raise no_crs(layer)
    shapes = _in_pixels(layer.geometries, layer.crs)
    if area is None:
        return shapes, np.ones(len(shapes), dtype=bool)
    ground = _in_pixels(np.array([area.geometry], dtype=object), area.crs)[0]
    shapely.prepare(ground)
    near = shapely.intersects(ground, shapes)
    if not near.any():
        raise elsewhere(layer, _distance_km(ground, shapes))
    return shapes, near


def _in_pixels(geometries: np.ndarray, crs: str) -> np.ndarray:
    return _GRID.to_pixels(reproject(geometries, crs, _GRID.crs))


def _distance_km(ground: BaseGeometry, shapes: np.ndarray) -> float:
    """Geodesic distance from the area to the nearest shape."""
    nearest = shapes[shapely.STRtree(shapes).nearest(ground)]
    columns, rows = shapely.get_coordinates(shapely.shortest_line(ground, nearest)).T
    to_degrees = Transformer.from_crs(_GRID.crs, "EPSG:4326", always_xy=True)
    longitudes, latitudes = to_degrees.transform(columns * _GRID.pixel_width, -rows * _GRID.pixel_height)
    return float(Geod(ellps="WGS84").line_length(longitudes, latitudes)) / 1000.0


def _hectares_within(shapes: np.ndarray, area: Ground | None) -> np.ndarray:
    """(n,) hectares of each shape in the area."""
    pixels: np.ndarray = shapely.area(shapes)
    if area is not None:
        ground = _in_pixels(np.array([area.geometry], dtype=object), area.crs)[0]
        shapely.prepare(ground)
        cut = ~shapely.covers(ground, shapes)
        pixels[cut] = shapely.area(shapely.intersection(shapes[cut], ground))
    pixels *= _HECTARES_PER_PIXEL
    return pixels


def _counted(classes: ReferenceClasses, class_ids: np.ndarray, hectares: np.ndarray | None) -> tuple[ClassCount, ...]:
    length = max(classes.own.ids, default=0) + 1
    polygons = np.bincount(class_ids, minlength=length)
    sums = None if hectares is None else np.bincount(class_ids, hectares, length)
    return tuple(
        ClassCount(
            entry,
            int(polygons[entry.id]),
            None if sums is None else round(float(sums[entry.id]), 2),
            classes.merges.get(entry.id, entry.id),
        )
        for entry in classes.named.classes
    )


def _with_few_polygons(mapped: Sequence[tuple[LandCoverClass, int]]) -> list[str]:
    """Problems of classes of the map with too few polygons."""
    spans = ((0,), (1,), range(2, _FEW_POLYGONS))
    none, one, few = ([entry for entry, polygons in mapped if polygons in span] for span in spans)
    problems = (
        (none, "No polygon in the area, so not in the map"),
        (one, "A single polygon, so used for training but not tested; add polygons"),
        (few, f"Fewer than {_FEW_POLYGONS} polygons, so the accuracy is uncertain; add polygons"),
    )
    return [f"{what}: {_listed(entries)}." for entries, what in problems if entries]


def _listed(entries: Sequence[LandCoverClass]) -> str:
    names = [str(entry.id) if entry.name == str(entry.id) else f"{entry.id} ({entry.name})" for entry in entries]
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"{'class' if len(names) == 1 else 'classes'} {', '.join(names[:_MOST_LISTED])}{more}"
