"""Samples kept apart for cross-validation: at random, by polygons, by spatial blocks, or by regions.

Which of them resembles the use of the model is told by distances: the pixels of the map are some way from the nearest
training sample, and the samples of a test should be as far from theirs (nearest neighbour distance matching: Milà et
al. 2022; Linnenbrink et al. 2024, whose kNNDM groups samples so that the two distributions match; the size of the
blocks is chosen here in the same way).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import wasserstein_distance
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold, StratifiedKFold

from ..grid.windows import Window

FOLDS = 5
RANDOM, POLYGONS, BLOCKS, REGIONS = "random", "polygons", "blocks", "regions"
UNTESTED = -1
_PARTS = range(2, 21)  # into how many blocks the longer side of the area may be divided
_PLACES = 1000


@dataclass(frozen=True)
class Grouping:
    """Groups of samples that are never divided between training and test.

    `groups` (n,) is the group of each sample, `folds` (n,) the fold in which it is tested, UNTESTED for classes with
    one group, which stay in training. `block_size` is the side of the blocks in pixels, 0 for other kinds.
    """

    kind: str
    groups: np.ndarray
    folds: np.ndarray
    block_size: int = 0

    @property
    def is_testable(self) -> bool:
        """Whether any sample is tested."""
        return bool((self.folds != UNTESTED).any())


def grouping(kind: str, class_ids: np.ndarray, groups: np.ndarray, seed: int, block_size: int = 0) -> Grouping:
    """The folds of samples with class ids (n,) and groups (n,), stratified by class; one fold for each region."""
    numbers = {int(id_): len(np.unique(groups[class_ids == id_])) for id_ in np.unique(class_ids)}
    testable = np.flatnonzero(~np.isin(class_ids, [id_ for id_, number in numbers.items() if number < 2]))
    folds = np.full(len(class_ids), UNTESTED, dtype=np.int64)
    if len(testable):
        own = class_ids[testable]
        number = min(FOLDS, len(np.unique(groups[testable])))
        splitter = {
            RANDOM: StratifiedKFold(number, shuffle=True, random_state=seed),
            REGIONS: LeaveOneGroupOut(),
        }.get(kind, StratifiedGroupKFold(number, shuffle=True, random_state=seed))
        kept = None if kind == RANDOM else groups[testable]
        for fold, (_, test) in enumerate(splitter.split(np.zeros((len(own), 1)), own, kept)):
            folds[testable[test]] = fold
    return Grouping(kind, groups, folds, block_size)


def spatial_blocks(rows: np.ndarray, columns: np.ndarray, polygons: np.ndarray, side: int) -> np.ndarray:
    """The block of each sample (n,): the square of `side` pixels that contains the centre of its polygon's samples.

    A block is numbered `row * 2**32 + column` of the square, counted in squares from the origin of the grid.
    """
    _, own = np.unique(polygons, return_inverse=True)
    counts = np.bincount(own)
    centre_rows = (np.bincount(own, rows) / counts)[own] // side
    centre_columns = (np.bincount(own, columns) / counts)[own] // side
    blocks: np.ndarray = centre_rows.astype(np.int64) * 2**32 + centre_columns.astype(np.int64)
    return blocks


@dataclass(frozen=True)
class Places:
    """Where samples lie: rows and columns (n,) on the grid, their polygons (n,), and the window of the area."""

    rows: np.ndarray
    columns: np.ndarray
    polygons: np.ndarray
    domain: Window

    @property
    def points(self) -> np.ndarray:
        """(n, 2): row and column of each sample."""
        return np.column_stack([self.rows, self.columns]).astype(np.float64)

    def to_map(self) -> np.ndarray:
        """(m,): distance in pixels from places spread evenly over the area to the nearest sample."""
        step = max((self.domain.height * self.domain.width / _PLACES) ** 0.5, 1.0)
        rows, columns = (
            np.arange(first + step / 2.0, first + length, step)
            for first, length in (
                (self.domain.row, self.domain.height),
                (self.domain.column, self.domain.width),
            )
        )
        everywhere = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
        distances: np.ndarray = cKDTree(self.points).query(everywhere)[0]
        return distances

    def to_training(self, folds: np.ndarray) -> np.ndarray:
        """(m,): distance in pixels from each tested sample to the nearest sample of another fold."""
        points, found = self.points, []
        for fold in np.unique(folds[folds != UNTESTED]):
            test = folds == fold
            if not test.all():
                found.append(cKDTree(points[~test]).query(points[test])[0])
        return np.concatenate(found) if found else np.empty(0)


def mismatch(places: Places, folds: np.ndarray) -> float:
    """How far the distances of a test are from those of the map, in pixels (Wasserstein distance); infinite if none."""
    tested = places.to_training(folds)
    return float(wasserstein_distance(tested, places.to_map())) if len(tested) else float("inf")


def block_grouping(class_ids: np.ndarray, places: Places, seed: int, side: int = 0) -> Grouping:
    """The grouping by blocks of `side` pixels, or, for 0, of the size whose distances are most like those of the map.

    Of two sizes that are equally good the smaller one is taken.
    """
    longest = max(places.domain.shape)
    sides: Sequence[int] = [side] if side else sorted({max(round(longest / parts), 1) for parts in _PARTS})
    found = []
    for number in sides:
        blocks = spatial_blocks(places.rows, places.columns, places.polygons, number)
        found.append(grouping(BLOCKS, class_ids, blocks, seed, number))
    return min(found, key=lambda own: mismatch(places, own.folds)) if len(found) > 1 else found[0]
