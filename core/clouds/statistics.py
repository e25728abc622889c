"""Statistics of observations: valid observations, cloud probability and NDVI, by pixel and by date."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..vocabulary.indices import compute_index

NO_DATA = 255
_SCALE = 1_000_000


class PixelStatistics:
    """Statistics (y, x) of the pixels of one window, one acquisition after the other."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._valid = np.zeros(shape, dtype=np.uint32)
        self._known = np.zeros(shape, dtype=np.uint32)
        self._probability = np.zeros(shape, dtype=np.uint32)
        self._ndvi = np.zeros(shape, dtype=np.float64)
        self._ndvi_valid = np.zeros(shape, dtype=np.uint32)

    def add(self, probability: np.ndarray, mask: np.ndarray, ndvi: np.ndarray | None) -> None:
        """One acquisition: probability (percent) and mask as in cloud files (255 = no data), NDVI if there is one."""
        known = probability != NO_DATA
        self._known += known
        self._probability += np.where(known, probability, 0)
        self._valid += mask == 0
        if ndvi is not None:
            self._ndvi += np.where(mask == 0, ndvi, 0.0)
            self._ndvi_valid += mask == 0

    def layers(self) -> np.ndarray:
        """(3, y, x) float32: valid observations, mean cloud probability (percent), mean NDVI of valid observations.

        NaN where there is no observation, and for NDVI where there is no valid one.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            probability = self._probability / self._known
            ndvi = self._ndvi / self._ndvi_valid
        layers = np.stack([self._valid, probability, ndvi]).astype(np.float32)
        known = np.stack([self._known > 0, self._known > 0, self._ndvi_valid > 0])
        return np.where(known, layers, np.float32(np.nan))  # the NaN of 0 / 0 can be negative, which would change files


@dataclass
class DateStatistics:
    """Sums over pixels of one acquisition; those of patches added up are those of the area.

    NDVI is summed in whole millionths, so that the sum does not depend on the order of the patches.
    """

    seen: int = 0
    valid: int = 0
    ndvi_seen: int = 0
    ndvi_valid: int = 0

    def add(self, mask: np.ndarray, ndvi: np.ndarray | None) -> None:
        """One window of the acquisition."""
        seen, valid = mask != NO_DATA, mask == 0
        self.seen += int(seen.sum())
        self.valid += int(valid.sum())
        if ndvi is not None:
            millionths = np.rint(ndvi * _SCALE).astype(np.int64)
            self.ndvi_seen += int(millionths[seen].sum())
            self.ndvi_valid += int(millionths[valid].sum())

    def join(self, other: DateStatistics) -> None:
        """Add the sums of another window of the acquisition."""
        self.seen += other.seen
        self.valid += other.valid
        self.ndvi_seen += other.ndvi_seen
        self.ndvi_valid += other.ndvi_valid

    def row(self) -> tuple[float | None, float | None, float | None]:
        """Mean NDVI with clouds and without, and the valid fraction of the observed pixels; None if unknown."""
        return (
            self.ndvi_seen / self.seen / _SCALE if self.seen else None,
            self.ndvi_valid / self.valid / _SCALE if self.valid else None,
            self.valid / self.seen if self.seen else None,
        )


def ndvi_of(red: np.ndarray, near_infrared: np.ndarray) -> np.ndarray:
    """NDVI of bands as reflectance × 10000."""
    ndvi: np.ndarray = compute_index("NDVI", {"B04": red.astype(np.float64), "B08": near_infrared.astype(np.float64)})
    return ndvi
