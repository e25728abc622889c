"""Traits of a source that decide how it is read."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """Traits of a source that decide how it is read.

    `selects`: bands can be read individually, so that only those needed are read. `waits`: reading waits for a network,
    so that many threads read at the same time. `cells`: bands for cloud detection can be read separately, at the
    coarser resolution of the detector. `widest`: the maximum side of a window in pixels, 0 if there is none.
    `coarsest`: the maximum size of a pixel in metres. `epsg_codes`: the CRS in which pixels can be read, if not in any.
    """

    selects: bool = False
    waits: bool = False
    cells: bool = False
    widest: int = 0
    coarsest: float = math.inf
    epsg_codes: frozenset[int] = frozenset()
