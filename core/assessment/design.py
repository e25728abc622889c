"""Stratified random points to label: how many in each class of a map, and where (Olofsson et al. 2014, section 5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from ..errors import DataError, ParameterError
from ..learning.samples import Candidates, draw, labelled_pixels
from ..store.vectors import VectorLayer, read_vector
from ..vocabulary.plurals import counted
from .maps import ClassMap

LAYER = "validation_points"
STRATUM, STRATUM_PIXELS = "stratum", "stratum_pixels"
CLASS, NOTES, CANNOT_TELL = "class", "notes", "cannot_tell"


@dataclass(frozen=True)
class Design:
    """The number of points in all, by the wanted standard error or given, at least so many in each class."""

    standard_error: float
    number: int | None
    least: int
    expected_accuracy: float

    @property
    def total(self) -> int:
        """The number of points: Cochran's n = (Σ WᵢSᵢ / S(O))², which for one expected accuracy U is U(1 - U)/S(O)²."""
        if self.number is not None:
            return self.number
        spread = math.sqrt(self.expected_accuracy * (1.0 - self.expected_accuracy))
        return math.ceil(round((spread / self.standard_error) ** 2, 9))


def refuse_labelled(file: Path) -> None:
    """Raise DataError if a file of points has labels, which must not be lost."""
    if not file.exists():
        return
    labels = read_vector(str(file), any_shape=True).fields.get(CLASS)
    number = 0 if labels is None else int((labels != 0).sum())
    if number:
        raise DataError(
            f"{file} has {counted(number, 'labelled point')}, which would be lost. Rename the file, or delete it."
        )


def allocate(pixels: Mapping[int, int], design: Design) -> dict[int, int]:
    """Points of each class: in proportion to its pixels, but not fewer than `least`, nor more than its pixels.

    Raises ParameterError if there are not enough points for that.
    """
    if design.least * len(pixels) > design.total:
        raise ParameterError(
            f"{design.total} points are too few for {len(pixels)} classes with at least {design.least} points each: "
            f"{design.least * len(pixels)} are needed. Set NUMBER to more, or lower MINIMUM_PER_CLASS or "
            "STANDARD_ERROR."
        )
    few = {id_: min(design.least, count) for id_, count in pixels.items()}
    # Classes below the minimum get it; the rest is shared out by area among the others.
    small: set[int] = set()
    while True:
        left = design.total - sum(few[id_] for id_ in small)
        others = sum(count for id_, count in pixels.items() if id_ not in small)
        shares = {id_: left * pixels[id_] / others for id_ in pixels if id_ not in small}
        below = {id_ for id_, share in shares.items() if share < few[id_]}
        if not below:
            break
        small |= below
    # Whole numbers with the same sum: the largest remainders are rounded up.
    numbers = {id_: min(int(share), pixels[id_]) for id_, share in shares.items()}
    rest = sorted(shares, key=lambda id_: (numbers[id_] - shares[id_], id_))[: left - sum(numbers.values())]
    for id_ in rest:
        numbers[id_] = min(numbers[id_] + 1, pixels[id_])
    return {id_: few[id_] if id_ in small else numbers[id_] for id_ in sorted(pixels)}


def draw_points(classes: ClassMap, numbers: Mapping[int, int], seed: int) -> VectorLayer:
    """Pixel centres drawn at random in each class, in an order that does not tell the class; labels are empty.

    The same map and seed give the same points, whatever the blocks of the file.
    """
    parts = []
    for window, ids in classes.blocks():
        found = labelled_pixels(ids, np.zeros(ids.shape, dtype=np.uint32), window, seed)
        parts.append(draw(found, numbers))
    chosen = draw(Candidates.joined(parts), numbers)
    chosen = chosen.take(np.argsort(chosen.ranks, kind="stable"))
    grid, count = classes.grid, len(chosen.rows)
    x = grid.left + (chosen.columns + 0.5) * grid.pixel_width
    y = grid.top - (chosen.rows + 0.5) * grid.pixel_height
    fields: dict[str, np.ndarray] = {
        "id": np.arange(1, count + 1, dtype=np.int64),
        CLASS: np.zeros(count, dtype=np.int32),
        CANNOT_TELL: np.zeros(count, dtype=bool),
        NOTES: np.full(count, "", dtype=object),
        STRATUM: chosen.class_ids.astype(np.int32),
        STRATUM_PIXELS: np.array([classes.pixels[id_] for id_ in chosen.class_ids.tolist()], dtype=np.int64),
    }
    return VectorLayer(LAYER, shapely.points(x, y), fields, grid.crs)
