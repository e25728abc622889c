"""Reference polygons: from a vector layer to class ids, and from polygons to label rasters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy import ndimage

from ..errors import DataError
from ..grid.neighbourhoods import disk
from ..grid.windows import Window
from ..store.rasters import burn
from ..store.vectors import VectorLayer
from ..vocabulary.plurals import counted, listed, written

HIGHEST_CLASS_ID = 65535


@dataclass(frozen=True)
class Reference:
    """Shapes (n,) in pixel coordinates with their class ids (n,) uint16, the names of the classes, and notes.

    Polygons are numbered from 1 in the order of the layer. Where polygons overlap, the later one is used.
    """

    shapes: np.ndarray
    class_ids: np.ndarray
    names: Mapping[int, str]
    notes: tuple[str, ...]

    def burn_polygons(self, window: Window) -> np.ndarray:
        """(y, x) uint32: the number of the polygon at each pixel's centre, 0 without a polygon."""
        return burn(self.shapes, np.arange(1, len(self.shapes) + 1, dtype=np.uint32), window)

    def to_classes(self, polygons: np.ndarray) -> np.ndarray:
        """Polygon numbers to class ids, uint16."""
        classes: np.ndarray = np.concatenate([[0], self.class_ids]).astype(np.uint16)[polygons]
        return classes

    def without(self, ids: Collection[int]) -> Reference:
        """The same reference with the polygons of these classes unknown."""
        skipped = np.isin(self.class_ids, list(ids))
        if not skipped.any():
            return self
        note = f"{counted(int(skipped.sum()), 'polygon')} of skipped classes treated as unknown."
        return replace(self, class_ids=np.where(skipped, np.uint16(0), self.class_ids), notes=(*self.notes, note))


def read_classes(layer: VectorLayer, class_field: str, name_field: str | None) -> tuple[np.ndarray, dict[int, str]]:
    """Class ids (n,) of the features, 0 where unknown, and the names by id.

    Integer ids stay as they are; names are numbered from 1 in sorted order. Raises DataError for an unknown field or
    values that are not classes.
    """
    values = _field(layer, class_field)
    if values.dtype.kind in "iuf":
        ids = _integer_ids(values, class_field)
        names = {int(id_): str(int(id_)) for id_ in np.unique(ids[ids > 0])}
        if name_field:
            given: dict[int, Counter[str]] = {}
            for text, id_ in zip(_texts(_field(layer, name_field)), ids.tolist(), strict=True):
                if text and id_:
                    given.setdefault(id_, Counter())[text] += 1
            names |= {id_: texts.most_common(1)[0][0] for id_, texts in given.items()}
        return ids, names
    texts = _texts(values)
    if len(set(texts)) > HIGHEST_CLASS_ID:
        raise DataError(
            f"The class field {class_field} holds {len(set(texts)):,} different texts; a map has at most "
            f"{HIGHEST_CLASS_ID:,} classes. Choose another CLASS_FIELD."
        )
    numbers = {text: number for number, text in enumerate(sorted({text for text in texts if text}), start=1)}
    return np.array([numbers.get(text, 0) for text in texts], dtype=np.uint16), {n: t for t, n in numbers.items()}


def make_reference(shapes: np.ndarray, class_ids: np.ndarray, names: Mapping[int, str]) -> Reference:
    """The reference of shapes in pixel coordinates; shapes of unknown class burn 0, invalid ones are repaired."""
    invalid = ~shapely.is_valid(shapes)
    notes = []
    if invalid.any():
        shapes = shapes.copy()
        shapes[invalid] = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
        notes.append(f"{counted(int(invalid.sum()), 'invalid polygon')} repaired.")
    unknown = class_ids == 0
    if unknown.any():
        notes.append(f"{counted(int(unknown.sum()), 'polygon')} without a class (0 or empty) treated as unknown.")
    overlapping = _count_overlaps(shapes)
    if overlapping:
        notes.append(
            f"{counted(overlapping, 'pair')} of polygons overlapping by more than a tenth; the later one is used."
        )
    return Reference(shapes, class_ids, names, tuple(notes))


def no_polygon(layer: VectorLayer) -> DataError:
    """The error that the layer is empty."""
    return DataError(f"The reference {layer.name} is empty.")


def no_crs(layer: VectorLayer) -> DataError:
    """The error that the layer has no CRS."""
    return DataError(f"The reference {layer.name} has no CRS. Assign one (in QGIS: Assign projection).")


def elsewhere(layer: VectorLayer, distance_km: float | None = None) -> DataError:
    """The error that no polygon is in the area, with the distance of the nearest."""
    away = "" if distance_km is None else f", {distance_km:,.0f} km away"
    return DataError(
        f"The reference {layer.name} ({counted(len(layer.geometries), 'polygon')}) is outside the area of "
        f"interest{away}. Is the CRS ({layer.crs}) right?"
    )


def too_few_classes(number: int, class_field: str) -> DataError:
    """The error that there are too few classes for a map."""
    return DataError(
        f"The reference has {counted(number, 'class', 'classes')} within the area; a map needs at least two. Is "
        f"CLASS_FIELD ({class_field}) the right one?"
    )


def erode(classes: np.ndarray, radius: int) -> np.ndarray:
    """Class ids (y, x) without the pixels that have another class, or none, within `radius` pixels.

    Radius 1 makes a 5 × 5 square a 3 × 3 one. The array's edge does not erode: read `radius` pixels more on each side.
    """
    if radius == 0:
        return classes
    lowest = ndimage.minimum_filter(classes, footprint=disk(radius), mode="nearest")
    highest = ndimage.maximum_filter(classes, footprint=disk(radius), mode="nearest")
    return np.where(lowest == highest, classes, classes.dtype.type(0))


def _field(layer: VectorLayer, name: str) -> np.ndarray:
    if name not in layer.fields:
        raise DataError(
            f"The reference {layer.name} has no field {name!r}. It has: {listed(layer.fields, 'no fields')}."
        )
    return layer.fields[name]


def _integer_ids(values: np.ndarray, field: str) -> np.ndarray:
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0)
    wrong = (numbers != np.floor(numbers)) | (numbers < 0) | (numbers > HIGHEST_CLASS_ID)
    if wrong.any():
        raise DataError(
            f"The class field {field} holds {written(values[wrong][0])}; class ids are whole numbers from 1 to "
            f"{HIGHEST_CLASS_ID}, 0 for unknown. Choose another CLASS_FIELD, or a field of names."
        )
    return numbers.astype(np.uint16)


def _texts(values: np.ndarray) -> list[str]:
    def text(value: object) -> str:
        missing = value is None or (isinstance(value, float) and math.isnan(value))
        return "" if missing else str(value).strip()

    return [text(value) for value in values]


def _count_overlaps(shapes: np.ndarray) -> int:
    """Pairs of shapes whose common part is more than a pixel and more than a tenth of the smaller one."""
    first, second = shapely.STRtree(shapes).query(shapes)
    first, second = first[first < second], second[first < second]
    areas, bounds = shapely.area(shapes), shapely.bounds(shapes)
    enough = np.maximum(0.1 * np.minimum(areas[first], areas[second]), 1.0)
    # Of neighbours only the rectangles overlap, mostly by little: for these the shapes need not be cut.
    sides = np.minimum(bounds[first, 2:], bounds[second, 2:]) - np.maximum(bounds[first, :2], bounds[second, :2])
    near = sides.prod(axis=1) > enough
    common = shapely.area(shapely.intersection(shapes[first[near]], shapes[second[near]]))
    return int((common > enough[near]).sum())
