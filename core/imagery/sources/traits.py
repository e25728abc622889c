"""How a source wants to be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """What is to be known to fetch from a source well.

    `selects`: bands are had one by one, each at a price, so that only those needed are fetched. `waits`: reading waits
    for a network, so that many threads read at a time. `cells`: the bands that clouds are told by can be had apart, at
    the coarser resolution of their detector. `widest`: the largest side of a window in pixels, 0 where there is none.
    """

    selects: bool = False
    waits: bool = False
    cells: bool = False
    widest: int = 0
