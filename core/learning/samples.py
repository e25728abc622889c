"""Samples: labelled pixels drawn at random by position and seed, with their features, class and polygon.

The drawn pixels depend only on their positions and the seed, not on patches, their order, or the number of jobs. Each
labelled pixel has a rank, a hash of its row, its column and the seed; the lowest of each class are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..grid.windows import Window


@dataclass(frozen=True)
class Candidates:
    """Labelled pixels (n,): row and column on the grid, class id, polygon number, and the hash that ranks them."""

    rows: np.ndarray
    columns: np.ndarray
    class_ids: np.ndarray
    polygons: np.ndarray
    ranks: np.ndarray

    def take(self, which: np.ndarray) -> Candidates:
        """The pixels at the given positions, or where the mask is true."""
        return Candidates(*(array[which] for array in self._arrays()))

    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.rows, self.columns, self.class_ids, self.polygons, self.ranks

    @classmethod
    def joined(cls, parts: Sequence[Candidates]) -> Candidates:
        """The parts as one, ordered by row and column."""
        joined = cls(*(np.concatenate(arrays) for arrays in zip(*(part._arrays() for part in parts), strict=True)))
        return joined.take(np.lexsort((joined.columns, joined.rows)))


def labelled_pixels(classes: np.ndarray, polygons: np.ndarray, window: Window, seed: int) -> Candidates:
    """All pixels of a window with a class: `classes` and `polygons` (y, x), 0 = unknown."""
    y, x = np.nonzero(classes)
    rows, columns = y + window.row, x + window.column
    return Candidates(
        rows.astype(np.int64),
        columns.astype(np.int64),
        classes[y, x].astype(np.int64),
        polygons[y, x].astype(np.int64),
        _hash(rows, columns, seed),
    )


def draw(candidates: Candidates, number: Mapping[int, int]) -> Candidates:
    """The lowest-ranked `number[class]` pixels of each class (all if there are fewer)."""
    chosen = []
    for class_id, wanted in sorted(number.items()):
        own = np.flatnonzero(candidates.class_ids == class_id)
        if len(own) > wanted:
            own = own[np.argsort(candidates.ranks[own], kind="stable")[:wanted]]
        chosen.append(own)
    return candidates.take(np.sort(np.concatenate(chosen)) if chosen else np.empty(0, dtype=np.int64))


def share_out(counts: Mapping[int, int], per_class: int, balance: str) -> dict[int, int]:
    """The number of samples of each class: `equal`, or `proportional` to its labelled pixels with the same total."""
    if balance == "equal":
        return dict.fromkeys(counts, per_class)
    total = sum(counts.values())
    return {id_: max(round(per_class * len(counts) * count / total), 1) for id_, count in counts.items()}


def _hash(rows: np.ndarray, columns: np.ndarray, seed: int) -> np.ndarray:
    """SplitMix64 (Steele et al. 2014) of position and seed, uint64."""
    with np.errstate(over="ignore"):
        place = (rows.astype(np.int64).view(np.uint64) << np.uint64(32)) ^ columns.astype(np.int64).view(np.uint64)
        ranks: np.ndarray = _mix(_mix(place) + _mix(np.array([seed], dtype=np.int64).view(np.uint64)))
        return ranks


def _mix(value: np.ndarray) -> np.ndarray:
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = value ^ (value >> np.uint64(31))
    return mixed
