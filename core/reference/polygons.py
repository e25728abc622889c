"""Reference polygons: from a vector layer to class ids, and from polygons to label rasters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
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
from .classes import ReferenceClasses

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

    def classed(self, classes: ReferenceClasses) -> Reference:
        """The same reference with the classes of the map: some merged, some unknown since they are skipped."""
        notes = list(self.notes)
        skipped = int(np.isin(self.class_ids, classes.skipped).sum())
        if skipped:
            notes.append(f"{counted(skipped, 'polygon')} of skipped classes treated as unknown.")
        for id_, other in classes.merges.items():
            number = int((self.class_ids == id_).sum())
            if number:
                to = classes.named.name(other)
                notes.append(f"{counted(number, 'polygon')} of {classes.named.name(id_)} merged into {to}.")
        return replace(self, class_ids=classes.to_map(self.class_ids), notes=tuple(notes))


def read_classes(layer: VectorLayer, class_field: str, name_field: str | None) -> tuple[np.ndarray, dict[int, str]]:
    """Class ids (n,) of the features, 0 where unknown, and the names by id.

    Whole numbers stay as they are, also where all are texts; names, and texts with leading zeros, are numbered from 1
    in sorted order. Raises DataError for an unknown field or values that are not classes.
    """
    values = _class_values(layer, class_field)
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


def has_ids(layer: VectorLayer, class_field: str) -> bool:
    """Whether the class field holds whole numbers, which are the class ids, also as texts."""
    return _class_values(layer, class_field).dtype.kind in "iuf"


def read_texts(layer: VectorLayer, field: str) -> np.ndarray:
    """The values of a field as texts (n,), empty where missing; DataError for an unknown field."""
    return np.array(_texts(_field(layer, field)), dtype=object)


def count_zeros(layer: VectorLayer, class_field: str, near: np.ndarray) -> int:
    """How many of the features near (n,) have the class 0, rather than none."""
    values = _class_values(layer, class_field)
    return int((values[near] == 0).sum()) if values.dtype.kind in "iuf" else 0


def make_reference(shapes: np.ndarray, class_ids: np.ndarray, names: Mapping[int, str], zeros: int = 0) -> Reference:
    """The reference of shapes in pixel coordinates; shapes of unknown class burn 0, invalid ones are repaired.

    `zeros` is the number of shapes whose class is 0, rather than empty.
    """
    invalid = ~shapely.is_valid(shapes)
    notes = []
    if invalid.any():
        shapes = shapes.copy()
        shapes[invalid] = shapely.make_valid(shapes[invalid], method="structure", keep_collapsed=False)
        notes.append(f"{counted(int(invalid.sum()), 'invalid polygon')} repaired.")
    unknown = class_ids == 0
    if unknown.any():
        note = f"{counted(int(unknown.sum()), 'polygon')} without a class (0 or empty) treated as unknown."
        notes.append(f"{note} {_zero_means_unknown(zeros)}" if zeros else note)
    flat = int((shapely.area(shapes) == 0.0).sum())
    if flat:
        notes.append(f"{counted(flat, 'feature')} without an area, such as points or lines. Use polygons.")
    overlapping = _count_overlaps(shapes)
    if overlapping:
        notes.append(
            f"{counted(overlapping, 'pair')} of polygons overlapping by more than a tenth; the later one is used."
        )
    return Reference(shapes, class_ids, names, tuple(notes))


def no_polygon(layer: VectorLayer) -> DataError:
    """The error that the layer is empty, with what was dropped."""
    return DataError(" ".join((f"The reference {layer.name} is empty.", *layer.notes)))


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


def too_few_classes(number: int, class_field: str, zeros: int) -> DataError:
    """The error that there are too few classes for a map; `zeros` polygons have class 0."""
    hint = _zero_means_unknown(zeros) if zeros else f"Is CLASS_FIELD ({class_field}) the right one?"
    return DataError(
        f"The reference has {counted(number, 'class', 'classes')} within the area; a map needs at least two. {hint}"
    )


def _zero_means_unknown(zeros: int) -> str:
    return (
        f"{counted(zeros, 'polygon')} {'has' if zeros == 1 else 'have'} class 0, which means unknown. If 0 is a class, "
        "number the classes from 1 in another field, and set that or a field of names as CLASS_FIELD."
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


def _class_values(layer: VectorLayer, class_field: str) -> np.ndarray:
    """The values of the class field, as numbers where they are."""
    values = _field(layer, class_field)
    return values if values.dtype.kind in "iuf" else _whole_numbers(_texts(values), values)


def _integer_ids(values: np.ndarray, field: str) -> np.ndarray:
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
    wrong = (numbers != np.floor(numbers)) | (numbers < 0) | (numbers > HIGHEST_CLASS_ID)
    if wrong.any():
        raise DataError(
            f"The class field {field} holds {written(numbers[wrong][0], 10)}; class ids are whole numbers from 1 to "
            f"{HIGHEST_CLASS_ID}, 0 for unknown. {counted(int(wrong.sum()), 'feature')} "
            f"{'has' if wrong.sum() == 1 else 'have'} such a value. Choose another CLASS_FIELD, or a field of names."
        )
    return numbers.astype(np.uint16)


def _whole_numbers(texts: list[str], values: np.ndarray) -> np.ndarray:
    """Texts that are all whole numbers as float64, NaN where empty; otherwise, or beyond all ids, the values."""
    known = {text for text in texts if text}
    if not known or not all(re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.0+)?", text) for text in known):
        return values
    if max(float(text) for text in known) > HIGHEST_CLASS_ID:
        return values
    return np.array([float(text) if text else np.nan for text in texts])


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
