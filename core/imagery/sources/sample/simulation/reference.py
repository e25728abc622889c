"""Reference polygons like those of a land-use layer: incomplete, slightly misplaced, a few of them wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon

from . import noise
from .landscape import MARGIN, land_cover, landscape
from .noise import Numbers
from .region import CLASSES, Region

WRONG_SHARE = 0.035
"""The share of polygons with a wrong class."""

CHOSEN_SHARE = {1: 0.32, 2: 0.30, 3: 0.36, 4: 0.48, 5: 0.50, 6: 0.50, 7: 0.60, 8: 0.45, 9: 0.65, 10: 1.0}
"""The share of tracts of each class that become polygons, larger for rare classes."""

MISTAKEN_FOR = {1: 3, 2: 4, 3: 1, 4: 2, 5: 6, 6: 3, 7: 3, 8: 1, 9: 8, 10: 9}
"""The class with which each class is confused."""

SMALLEST_M2 = 2500.0


@dataclass(frozen=True)
class ReferencePolygon:
    """An outline in the region's CRS, with the class that the layer assigns to it."""

    geometry: Polygon
    class_id: int
    class_name: str


@lru_cache(maxsize=2)
def _reference(region: Region) -> tuple[ReferencePolygon, ...]:
    layer = noise.key(region.seed, "reference")
    inner = slice(MARGIN, -MARGIN)
    land = landscape(region)
    tracts, classes = land.tract[inner, inner], land_cover(region)
    drawn = []
    for runs in _runs(tracts):
        row, column = int(runs[0, 0]), int(runs[0, 1])
        true_class = int(classes[row, column])
        # The draw depends on the position of the tract, not on its number, so that tracts are independent.
        draw = noise.unit(noise.mix(layer, row, column, np.arange(4)))
        if draw[0] >= CHOSEN_SHARE[true_class]:
            continue
        outline = _outline(region, runs, float(draw[1]), float(draw[2]))
        if outline.area >= SMALLEST_M2:
            class_id = MISTAKEN_FOR[true_class] if draw[3] < WRONG_SHARE else true_class
            drawn.append(ReferencePolygon(outline, class_id, CLASSES[class_id]))
    return tuple(drawn)


def reference(region: Region) -> list[ReferencePolygon]:
    """The reference polygons: valid, within the region, covering about a third of it, some of them wrong."""
    return list(_reference(region))


def _runs(tracts: Numbers) -> Iterator[Numbers]:
    """The runs of pixels of each tract: rows of `(row, first column, last column + 1)`."""
    starts = np.ones(tracts.shape, np.bool_)
    starts[:, 1:] = tracts[:, 1:] != tracts[:, :-1]
    rows, firsts = np.nonzero(starts)
    ends = np.append(firsts[1:], 0)
    ends[ends == 0] = tracts.shape[1]
    numbers = tracts[rows, firsts]
    order = np.argsort(numbers, kind="stable")
    table = np.stack([rows, firsts, ends], axis=1)[order]
    first = np.unique(numbers[order], return_index=True)[1]
    yield from np.split(table, first[1:])


def _outline(region: Region, runs: Numbers, off_x: float, off_y: float) -> Polygon:
    """The largest part of a tract as an interpreter would draw it: without slivers and steps, up to 5 m off."""
    size = region.resolution
    row, first, end = runs[:, 0], runs[:, 1], runs[:, 2]
    top = region.top - row * size
    boxes = shapely.box(region.left + first * size, top - size, region.left + end * size, top)
    opened = shapely.union_all(boxes).buffer(-6.0, join_style="mitre").buffer(6.0, join_style="mitre")
    pieces = opened.geoms if isinstance(opened, MultiPolygon) else [opened]
    largest = max(pieces, key=lambda piece: piece.area)
    moved = translate(largest.simplify(11.0), 10.0 * off_x - 5.0, 10.0 * off_y - 5.0)
    bounds = shapely.box(region.left, region.top - region.height * size, region.left + region.width * size, region.top)
    # Rounded to decimetres, so that the last digits of a processor's arithmetic do not show.
    drawn = shapely.set_precision(moved.intersection(bounds), 0.1)
    parts = drawn.geoms if isinstance(drawn, MultiPolygon) else [drawn]
    outline = max(parts, key=lambda part: part.area)
    return outline if isinstance(outline, Polygon) else Polygon()
